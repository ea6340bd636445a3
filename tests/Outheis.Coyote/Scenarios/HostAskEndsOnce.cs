using System.Threading.Tasks.Sources;

namespace Outheis.Coyote;

/// <summary>
/// Two replies, the asker's token and the timer all end one ask of the host, and the asker reads the result and asks
/// again with the same slot: INV-07, LW-45, OT-10 over <see cref="HostAsks"/>. One of them ends it, the result is that
/// one's, and the next ask hears nothing of the losers.
/// </summary>
internal sealed class HostAskEndsOnce : Scenario, IDisposable
{
    private const int Looks = 2;

    private readonly StillKernel _world = new(cores: 1);
    private readonly AgentCell _callee;
    private readonly HostAsk<int> _ask;
    private readonly ulong _correlation;
    private readonly short _version;
    private HostAsk<int>? _next;
    private int _replied;
    private string? _outcome;

    public HostAskEndsOnce()
    {
        _callee = _world.Spawn(new Counting(), core: 0);
        _ask = Asks.Rent<int>(_callee, TimeSpan.FromTicks(1))!;
        (_correlation, _version) = (_ask.Correlation, _ask.Version);
        _world.Time.Set(10);      // the ask is overdue
    }

    private HostAsks Asks => _world.Kernel.HostAsks;

    public override void Run() => Together(
        () =>
        {
            Reply(1);
            Reply(2);
        },
        () => Asks.Abandon(_ask, _correlation, AskOutcome.Cancelled),      // what its token's callback does
        () => _world.Time.Fire(),
        () =>
        {
            for (int looks = 0; looks < Looks && !TryRead(); looks++)
            {
            }
        });

    public override void Check()
    {
        bool isRead = _outcome is not null || TryRead();
        Claim(isRead, "the ask has ended");
        string expected = _replied > 0 ? $"reply {_replied}" : "no reply";
        Claim(_outcome == expected, $"INV-07: {expected}, but the asker saw {_outcome}");
        int told = 0;
        for (KernelOp? op = _world.CoreAt(0).Control.TakeAll(); op is not null; op = op.NextOp)
        {
            told++;
        }

        Claim(told == (_replied > 0 ? 0 : 1), $"the callee was told {told} times that nobody waits");
        Claim(ReferenceEquals(_next, _ask) && _next.IsPending, "OT-10: the next ask ended with the one before");
        short version = _next!.Version;
        Claim(Asks.Complete(_next.Correlation, 7) && _next.GetResult(version) == 7, "the next ask has its reply");
    }

    public void Dispose() => _world.Dispose();

    private void Reply(int reply)
    {
        if (Asks.Complete(_correlation, reply))
        {
            Claim(Interlocked.Exchange(ref _replied, reply) == 0, "INV-07: two replies ended one ask");
        }
    }

    private bool TryRead()
    {
        if (_ask.GetStatus(_version) == ValueTaskSourceStatus.Pending)
        {
            return false;
        }

        try
        {
            _outcome = $"reply {_ask.GetResult(_version)}";
        }
        catch (Exception end) when (end is OperationCanceledException or AskException { Outcome: AskOutcome.TimedOut })
        {
            _outcome = "no reply";
        }

        _next = Asks.Rent<int>(_callee, Timeout.InfiniteTimeSpan);
        return true;
    }
}
