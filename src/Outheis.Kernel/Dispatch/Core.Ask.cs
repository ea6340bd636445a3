using System.Diagnostics;

namespace Outheis;

/// <summary>Asks and replies of this core's agents.</summary>
internal sealed unsafe partial class Core
{
    public ValueTask<TReply> Ask<TRequest, TReply>(
        AgentContext asker, CapabilityNode? node, in TRequest request, TimeSpan? timeout, CancellationToken token)
    {
        if (Replay is not null && Replay.TryAnswer(node, in request, out ValueTask<TReply> recorded))
        {
            return recorded;
        }

        ReplySlot<TReply>? slot = BeginAsk<TRequest, TReply>(
            asker, node, in request, timeout, stream: null, token, out Exception? refusal);
        return slot is not null ? new ValueTask<TReply>(slot, slot.TaskToken)
            : refusal is OperationCanceledException ? ValueTask.FromCanceled<TReply>(token)
            : ValueTask.FromException<TReply>(refusal!);
    }

    /// <summary>Where the reply will be, and with a stream what comes before it; null: refused.</summary>
    public ReplySlot<TReply>? BeginAsk<TRequest, TReply>(
        AgentContext asker, CapabilityNode? node, in TRequest request, TimeSpan? timeout, Inflow? stream,
        CancellationToken token, out Exception? refusal)
    {
        AgentCell self = asker.Cell;
        refusal = MayAsk(self, node, token);
        if (refusal is not null)
        {
            return null;
        }

        ReplySlot<TReply>? slot = Replies.Rent<TReply>(
            asker, node!.Target, ReplyTable.DeadlineAfter(Time, timeout ?? Limits.AskTimeout));
        if (slot is null)
        {
            refusal = Refusal(AskOutcome.TooMany, node);
            return null;
        }

        SendResult sent;
        slot.Stream = stream;
        ulong correlation = slot.Correlate(Index);
        slot.Call = Message.CallOf(Current, correlation);
        try
        {
            sent = Dispatch(node, in request, correlation);
        }
        catch
        {
            Replies.Withdraw(slot);      // a codec threw: a bug of the asker's
            throw;
        }

        if (sent != SendResult.Sent)
        {
            Replies.Withdraw(slot);
            Exception? cause = sent == SendResult.Full && LastObstacle == Obstacle.Journal ? Tap?.Lane.Refusal
                : sent == SendResult.NotDurable ? Kernel.Flusher!.Failure : null;
            refusal = Refusal(self, sent, node, cause);
            return null;
        }

        (slot.Token, slot.EndsWithTurn) = (token, asker.IsTurnToken(token));
        if (token.CanBeCanceled && !slot.EndsWithTurn)
        {
            slot.Registration = token.UnsafeRegister(WithdrawAsk.Post, new WithdrawAsk(this, correlation));
        }

        return slot;
    }

    private Exception? MayAsk(AgentCell self, CapabilityNode? node, CancellationToken token) =>
        node is null || !node.Allows(self, Rights.Ask)
            ? Refusal(self, CapabilityNode.Refusal(node, self), node)
        : (ReferenceEquals(node.Target, self) && self.Turns is null) || Excludes(self, node.Target)
            ? Refusal(AskOutcome.SelfAsk, node)
        : token.IsCancellationRequested ? new OperationCanceledException(token)
        : null;

    /// <summary>The reply of one of this core's agents, to wherever its asker waits.</summary>
    public void Reply<TReply>(AgentCell self, ulong correlation, in TReply reply)
    {
        if (Replay is { } replay)
        {
            replay.Replied(in reply);      // whoever asked had it, or has gone
            return;
        }

        Interference.At(Moment.EffectBegins);
        EndOverride(self, correlation);
        int table = Correlation.Table(correlation);
        if (Carriage<TReply>.IsTooLarge)
        {
            FailReply(self.Id.Value, correlation, AskOutcome.TooLarge, null);
            return;
        }

        Tap?.AppendReply(ReplyRoute<TReply>.Instance, self, correlation, Current, in reply);
        if (correlation == Correlation.OfEarlierRun)
        {
            CountLateReply(self.Id.Value, ReplyRoute<TReply>.Instance, Current);
            return;
        }

        if (table != Index && table != Correlation.HostTable)
        {
            SendUncredited(Kernel.Cores[table], 0, self.Id.Value, ReplyRoute<TReply>.Instance, correlation, in reply);
            return;
        }

        HostReplies += table == Correlation.HostTable ? 1 : 0;
        bool inTime = table == Index
            ? Replies.Complete(correlation, in reply)
            : Kernel.HostAsks.Complete(correlation, in reply);
        if (!inTime)
        {
            CountLateReply(self.Id.Value, ReplyRoute<TReply>.Instance, Current);
        }
    }

    /// <summary>Ends an ask without a reply, wherever its asker waits.</summary>
    public void FailReply(uint callee, ulong correlation, AskOutcome outcome, Exception? cause)
    {
        if (Kernel.Agents.Find(callee) is { } agent && Has(agent))
        {
            EndOverride(agent, correlation);
        }

        FailAsk(callee, correlation, outcome, cause);
    }

