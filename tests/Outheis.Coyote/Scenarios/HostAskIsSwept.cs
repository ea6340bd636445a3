using System.Threading.Tasks.Sources;

namespace Outheis.Coyote;

/// <summary>
/// An ask begins while the timer is about to turn itself off: fences 7 and 8 of <see cref="HostAsks"/>. Whenever an ask
/// is under way the timer is on, so that its time will come.
/// </summary>
internal sealed class HostAskIsSwept : Scenario, IDisposable
{
    private readonly StillKernel _world = new(cores: 1);
    private readonly AgentCell _callee;
    private HostAsk<int> _ask = null!;

    public HostAskIsSwept()
    {
        _callee = _world.Spawn(new Counting(), core: 0);
        HostAsk<int> before = Asks.Rent<int>(_callee, TimeSpan.FromTicks(100))!;      // turns the timer on
        short version = before.Version;
        Claim(Asks.Complete(before.Correlation, 1) && before.GetResult(version) == 1, "it is over");
    }

    private HostAsks Asks => _world.Kernel.HostAsks;

    public override void Run() => Together(
        () => _ask = Asks.Rent<int>(_callee, TimeSpan.FromTicks(100))!,
        () =>
        {
            _world.Time.Fire();
            _world.Time.Fire();
        });

    public override void Check()
    {
        Claim(_ask.IsPending, "it is under way");
        Claim(_world.Time.IsTimerOn, "an ask is under way and the timer is off");
        _world.Time.Set(1000);
        _world.Time.Fire();
        Claim(_ask.GetStatus(_ask.Version) == ValueTaskSourceStatus.Faulted, "its time is over");
    }

    public void Dispose() => _world.Dispose();
}
