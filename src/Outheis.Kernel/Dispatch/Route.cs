using System.Runtime.CompilerServices;

namespace Outheis;

/// <summary>
/// The typed way of one kind of message to its handler. A message names its route by number, so dispatch is
/// one table look-up and one virtual call, without reflection. One instance per closed type, for the life of
/// the process.
/// </summary>
internal abstract unsafe class Route
{
    private static readonly Lock RegisterLock = new();
    private static Route[] s_all = new Route[64];
    private static int s_count = 1;      // 0 is no type, in the journal too

    protected Route(Type message)
    {
        Message = message;
        lock (RegisterLock)
        {
            Index = s_count++;
            if (Index == s_all.Length)
            {
                Route[] longer = new Route[s_all.Length * 2];
                s_all.CopyTo(longer, 0);
                Volatile.Write(ref s_all, longer);      // R6: filled before it is found. Read by A6.
            }

            s_all[Index] = this;      // whoever reads this number got it from a capability minted after this
        }
    }

    public int Index { get; }

    public Type Message { get; }

    /// <summary>Bytes of the message that lie in the cell.</summary>
    public abstract int InlineBytes { get; }

    /// <summary>The flags of messages that come this way.</summary>
    public virtual MessageFlags Flags => MessageFlags.None;

    /// <summary>Whether its handler may await.</summary>
    public virtual bool IsAsync => false;

    /// <summary>Whether its handler produces a stream.</summary>
    public virtual bool IsStream => false;

    public static Route Of(int index) => Volatile.Read(ref s_all)[index];      // A6

    /// <summary>Whether an agent has the handler that this route calls.</summary>
    public abstract bool IsUnderstoodBy(Agent agent);

    /// <summary>Whether a reentrant agent handles what comes this way alone.</summary>
    public virtual bool IsBarrierOf(Agent agent) => false;

    /// <summary>Runs the handler, on the target's core. What it throws ends the incarnation.</summary>
    public abstract void Deliver(Core core, AgentCell self, Message* message, object? reference);

    /// <summary>Gives back what travels beside a message that will not be handled.</summary>
    public virtual void Discard(object? reference)
    {
    }

    /// <summary>What travels beside one more copy of a message.</summary>
    public virtual object CopyCarried(object reference) => reference;

    /// <summary>Journals a message that came from outside, or of an armed timer, and notes its position. False: no room
    /// now.</summary>
    public virtual bool TryJournal(JournalTap tap, Message* message, object? reference, long cause = 0) => true;

    /// <summary>Journals anew that a timer is armed which will say this. The record's position; 0: it could not
    /// be.</summary>
    public virtual long TryArmAnew(
        JournalTap tap, AgentCell agent, in ArmedRecord record, Message* message, object? reference) => 0;

    /// <summary>A codec that throws is the host's bug, found on a core: the message goes on, its content is
    /// not kept.</summary>
    private SendResult PrepareEntered<T>(JournalTap tap, in T content)
    {
        try
        {
            return tap.PrepareAccepted(this, in content);
        }
        catch (Exception)
        {
            return SendResult.TooLarge;
        }
    }

    protected bool TryJournal<T>(JournalTap tap, Message* message, object? reference, long cause)
    {
        object carried = reference!;
        ref T content = ref Carriage<T>.IsInline
            ? ref Unsafe.AsRef<T>(&message->Payload)
            : ref Carriage<T>.Unwrap(ref carried);
        SendResult prepared = PrepareEntered(tap, in content);
        if (prepared == SendResult.Full)
        {
            return false;
        }

        // Too long for a record, or without one, though the sender has been told Sent: delivered, journaled
        // by header.
        message->Position = prepared == SendResult.Sent
            ? tap.AppendSent(message, cause, in content)
            : tap.AppendWithoutContent(message, cause);
        return true;
    }

    protected long TryArmAnew<T>(
        JournalTap tap, AgentCell agent, in ArmedRecord record, Message* message, object? reference)
    {
        object carried = reference!;
        ref T content = ref Carriage<T>.IsInline
            ? ref Unsafe.AsRef<T>(&message->Payload)
            : ref Carriage<T>.Unwrap(ref carried);
        try
        {
            return tap.TryAppendArmed(this, agent, cause: 0, in record, in content, out _);
        }
        catch (Exception)
        {
            return 0;      // its codec threw: the record that there is still serves
        }
    }
}

/// <summary>To <see cref="IHandle{T}"/>.</summary>
internal sealed unsafe class HandleRoute<T>() : Route(typeof(T))
{
    public static readonly HandleRoute<T> Instance = new();

    public override int InlineBytes => Carriage<T>.InlineBytes;

    public override MessageFlags Flags => Carriage<T>.Flags;

    public override bool IsUnderstoodBy(Agent agent) => agent is IHandle<T>;

    public override bool IsBarrierOf(Agent agent) => agent is IBarrier<T>;

    public override void Deliver(Core core, AgentCell self, Message* message, object? reference)
    {
        var handler = Unsafe.As<IHandle<T>>(self.Instance!);
        if (Carriage<T>.IsInline)
        {
            core.EnterAgent();
            handler.Handle(in Unsafe.AsRef<T>(&message->Payload), new Context(core, self));
            core.LeaveAgent();
        }
        else
        {
            object carried = reference!;
            core.EnterAgent();
            handler.Handle(in Carriage<T>.Unwrap(ref carried), new Context(core, self));
            core.LeaveAgent();
            Carriage<T>.Release(carried);
        }
    }

    public override bool TryJournal(JournalTap tap, Message* message, object? reference, long cause = 0) =>
        TryJournal<T>(tap, message, reference, cause);

