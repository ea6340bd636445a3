using System.Runtime.CompilerServices;

namespace Outheis;

/// <summary>
/// How threads outside the kernel reach agents: through the ingress ring of the target's core. The host is a
/// principal like any agent; its capabilities work on any outside thread and are denied inside a turn, so one
/// that was captured in a closure gives an agent nothing.
/// </summary>
internal static unsafe class HostPort
{
    public static SendResult Send<T>(CapabilityNode? node, in T message) => Send(node, in message, out _, out _);

    /// <param name="node">By what right.</param>
    /// <param name="message">What.</param>
    /// <param name="obstacle">What stood in the way, if it is Full.</param>
    /// <param name="entered">Through whose ingress it went, if it was sent.</param>
    public static SendResult Send<T>(CapabilityNode? node, in T message, out Obstacle obstacle, out Core? entered)
    {
        (obstacle, entered) = (Obstacle.Channel, null);
        if (node is null || !node.Holder.IsHost || Core.OfThisThread is not null || !node.Allows(
            node.Holder, Rights.Send))
        {
            return Refusal(node);
        }

        return Enter(node, in message, correlation: 0, out obstacle, out entered);
    }

    /// <summary>Sends, waiting for room and for the disk. Durability null: the kernel's.</summary>
    public static ValueTask<SendResult> SendAsync<T>(
        CapabilityNode? node, T message, Durability? durability, CancellationToken token)
    {
        bool isDurable = node?.Target.Kernel.MustFlush(durability) ?? false;
        if (isDurable && node!.Target.Kernel.Flusher!.Failure is not null)
        {
            return new ValueTask<SendResult>(SendResult.NotDurable);
        }

        SendResult sent = Send(node, in message, out Obstacle obstacle, out Core? entered);
        return sent == SendResult.Full ? HostSend<T>.Start(node!, message, obstacle, isDurable, token)
            : sent == SendResult.Sent && isDurable ? HostSend<T>.Flush(node!, entered!, token)
            : new ValueTask<SendResult>(sent);
    }

    public static ValueTask<TReply> AskAsync<TRequest, TReply>(
        CapabilityNode? node, in TRequest request, TimeSpan? timeout, CancellationToken token)
    {
        HostAsk<TReply>? ask = BeginAsk<TRequest, TReply>(
            node, in request, timeout ?? Limits.AskTimeout, stream: null, token,
            out (ulong Correlation, short Version) use, out Exception? refusal);
        if (ask is null)
        {
            return refusal is OperationCanceledException ? ValueTask.FromCanceled<TReply>(token)
                : ValueTask.FromException<TReply>(refusal!);
        }

        ask.CancelWith(use.Correlation, token);
        ask.SpinForReply();
        return new ValueTask<TReply>(ask, use.Version);
    }

    /// <summary>Asks. Null: refused. With a stream the place may be another ask's by the time that this
    /// returns.</summary>
    public static HostAsk<TReply>? BeginAsk<TRequest, TReply>(
        CapabilityNode? node, in TRequest request, TimeSpan timeout, Inflow? stream, CancellationToken token,
        out (ulong Correlation, short Version) use, out Exception? refusal)
    {
        (use, refusal) = (default, null);
        if (node is null || !node.Holder.IsHost || Core.OfThisThread is not null || !node.Allows(
            node.Holder, Rights.Ask))
        {
            refusal = Refused(AskException.From(Refusal(node)), node);
            return null;
        }

        if (token.IsCancellationRequested)
        {
            refusal = new OperationCanceledException(token);
            return null;
        }

        HostAsks asks = node.Target.Kernel.HostAsks;
        HostAsk<TReply>? ask = asks.Rent<TReply>(node.Target, timeout, stream);
        if (ask is null)
        {
            refusal = Refused(AskOutcome.TooMany, node);
            return null;
        }

        ulong correlation = ask.Correlation;
        use = (correlation, ask.Version);
        stream?.Begin(ask, correlation);
        SendResult sent = Enter(node, in request, correlation, out Obstacle obstacle, out Core? core);
        if (sent != SendResult.Sent)
        {
            asks.Withdraw(ask, Correlation.Generation(correlation));
            Exception? cause = obstacle == Obstacle.Journal ? core!.Tap?.Lane.Refusal
                : sent == SendResult.NotDurable ? node.Target.Kernel.Flusher!.Failure : null;
            refusal = Refused(AskException.From(sent), node, cause);
            return null;
        }

        return ask;
    }

