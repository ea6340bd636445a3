using System.Threading.Tasks.Sources;

namespace Outheis;

/// <summary>
/// Where one agent's ask waits for its reply. Recycled: a slot keeps its place in the table for ever, and
/// each use has the next generation. Touched by the asker's core alone, but for the generation, which others
/// read.
/// </summary>
internal abstract class ReplySlot(ReplyTable table, int index)
{
    public readonly ReplyTable Table = table;
    public readonly int Index = index;
    public uint Generation = 1;               // R7: raised when the ask ends. Read by A7 in ReplyTable.IsCurrent.
    public ReplySlot? NextFree;
    public AgentContext? Asker;
    public AgentCell? Callee;
    public long Deadline;
    public bool IsPending;
    public bool IsListed;                     // for the next sweep
    public bool EndsWithTurn;                 // its token is that of the asker's turn
    public bool IsRaised;                     // its callee was told that its class is higher by now
    public Qos Qos;                           // its class
    public ulong Call;                        // the first ask of the chain that it belongs to; perhaps itself
    public ReplySlot? NextOfAsker;            // of those of its asker that wait
    public ReplySlot? PreviousOfAsker;
    public Inflow? Stream;                    // what comes before the reply goes there
    public CancellationToken Token;
    public CancellationTokenRegistration Registration;
    protected AskOutcome Outcome;
    protected Exception? Cause;
    protected short Version;                  // of this use, so that a value task awaited twice is found out
    private Action<object?>? _continuation;
    private object? _continuationState;

    public abstract int TypeIndex { get; }

    public short TaskToken => Version;

    public ulong Correlate(int table) => Correlation.Of(table, Index, Generation);

    /// <summary>Ends the ask without a reply.</summary>
    public void Fail(AskOutcome outcome, Exception? cause)
    {
        (Outcome, Cause) = (outcome, cause);
        End();
    }

    protected void End()
    {
        IsPending = false;
        Volatile.Write(ref Generation, Generation + 1);      // R7
        Registration.Dispose();
        if (Stream is { } stream)
        {
            EndStream(stream);
        }
        else if (_continuation is { } continuation)
        {
            Asker!.Resume(continuation, _continuationState);
        }
    }

    protected void Reset()
    {
        (_continuation, _continuationState, Cause, Asker, Callee, Stream) = (null, null, null, null, null, null);
        (Token, Registration) = (default, default);
        Version++;
    }

    // Nobody reads the result here, so the slot is free at once.
    private void EndStream(Inflow stream)
    {
        (AskOutcome outcome, Exception? cause) = (Outcome, Cause);
        Reset();
        Table.Return(this);
        stream.End(outcome, cause);
    }

    protected void SetContinuation(Action<object?> continuation, object? state)
    {
        using KernelCall call = Asker!.Core.CallIfHere();
        if (!IsPending)
        {
            Asker!.Resume(continuation, state);      // it ended between the look and the await
            return;
        }

        (_continuation, _continuationState) = (continuation, state);
    }
}

internal sealed class ReplySlot<TReply>(ReplyTable table, int index) : ReplySlot(table, index), IValueTaskSource<TReply>
{
    private TReply _reply = default!;

    public override int TypeIndex => ReplyType<TReply>.Index;

    public void Complete(in TReply reply)
    {
        _reply = reply;
        Outcome = AskOutcome.Replied;
        End();
    }

    public ValueTaskSourceStatus GetStatus(short token)
    {
        using KernelCall call = Asker is { } one ? one.Core.CallIfHere() : default;
        return IsPending ? ValueTaskSourceStatus.Pending
            : Outcome == AskOutcome.Replied ? ValueTaskSourceStatus.Succeeded
            : Outcome == AskOutcome.Cancelled ? ValueTaskSourceStatus.Canceled
            : ValueTaskSourceStatus.Faulted;
    }

    public void OnCompleted(
        Action<object?> continuation, object? state, short token, ValueTaskSourceOnCompletedFlags flags) =>
        SetContinuation(continuation, state);

    public TReply GetResult(short token)
    {
        using KernelCall call = Asker is { } one ? one.Core.CallIfHere() : default;
        if (IsPending || token != Version)
        {
            throw new InvalidOperationException("Await an ask exactly once, and read it only when it is done.");
        }

        (TReply reply, AskOutcome outcome, Exception? cause) = (_reply, Outcome, Cause);
        (AgentCell callee, CancellationToken cancelled) = (Callee!, Token);
        _reply = default!;
        Reset();
        Table.TakeBack(this);
        return outcome switch
        {
            AskOutcome.Replied => reply,
            AskOutcome.Cancelled => throw new OperationCanceledException(cancelled),
            _ => throw new AskException(outcome, callee.Name, cause),
        };
    }
}

/// <summary>A small number per reply type, so that free slots are found without a look-up.</summary>
internal static class ReplyType<TReply>
{
    public static readonly int Index = ReplyTypes.Next();
}

internal static class ReplyTypes
{
    private static int s_last = -1;

    public static int Next() => Interlocked.Increment(ref s_last);
}