    /// <summary>The same while the callee has the request: it hears from the asker that nobody waits.</summary>
    public void FailAsk(uint callee, ulong correlation, AskOutcome outcome, Exception? cause)
    {
        Tap?.RecordFailedReply(callee, correlation, outcome);
        if (correlation == Correlation.OfEarlierRun)
        {
            return;
        }

        int table = Correlation.Table(correlation);
        if (table == Correlation.HostTable)
        {
            Kernel.HostAsks.Fail(correlation, outcome, cause);
        }
        else if (table == Index)
        {
            Replies.Fail(correlation, outcome, cause);
        }
        else
        {
            var failure = new AskFailure(outcome, cause);
            SendUncredited(Kernel.Cores[table], 0, 0, FailureRoute.Instance, correlation, in failure);
        }
    }

    public bool IsAbandoned(ulong correlation)
    {
        if (correlation == Correlation.OfEarlierRun)
        {
            return true;
        }

        int table = Correlation.Table(correlation);
        return table == Correlation.HostTable
            ? !Kernel.HostAsks.IsCurrent(correlation)
            : !Kernel.Cores[table].Replies.IsCurrent(correlation);
    }

    /// <summary>Tells the callee that nobody waits for its reply any more.</summary>
    public void TellWithdrawn(AgentCell callee, ulong correlation)
    {
        if (Has(callee))
        {
            NoteWithdrawn(callee, correlation);
        }
        else
        {
            var withdrawal = new Withdrawal(callee.Id.Value);
            SendUncredited(callee.Core, 0, 0, WithdrawalRoute.Instance, correlation, in withdrawal);
        }
    }

    /// <summary>Nobody waits any more for what one of this core's agents was asked.</summary>
    public static void NoteWithdrawn(AgentCell callee, ulong correlation)
    {
        EndOverride(callee, correlation);
        callee.Async?.CancelAnswer(correlation);
    }

    public void CountLateReply(uint sender, Route route, Message* about)
    {
        Counters.LateReplies++;
        Kernel.DeadLetters.Add(new DeadLetter(
            DeadLetterReason.LateReply, new AgentId(sender), default, route.Message.Name, about->Position));
    }

    // One that its agent is to be told again.
    private AskException Refusal(AgentCell self, SendResult refusal, CapabilityNode? node, Exception? cause = null)
    {
        NoteRefused(self, refusal, isAsk: true);
        return Refusal(AskException.From(refusal), node, cause);
    }

    private static AskException Refusal(AskOutcome outcome, CapabilityNode? node, Exception? cause = null) =>
        new(outcome, node?.Target.Name ?? "The empty capability's target", cause);

    /// <summary>The asker's token fired, on whatever thread; the ask ends on the asker's core.</summary>
    private sealed class WithdrawAsk(Core core, ulong correlation) : KernelOp
    {
        public static readonly Action<object?> Post = static state =>
        {
            var op = (WithdrawAsk)state!;
            op._core.Post(op);
        };

        private readonly Core _core = core;

        public override void Run(Core core)
        {
            Debug.Assert(ReferenceEquals(core, _core), "an ask is withdrawn on its asker's core");
            core.Replies.Withdraw(correlation);
        }
    }
}

/// <summary>A reply that crossed cores: completes its slot there.</summary>
internal sealed unsafe class ReplyRoute<TReply>() : Route(typeof(TReply))
{
    public static readonly ReplyRoute<TReply> Instance = new();

    public override int InlineBytes => Carriage<TReply>.InlineBytes;

    public override bool IsUnderstoodBy(Agent agent) => false;

    public override void Deliver(Core core, AgentCell self, Message* message, object? reference)
    {
        TReply reply = Payload.Take<TReply>(message, reference);
        if (!core.Replies.Complete(message->Correlation, in reply))
        {
            core.CountLateReply(message->Sender, this, message);
        }
    }

    public override void Discard(object? reference) => Carriage<TReply>.Release(reference!);
}

/// <summary>Why there will be no reply.</summary>
internal sealed record AskFailure(AskOutcome Outcome, Exception? Cause);

internal sealed unsafe class FailureRoute() : Route(typeof(AskFailure))
{
    public static readonly FailureRoute Instance = new();

    public override int InlineBytes => 0;

    public override bool IsUnderstoodBy(Agent agent) => false;

    public override void Deliver(Core core, AgentCell self, Message* message, object? reference)
    {
        var failure = (AskFailure)reference!;
        core.Replies.Fail(message->Correlation, failure.Outcome, failure.Cause);
    }
}

/// <summary>The asker gave up, or has the reply to an ask that was raised; names the callee.</summary>
internal readonly record struct Withdrawal(uint Callee);

internal sealed unsafe class WithdrawalRoute() : Route(typeof(Withdrawal))
{
    public static readonly WithdrawalRoute Instance = new();

    public override int InlineBytes => Carriage<Withdrawal>.InlineBytes;

    public override bool IsUnderstoodBy(Agent agent) => false;

    public override void Deliver(Core core, AgentCell self, Message* message, object? reference)
    {
        if (core.Kernel.Agents.Find(((Withdrawal*)&message->Payload)->Callee) is not { } callee)
        {
            return;
        }

        if (core.Has(callee))
        {
            Core.NoteWithdrawn(callee, message->Correlation);
        }
        else
        {
            new WithdrawnOp(callee, message->Correlation).Run(core);
        }
    }

    private sealed class WithdrawnOp(AgentCell callee, ulong correlation) : AgentOp(callee)
    {
        protected override void RunAtHome(Core core) => Core.NoteWithdrawn(Agent, correlation);
    }
}
