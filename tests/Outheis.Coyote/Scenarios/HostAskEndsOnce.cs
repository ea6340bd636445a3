using System.Threading.Tasks.Sources;

namespace Outheis.Coyote;

/// <summary>
/// Two replies, the asker's token and the timer all end one ask of the host; the asker reads the result and asks again,
/// and so does another thread, one of them with the same slot: INV-07, LW-45, OT-10 over <see cref="HostAsks"/>. One of
/// the four ends the ask, the result is that one's, and the next asks hear nothing of the losers.
/// </summary>
internal sealed class HostAskEndsOnce : Scenario, IDisposable
{
    private const int Looks = 2;

    private readonly StillKernel _world = new(cores: 1);
    private readonly AgentCell _callee;
    private readonly HostAsk<int> _ask;
    private readonly ulong _correlation;
    private readonly short _version;
    private Asked? _next;
    private Asked? _other;
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
        () => _other = Ask(),
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
        Claim(!ReferenceEquals(_next!.Ask, _other!.Ask), "two asks wait in one slot");
        ClaimReply(_next, 7);
        ClaimReply(_other, 8);
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

        _next = Ask();
        return true;
    }

    private Asked Ask()
    {
        HostAsk<int> ask = Asks.Rent<int>(_callee, Timeout.InfiniteTimeSpan)!;
        return new Asked(ask, ask.Version);
    }

    private void ClaimReply(Asked next, int reply)
    {
        Claim(next.Ask.IsPending, "OT-10: the next ask ended with the one before");
        Claim(Asks.Complete(next.Ask.Correlation, reply), "its reply finds it");
        Claim(next.Ask.GetResult(next.Version) == reply, "it has its reply");
    }

    private sealed record Asked(HostAsk<int> Ask, short Version);
}