    public override long TryArmAnew(
        JournalTap tap, AgentCell agent, in ArmedRecord record, Message* message, object? reference) =>
        TryArmAnew<T>(tap, agent, in record, message, reference);

    public override void Discard(object? reference) => Carriage<T>.Release(reference!);

    public override object CopyCarried(object reference) => Carriage<T>.Copy(reference);
}

/// <summary>To <see cref="IHandleAsync{T}"/>.</summary>
internal sealed unsafe class HandleAsyncRoute<T>() : Route(typeof(T))
{
    public static readonly HandleAsyncRoute<T> Instance = new();

    public override int InlineBytes => Carriage<T>.InlineBytes;

    public override bool IsAsync => true;

    public override MessageFlags Flags => Carriage<T>.Flags;

    public override bool IsUnderstoodBy(Agent agent) => agent is IHandleAsync<T>;

    public override bool IsBarrierOf(Agent agent) => agent is IBarrier<T>;

    public override void Deliver(Core core, AgentCell self, Message* message, object? reference)
    {
        T copy = Payload.Take<T>(message, reference);
        AgentContext context = self.BeginAsyncTurn(message);
        var handler = Unsafe.As<IHandleAsync<T>>(self.Instance!);
        CancellationToken token = context.TurnToken;
        core.EnterAgent();
        ValueTask turn = handler.HandleAsync(copy, context, token);
        core.LeaveAgent();
        context.Await(turn);
    }

    public override bool TryJournal(JournalTap tap, Message* message, object? reference, long cause = 0) =>
        TryJournal<T>(tap, message, reference, cause);

    public override long TryArmAnew(
        JournalTap tap, AgentCell agent, in ArmedRecord record, Message* message, object? reference) =>
        TryArmAnew<T>(tap, agent, in record, message, reference);

    public override void Discard(object? reference) => Carriage<T>.Release(reference!);

    public override object CopyCarried(object reference) => Carriage<T>.Copy(reference);
}

/// <summary>To <see cref="IAnswer{TRequest,TReply}"/>.</summary>
internal sealed unsafe class AnswerRoute<TRequest, TReply>() : Route(typeof(TRequest))
{
    public static readonly AnswerRoute<TRequest, TReply> Instance = new();

    public override int InlineBytes => Carriage<TRequest>.InlineBytes;

    public override MessageFlags Flags => Carriage<TRequest>.Flags | MessageFlags.Extended;

    public override bool IsUnderstoodBy(Agent agent) => agent is IAnswer<TRequest, TReply>;

    public override bool IsBarrierOf(Agent agent) => agent is IBarrier<TRequest>;

    public override void Deliver(Core core, AgentCell self, Message* message, object? reference)
    {
        var handler = Unsafe.As<IAnswer<TRequest, TReply>>(self.Instance!);
        TReply reply;
        if (Carriage<TRequest>.IsInline)
        {
            core.EnterAgent();
            reply = handler.Answer(in Unsafe.AsRef<TRequest>(&message->Payload), new Context(core, self));
            core.LeaveAgent();
        }
        else
        {
            object carried = reference!;
            core.EnterAgent();
            reply = handler.Answer(in Carriage<TRequest>.Unwrap(ref carried), new Context(core, self));
            core.LeaveAgent();
            Carriage<TRequest>.Release(carried);
        }

        core.Reply(self, message->Correlation, in reply);
    }

    public override bool TryJournal(JournalTap tap, Message* message, object? reference, long cause = 0) =>
        TryJournal<TRequest>(tap, message, reference, cause);

    public override void Discard(object? reference) => Carriage<TRequest>.Release(reference!);
}

/// <summary>To <see cref="IAnswerAsync{TRequest,TReply}"/>.</summary>
internal sealed unsafe class AnswerAsyncRoute<TRequest, TReply>() : Route(typeof(TRequest))
{
    public static readonly AnswerAsyncRoute<TRequest, TReply> Instance = new();

    public override int InlineBytes => Carriage<TRequest>.InlineBytes;

    public override bool IsAsync => true;

    public override MessageFlags Flags => Carriage<TRequest>.Flags | MessageFlags.Extended;

    public override bool IsUnderstoodBy(Agent agent) => agent is IAnswerAsync<TRequest, TReply>;

    public override bool IsBarrierOf(Agent agent) => agent is IBarrier<TRequest>;

    public override void Deliver(Core core, AgentCell self, Message* message, object? reference)
    {
        TRequest copy = Payload.Take<TRequest>(message, reference);
        AgentContext context = self.BeginAsyncTurn(message);
        var handler = Unsafe.As<IAnswerAsync<TRequest, TReply>>(self.Instance!);
        CancellationToken token = context.TurnToken;
        core.EnterAgent();
        ValueTask<TReply> turn = handler.AnswerAsync(copy, context, token);
        core.LeaveAgent();
        context.AwaitReply(turn);
    }

    public override bool TryJournal(JournalTap tap, Message* message, object? reference, long cause = 0) =>
        TryJournal<TRequest>(tap, message, reference, cause);

    public override void Discard(object? reference) => Carriage<TRequest>.Release(reference!);
}

internal static unsafe class Payload
{
    /// <summary>A copy of the message; what carried it is given back.</summary>
    public static T Take<T>(Message* message, object? reference)
    {
        if (Carriage<T>.IsInline)
        {
            return Unsafe.ReadUnaligned<T>(&message->Payload);
        }

        object carried = reference!;
        T copy = Carriage<T>.Unwrap(ref carried);
        Carriage<T>.Release(carried);
        return copy;
    }
}
