namespace Outheis.Coyote;

/// <summary>
/// The kernel whole: the host sends to an agent, that passes on to an agent on another core, and both cores go to sleep
/// whenever they find nothing to do. INV-01, INV-02, INV-08: everything arrives, in order, and no core sleeps beside
/// work, which would be a deadlock.
/// </summary>
internal sealed class TwoCoresLoseNothing : Scenario, IDisposable
{
    private const int Messages = 2;

    private readonly StillKernel _world = new(cores: 2);
    private readonly Counting _first = new();
    private readonly Counting _second = new();
    private readonly Capability<long> _right;

    public TwoCoresLoseNothing()
    {
        AgentCell first = _world.Spawn(_first, core: 0);
        AgentCell second = _world.Spawn(_second, core: 1);
        _first.Next = _world.Kernel.GrantTo<long>(first.Id, second.Id);
        _right = _world.Kernel.Grant<long>(first.Id);
    }

    public override void Run() => Together(
        () => _world.Drive(_world.CoreAt(0), IsOver),
        () => _world.Drive(_world.CoreAt(1), IsOver),
        () =>
        {
            for (long i = 1; i <= Messages; i++)
            {
                Claim(_right.Send(i) == SendResult.Sent, "there is room");
            }
        });

    public override void Check()
    {
        Claim(_first.Handled == Messages && _second.Handled == Messages, "INV-01: a message was lost");
        Claim(!_first.HasFailed && !_second.HasFailed, "INV-02: a message came out of order");
    }

    public void Dispose() => _world.Dispose();

    private bool IsOver() => _second.Handled == Messages;
}
