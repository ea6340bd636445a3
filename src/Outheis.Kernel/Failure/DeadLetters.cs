namespace Outheis;

/// <summary>Why a message that was accepted was not handled.</summary>
public enum DeadLetterReason : byte
{
    /// <summary>The target ended for good before its turn came.</summary>
    TargetDead,

    /// <summary>The handler threw while it had this message.</summary>
    HandlerFailed,

    /// <summary>A reply came after its asker had given up.</summary>
    LateReply,

    /// <summary>A request whose asker had given up before its turn came.</summary>
    AskAbandoned,

    /// <summary>The kernel stopped before its turn came.</summary>
    KernelStopped,

    /// <summary>Nobody handles it: a signal to an agent that is not a supervisor, or one of an earlier run.</summary>
    Unhandled,

    /// <summary>It ended its agent or the process too often and is set aside, for a person to decide.</summary>
    Quarantined,

    /// <summary>What was offloaded came to something when the incarnation that had offloaded it had ended.</summary>
    IncarnationEnded,
}

/// <summary>One message that was accepted and not handled.</summary>
/// <param name="Reason">Why.</param>
/// <param name="Sender">Who sent it.</param>
/// <param name="Target">Who should have handled it.</param>
/// <param name="MessageType">What it was.</param>
/// <param name="Position">Where it is in the journal; 0 without a journal.</param>
public readonly record struct DeadLetter(
    DeadLetterReason Reason, AgentId Sender, AgentId Target, string MessageType, long Position);

/// <summary>Counts every dead letter by reason and keeps the newest ones for reading. Safe from any
/// thread.</summary>
public sealed class DeadLetters
{
    private static readonly int ReasonCount = Enum.GetValues<DeadLetterReason>().Length;

    private readonly Lock _lock = new();
    private readonly long[] _counts = new long[ReasonCount];
    private readonly DeadLetter[] _kept = new DeadLetter[Limits.DeadLettersKept];
    private long _next;

    internal DeadLetters()
    {
    }

    /// <summary>All dead letters since the kernel started.</summary>
    public long Total
    {
        get
        {
            lock (_lock)
            {
                return _next;
            }
        }
    }

    /// <summary>Dead letters of one reason since the kernel started.</summary>
    /// <param name="reason">Which reason.</param>
    public long Count(DeadLetterReason reason)
    {
        lock (_lock)
        {
            return _counts[(int)reason];
        }
    }

    /// <summary>The newest dead letters, oldest first; at most 256.</summary>
    public IReadOnlyList<DeadLetter> Newest()
    {
        lock (_lock)
        {
            int kept = (int)Math.Min(_next, _kept.Length);
            var letters = new DeadLetter[kept];
            for (int i = 0; i < kept; i++)
            {
                letters[i] = _kept[(_next - kept + i) % _kept.Length];
            }

            return letters;
        }
    }

    internal void Add(in DeadLetter letter)
    {
        lock (_lock)
        {
            _counts[(int)letter.Reason]++;
            _kept[_next++ % _kept.Length] = letter;
        }
    }
}
