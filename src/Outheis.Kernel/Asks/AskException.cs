namespace Outheis;

/// <summary>How an ask ended without a reply.</summary>
public enum AskOutcome : byte
{
    /// <summary>No such right, see <see cref="SendResult.Denied"/>.</summary>
    Denied = 0,

    /// <summary>A reply came. Never the outcome of an exception.</summary>
    Replied,

    /// <summary>The callee's channel has no room, or the journal has none: then there is an inner
    /// <see cref="JournalException"/>.</summary>
    Full,

    /// <summary>The capability was revoked.</summary>
    Revoked,

    /// <summary>The callee ended for good, or the kernel stopped.</summary>
    Dead,

    /// <summary>The request or the reply is longer than the kernel carries.</summary>
    TooLarge,

    /// <summary>No reply in time. The callee has been told; a reply that still comes is dropped and
    /// counted.</summary>
    TimedOut,

    /// <summary>The callee threw while it had the request. Its incarnation has ended.</summary>
    Failed,

    /// <summary>The agent asked itself and is not reentrant, or one that it shares an <see cref="Exclusion"/> with: it
    /// would have waited for its own turn to end.</summary>
    SelfAsk,

    /// <summary>The asker has more asks under way than <c>Limits</c> allows.</summary>
    TooMany,

    /// <summary>The asker's token fired; reported as <see cref="OperationCanceledException"/>.</summary>
    Cancelled,

    /// <summary>The kernel is durable and a flush has failed, see <see cref="SendResult.NotDurable"/>.</summary>
    NotDurable,

    /// <summary>The callee is in the middle of a turn that waits for the asker, by its own asks or by way of others
    /// (GC-09): both would have waited until an ask times out. The inner exception names the circle. Whoever has asked
    /// is taken to wait for each answer that has not come.</summary>
    Deadlock,
}

/// <summary>An ask ended without a reply. <see cref="Outcome"/> says why and what a retry is worth.</summary>
public sealed class AskException : Exception
{
    internal AskException(AskOutcome outcome, string callee, Exception? cause = null)
        : base(Describe(outcome, callee, cause), cause)
    {
        Outcome = outcome;
    }

    /// <summary>Why.</summary>
    public AskOutcome Outcome { get; }

    internal static AskOutcome From(SendResult refused) => refused switch
    {
        SendResult.Full => AskOutcome.Full,
        SendResult.Revoked => AskOutcome.Revoked,
        SendResult.Dead => AskOutcome.Dead,
        SendResult.TooLarge => AskOutcome.TooLarge,
        SendResult.NotDurable => AskOutcome.NotDurable,
        _ => AskOutcome.Denied,
    };

    /// <summary>How an ask ended that a record says has failed; the oldest records do not say.</summary>
    internal static AskOutcome FailureOf(JournalEntry reply) =>
        reply.Badge == 0 ? AskOutcome.Failed : (AskOutcome)reply.Badge;

    private static string Describe(AskOutcome outcome, string callee, Exception? cause) => outcome switch
    {
        AskOutcome.Full when cause is JournalException =>
            $"The request to {callee} could not be journaled. {cause.Message}",
        AskOutcome.Full => $"{callee} has no room for the request; ask later or shed load.",
        AskOutcome.Revoked => $"The capability to ask {callee} was revoked.",
        AskOutcome.Dead => $"{callee} has ended and will not answer.",
        AskOutcome.TooLarge => $"The request to {callee} or its reply is longer than {Limits.MessageBytesMax} bytes.",
        AskOutcome.TimedOut => $"{callee} did not answer in time.",
        AskOutcome.Failed => $"{callee} failed while it had the request.",
        AskOutcome.SelfAsk =>
            $"{callee} was asked by itself or by an agent that excludes it, which would wait for its own turn to end. "
            + "Call the method, or send a message and handle what comes of it.",
        AskOutcome.NotDurable =>
            $"The request to {callee} could not be made durable: a flush to the disk has failed. Check the disk and "
            + "start anew.",
        AskOutcome.Deadlock =>
            $"{callee} waits for the agent that asks it{(cause is null ? "" : $": {cause.Message}")}. Send it a "
            + "message, or let one of them be reentrant.",
        AskOutcome.TooMany => $"More than {Limits.RepliesPerCore} asks are under way on one core.",
        _ => $"No capability to ask {callee} from here.",
    };
}
