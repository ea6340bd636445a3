namespace Outheis;

/// <summary>What an agent says to others during its asynchronous turns.</summary>
public sealed partial class AgentContext
{
    /// <summary>Sends one message; as <see cref="Context.Send{T}"/>.</summary>
    /// <typeparam name="T">The message type.</typeparam>
    /// <param name="to">A capability of this agent with <see cref="Rights.Send"/>.</param>
    /// <param name="message">Copied before return; an object goes by reference and must not change
    /// afterwards.</param>
    public SendResult Send<T>(Capability<T> to, in T message)
    {
        Interference.At(Moment.EffectBegins);
        KernelCall call = OnCore(out Core core);
        SendResult sent = _isFenced ? SendResult.Denied
            : core.Replay is { } replay ? replay.Sent(to.Node, in message)
            : core.Send(Cell, to.Node, in message);
        if (sent != SendResult.Sent)
        {
            core.NoteRefused(Cell, sent);
        }

        call.Dispose();
        Interference.At(Moment.EffectDone);
        return sent;
    }

    /// <summary>Sends one message, waiting while there is no room. Never returns
    /// <see cref="SendResult.Full"/>.</summary>
    /// <typeparam name="T">The message type.</typeparam>
    /// <param name="to">A capability of this agent with <see cref="Rights.Send"/>.</param>
    /// <param name="message">An object goes by reference and must not change afterwards.</param>
    /// <param name="cancellationToken">Stops waiting. What was sent stays sent.</param>
    /// <remarks>Order: a message counts as sent when its wait is over, so await one before the next.
    /// Completes at once and without allocating while there is room.</remarks>
    public ValueTask<SendResult> SendAsync<T>(
        Capability<T> to, T message, CancellationToken cancellationToken = default) =>
        SendAsync(to, message, Cell.Kernel.Options.Durability, cancellationToken);

    /// <summary>Sends one message, waiting while there is no room, and until it is as durable as said; with it
    /// everything that this agent did before.</summary>
    /// <typeparam name="T">The message type.</typeparam>
    /// <param name="to">A capability of this agent with <see cref="Rights.Send"/>.</param>
    /// <param name="message">An object goes by reference and must not change afterwards.</param>
    /// <param name="durability">What it is to survive.</param>
    /// <param name="cancellationToken">Stops waiting. What was sent stays sent.</param>
    /// <returns><see cref="SendResult.Sent"/>, and durable if that was asked for, or why nothing was
    /// written.</returns>
    /// <exception cref="JournalException">Accepted, but the flush failed: it is unknown what is durable.</exception>
    /// <exception cref="InvalidOperationException">Durable, and the kernel has no journal.</exception>
    public ValueTask<SendResult> SendAsync<T>(
        Capability<T> to, T message, Durability durability, CancellationToken cancellationToken = default)
    {
        using KernelCall call = OnCore(out Core core);      // what it came to, and the wait for it: one call
        if (core.Replay is { IsMute: true })
        {
            return new ValueTask<SendResult>(SendAgain(to, in message));
        }

        bool isDurable = Cell.Kernel.MustFlush(durability);
        if (isDurable && Cell.Kernel.Flusher!.Failure is not null)
        {
            return new ValueTask<SendResult>(SendResult.NotDurable);
        }

        SendResult sent = Send(to, in message);
        return sent == SendResult.Full || (sent == SendResult.Sent && isDurable)
            ? AgentSend<T>.Start(this, to.Node!, message, sent, isDurable, cancellationToken)
            : new ValueTask<SendResult>(sent);
    }

    // It waited for room then, or not: what the journal has of it is over.
    private SendResult SendAgain<T>(Capability<T> to, in T message)
    {
        SendResult sent = Send(to, in message);
        return sent == SendResult.Full ? Send(to, in message) : sent;
    }

    /// <summary>Asks and awaits the reply. No allocation in steady state.</summary>
    /// <typeparam name="TRequest">The request type.</typeparam>
    /// <typeparam name="TReply">The reply type.</typeparam>
    /// <param name="to">A capability of this agent with <see cref="Rights.Ask"/>.</param>
    /// <param name="request">An object goes by reference and must not change afterwards.</param>
    /// <param name="timeout">Default 5 s (OT-31); <see cref="Timeout.InfiniteTimeSpan"/> to wait for ever.
    /// Grain: 10 ms.</param>
    /// <param name="cancellationToken">Ends the ask; the callee sees it. Exactly one completion in any case
    /// (LW-45).</param>
    /// <exception cref="AskException">No reply: denied, full, dead, timed out, failed, self-ask.</exception>
    /// <exception cref="OperationCanceledException">The token fired.</exception>
    public ValueTask<TReply> AskAsync<TRequest, TReply>(
        AskCapability<TRequest, TReply> to, TRequest request, TimeSpan? timeout = null,
        CancellationToken cancellationToken = default)
    {
        Interference.At(Moment.EffectBegins);
        KernelCall call = OnCore(out Core core);
        ValueTask<TReply> reply = core.Ask<TRequest, TReply>(
            this, _isFenced ? null : to.Node, in request, timeout, cancellationToken);
        call.Dispose();
        Interference.At(Moment.EffectDone);
        return reply;
    }
}
