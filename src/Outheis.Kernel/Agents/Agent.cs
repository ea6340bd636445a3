namespace Outheis;

/// <summary>
/// Isolated state that takes one message at a time. Implement <see cref="IHandle{T}"/>,
/// <see cref="IHandleAsync{T}"/>, <see cref="IAnswer{TRequest,TReply}"/> or
/// <see cref="IAnswerAsync{TRequest,TReply}"/> for what it understands. Everything the agent owns is touched
/// by its core's thread alone, so it needs no locks.
/// </summary>
public abstract class Agent
{
    /// <summary>Runs on the agent's core before the first message of this incarnation. Throwing ends the
    /// incarnation.</summary>
    /// <param name="context">What the agent may do.</param>
    protected internal virtual void OnStart(Context context)
    {
    }

    /// <summary>Runs on the agent's core when this incarnation ended, before its supervisor hears of it. Best
    /// effort.</summary>
    /// <param name="reason">Why it ended.</param>
    protected internal virtual void OnStop(ExitReason reason)
    {
    }

    /// <summary>What the kernel keeps of it from one process to the next; null: nothing.</summary>
    internal virtual DurableFace? MakeDurable() => null;
}
