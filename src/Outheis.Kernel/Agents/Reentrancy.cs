namespace Outheis;

/// <summary>What an agent may begin while earlier turns of it await. Whatever it begins runs on its core: no two
/// stretches of its code run at the same time, but between two awaits of one turn others may have run.</summary>
public enum Reentrancy : byte
{
    /// <summary>Nothing: one turn at a time. An agent that is asked by whom it asks waits until its ask times
    /// out.</summary>
    None = 0,

    /// <summary>Requests that one of its own asks led to, and nothing else: A asks B, which asks A. Such a request
    /// overtakes what waits in the channel.</summary>
    CallChain,

    /// <summary>Whatever comes, in the order of the channel, up to 256 turns at a time. Types that the agent names as
    /// <see cref="IBarrier{T}"/> are alone.</summary>
    Always,
}

/// <summary>
/// Names a message type that an agent which is <see cref="Reentrancy.Always"/> handles alone: its turn begins when all
/// that began before are over, and no other begins until it is over (GC-02). Many readers, one writer: writers are
/// barriers. Says nothing about agents that are not.
/// </summary>
/// <typeparam name="T">A message type or request type that the agent handles.</typeparam>
/// <remarks>It keeps its place: what came behind a barrier waits for it, readers too, so a barrier is never starved. A
/// turn that asks its own agent something behind a barrier waits for itself until the ask times out (GC-26).</remarks>
public interface IBarrier<T>;
