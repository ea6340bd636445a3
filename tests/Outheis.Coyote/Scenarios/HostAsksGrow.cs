namespace Outheis.Coyote;

/// <summary>
/// The table of the host's asks gets longer while replies come in and another core looks whether somebody waits: INV-07
/// over <see cref="HostAsks"/>, release 31. Each reply finds its ask at every moment.
/// </summary>
internal sealed class HostAsksGrow : Scenario, IDisposable
{
    private const int ShortTable = 64;

    private readonly StillKernel _world = new(cores: 1);
    private readonly AgentCell _callee;
    private readonly HostAsk<int>[] _asks;

    public HostAsksGrow()
    {
        _callee = _world.Spawn(new Counting(), core: 0);
        _asks = [.. Enumerable.Range(0, ShortTable - 1).Select(_ => Rent())];
    }

    private HostAsks Asks => _world.Kernel.HostAsks;

    public override void Run() => Together(RentAndReply, RentAndReply, () =>
    {
        Claim(Asks.IsCurrent(_asks[1].Correlation), "an ask that waits was not current");
        Claim(Asks.Complete(_asks[2].Correlation, 1), "INV-07: a reply did not find its ask");
        Claim(!Asks.IsCurrent(_asks[2].Correlation) && !Asks.Complete(_asks[2].Correlation, 2), "INV-07: it is over");
    });

    public void Dispose() => _world.Dispose();

    private void RentAndReply()
    {
        HostAsk<int> ask = Rent();
        short version = ask.Version;
        Claim(Asks.Complete(ask.Correlation, 5) && ask.GetResult(version) == 5, "INV-07: a reply did not find its ask");
    }

    private HostAsk<int> Rent() => Asks.Rent<int>(_callee, Timeout.InfiniteTimeSpan)!;
}
