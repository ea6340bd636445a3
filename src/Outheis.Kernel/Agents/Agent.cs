namespace Outheis;

/// <summary>
/// Isolated state that takes one message at a time, unless it says otherwise (<see cref="Reentrancy"/>). Implement
/// <see cref="IHandle{T}"/>, <see cref="IHandleAsync{T}"/>, <see cref="IAnswer{TRequest,TReply}"/> or
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

    /// <summary>What it may begin while earlier turns of it await; read once per incarnation. Default:
    /// nothing.</summary>
    /// <remarks>Each turn in flight has its own <see cref="AgentContext"/>, pooled. A restart fences them all, and
    /// tells whoever waits for an answer. A stop waits for them: their tokens fire, and nothing new begins. An ask of a
    /// higher class raises the agent as a whole, with all that it waits for. A durable agent cannot be reentrant: in
    /// what order its turns went on is not in the journal, so its past could not be handled once more.</remarks>
    protected internal virtual Reentrancy Reentrancy => Reentrancy.None;

    internal AgentTurns? MakeTurns() => Reentrancy == Reentrancy.None ? null
        : MakeDurable() is null ? new AgentTurns(Reentrancy)
        : throw new InvalidOperationException(
            $"{GetType().Name} is a durable agent and wants to be reentrant. In what order its turns went on is not in "
            + "the journal, so its past could not be handled once more. Keep the state in a durable agent, and ask it "
            + "from one that is reentrant.");

    /// <summary>What the kernel keeps of it from one process to the next; null: nothing.</summary>
    internal virtual DurableFace? MakeDurable() => null;
}
