namespace Outheis;

/// <summary>Takes messages of type <typeparamref name="T"/>, within the turn.</summary>
/// <typeparam name="T">An unmanaged struct (inline), a sealed immutable record (by reference) or any other
/// struct (pooled box).</typeparam>
public interface IHandle<T>
{
    /// <summary>Handles one message on the agent's core. Must be short and must not block.</summary>
    /// <param name="message">Valid until the method returns.</param>
    /// <param name="context">What the agent may do in this turn.</param>
    void Handle(in T message, Context context);
}

/// <summary>Takes messages of type <typeparamref name="T"/> and may await.</summary>
/// <typeparam name="T">As for <see cref="IHandle{T}"/>.</typeparam>
public interface IHandleAsync<T>
{
    /// <summary>
    /// Handles one message. Each await resumes on the agent's own core, which runs other agents meanwhile; until the
    /// returned task is done the agent takes no other message, unless it is reentrant (<see cref="Reentrancy"/>).
    /// </summary>
    /// <param name="message">A copy; free to keep.</param>
    /// <param name="context">What the agent may do; valid for this incarnation, on the agent's core.</param>
    /// <param name="cancellationToken">Fires when the agent is stopped or the kernel's drain runs out of
    /// time.</param>
    ValueTask HandleAsync(T message, AgentContext context, CancellationToken cancellationToken);
}

/// <summary>Answers requests within the turn.</summary>
/// <typeparam name="TRequest">As for <see cref="IHandle{T}"/>.</typeparam>
/// <typeparam name="TReply">Likewise.</typeparam>
public interface IAnswer<TRequest, TReply>
{
    /// <summary>Answers one request on the agent's core. Must be short and must not block.</summary>
    /// <param name="request">Valid until the method returns.</param>
    /// <param name="context">What the agent may do; says whether the asker still waits.</param>
    TReply Answer(in TRequest request, Context context);
}

/// <summary>Answers requests with a stream of items.</summary>
/// <typeparam name="TRequest">As for <see cref="IHandle{T}"/>.</typeparam>
/// <typeparam name="TItem">Likewise.</typeparam>
public interface IProduce<TRequest, TItem>
{
    /// <summary>
    /// Produces what one consumer asked for, on the agent's core; an iterator with <c>yield return</c> will do. The
    /// next item is taken from it only when the consumer lets it come. One asynchronous turn from the first item to
    /// the end: an agent that is not reentrant takes nothing else meanwhile, one that is <see
    /// cref="Reentrancy.Always"/> has several streams beside each other.
    /// </summary>
    /// <param name="request">A copy; free to keep.</param>
    /// <param name="context">What the agent may do; valid for this turn, on the agent's core.</param>
    /// <param name="cancellationToken">Fires when the consumer stops taking: it left its loop, was cancelled, timed out
    /// or ended; also when the agent is stopped. Then the enumerator is disposed; that it throws
    /// <see cref="OperationCanceledException"/> does no harm. An iterator marks it as <see
    /// cref="System.Runtime.CompilerServices.EnumeratorCancellationAttribute"/>.</param>
    /// <returns>Its end is the consumer's end. What it throws ends the incarnation, and the consumer is told.</returns>
    IAsyncEnumerable<TItem> ProduceAsync(
        TRequest request, AgentContext context, CancellationToken cancellationToken);
}

/// <summary>Answers requests and may await.</summary>
/// <typeparam name="TRequest">As for <see cref="IHandle{T}"/>.</typeparam>
/// <typeparam name="TReply">Likewise.</typeparam>
public interface IAnswerAsync<TRequest, TReply>
{
    /// <summary>Answers one request; awaits as in <see cref="IHandleAsync{T}"/>.</summary>
    /// <param name="request">A copy; free to keep.</param>
    /// <param name="context">What the agent may do; valid for this incarnation, on the agent's core.</param>
    /// <param name="cancellationToken">Also fires when the asker gives up: cancelled, timed out or
    /// ended.</param>
    ValueTask<TReply> AnswerAsync(TRequest request, AgentContext context, CancellationToken cancellationToken);
}
