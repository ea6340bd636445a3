namespace Outheis;

/// <summary>Groups and sources.</summary>
public sealed partial class Kernel
{
    /// <summary>Makes a group: it tells who wants to know when none of the work that entered it is under way any more.
    /// Nobody has entered it yet.</summary>
    public WorkGroup OpenGroup() => new(this);

    /// <summary>Makes a source: any thread gives it values, and the agent gets one message for what they come
    /// to.</summary>
    /// <typeparam name="T">A message type that the agent handles.</typeparam>
    /// <param name="agent">Who is told.</param>
    /// <param name="how">What two values come to.</param>
    /// <param name="key">Told in <see cref="SourceCancelled.Key"/>, so that the agent knows which source it
    /// was.</param>
    /// <exception cref="ArgumentException">No such agent, it does not handle <typeparamref name="T"/>, or such values
    /// cannot be merged so.</exception>
    public CoalescingSource<T> OpenSource<T>(AgentId agent, Coalescing how, ulong key = 0)
    {
        RequireOutside();
        return new CoalescingSource<T>(Living(agent), how, key);
    }
}