    /// <summary>Puts one message into the ingress of the target's core. The capability was checked.</summary>
    private static SendResult Enter<T>(
        CapabilityNode node, in T message, ulong correlation, out Obstacle obstacle, out Core? entered)
    {
        AgentCell target = node.Target;
        (obstacle, entered) = (Obstacle.Channel, null);
        if (Carriage<T>.IsTooLarge)
        {
            return SendResult.TooLarge;
        }

        if (target.IsDead || target.Kernel.IsStopping)
        {
            return SendResult.Dead;      // A9
        }

        if (target.Kernel.RefusesAll)
        {
            return SendResult.NotDurable;
        }

        Core core = target.Core;
        entered = core;
        if (core.IsJournalFull)
        {
            obstacle = Obstacle.Journal;
            return SendResult.Full;
        }

        if (target.Credits.TakeShared(1) == 0)
        {
            return SendResult.Full;
        }

        Interference.At(Moment.CreditTaken);

        Message* slot = Claim(target, ref core, out long position);
        entered = core;
        if (slot == null)
        {
            GiveBack(target);
            obstacle = Obstacle.Ingress;
            return SendResult.Full;
        }

        Interference.At(Moment.Claimed);
        if (node.IsRevoked)
        {
            Withdraw(core, slot, position);
            GiveBack(target);
            return SendResult.Revoked;
        }

        // --- point of no return ---
        Fill(core.Ingress, slot, position, node, in message, correlation);
        Ingress.Publish(slot, position);
        Interference.At(Moment.Published);
        core.Wake();
        return SendResult.Sent;
    }

    // A slot of the core that the target is on, or goes to, as seen after the claim (F29): what is claimed at a core
    // that it leaves, that core would have to wait for.
    private static Message* Claim(AgentCell target, ref Core core, out long position)
    {
        while (true)
        {
            Message* slot = core.Ingress.TryClaim(out position);
            if (slot == null || ReferenceEquals(target.Core, core))
            {
                return slot;
            }

            Withdraw(core, slot, position);
            core = target.Core;
        }
    }

    private static void Withdraw(Core core, Message* slot, long position)
    {
        slot->Flags = MessageFlags.Void;
        Ingress.Publish(slot, position);
        core.Wake();      // what was published behind this slot had to wait for it
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Fill<T>(
        Ingress ingress, Message* slot, long position, CapabilityNode node, in T message, ulong correlation)
    {
        *(MessageStamp*)&slot->Route = node.Stamp;
        slot->Position = 0;
        if (Carriage<T>.IsInline)
        {
            Unsafe.WriteUnaligned(&slot->Payload, message);
        }
        else
        {
            ingress.PutReference(position, Carriage<T>.Wrap(in message));
        }

        if (correlation != 0)
        {
            (slot->Correlation, slot->Call, slot->Deadline, slot->Labels) = (correlation, 0, 0, 0);
        }
    }

    private static void GiveBack(AgentCell target)
    {
        target.Credits.GiveBack(1);
        if (target.Waiters.Any)
        {
            target.Waiters.WakeAll();
        }
    }

    private static SendResult Refusal(CapabilityNode? node) =>
        node is { IsRevoked: true } && node.Holder.IsHost && Core.OfThisThread is null
            ? SendResult.Revoked
            : SendResult.Denied;

    private static AskException Refused(AskOutcome outcome, CapabilityNode? node, Exception? cause = null) =>
        new(outcome, node?.Target.Name ?? "The empty capability's target", cause);
}
