namespace Outheis;

/// <summary>Groups, suspension and assertions, as in <see cref="Context"/>.</summary>
public sealed partial class AgentContext
{
    /// <summary>Sends this agent a message once nothing of a group is under way; as <see cref="Context.Notify{T}"/>.
    /// The message waits for the end of the turn.</summary>
    /// <typeparam name="T">A message type that this agent handles.</typeparam>
    /// <param name="group">Which.</param>
    /// <param name="message">What is sent then, once.</param>
    public void Notify<T>(WorkGroup group, in T message)
    {
        using KernelCall call = OnCore(out Core core);
        if (!_isFenced)
        {
            core.Notify(Cell, group, in message);
        }
    }

    /// <summary>Suspends an agent; as <see cref="Context.SuspendChild"/>.</summary>
    /// <param name="child">An agent spawned with this one as its supervisor.</param>
    public bool SuspendChild(AgentId child)
    {
        using KernelCall call = OnCore(out Core core);
        return !_isFenced && core.Suspend(Cell, child);
    }

    /// <summary>Takes back one <see cref="SuspendChild"/>; as <see cref="Context.ResumeChild"/>.</summary>
    /// <param name="child">An agent spawned with this one as its supervisor.</param>
    public bool ResumeChild(AgentId child)
    {
        using KernelCall call = OnCore(out Core core);
        return !_isFenced && core.Resume(Cell, child);
    }

    /// <summary>Throws unless this code runs in a turn of this agent (GC-21): not inside Task.Run, nor after
    /// ConfigureAwait(false).</summary>
    /// <exception cref="InvalidOperationException">It runs elsewhere; the message says what to do.</exception>
    public void AssertOnAgent() => OnCore(out _).Dispose();

    /// <summary>Has a loop run by several threads that are no cores; as <see cref="Context.Apply{TState}"/>. The
    /// message waits for the end of the turn.</summary>
    /// <typeparam name="TState">What the body needs.</typeparam>
    /// <param name="count">How often.</param>
    /// <param name="state">Handed to the body, which shares it.</param>
    /// <param name="body">Runs outside of every agent.</param>
    /// <param name="key">Told in what comes of it.</param>
    public OffloadResult Apply<TState>(int count, TState state, Action<TState, int> body, ulong key = 0)
    {
        using KernelCall call = OnCore(out Core core);
        return _isFenced ? OffloadResult.Stopped : core.Offloads.Apply(Cell, count, state, body, key);
    }

    /// <summary>Has a loop run by several threads that are no cores (GC-15), and awaits it; as
    /// <see cref="OffloadAsync{TState, TResult}"/>, with all that says. The turn's token ends it early.</summary>
    /// <typeparam name="TState">What the body needs.</typeparam>
    /// <param name="count">How often.</param>
    /// <param name="state">Handed to the body, which shares it.</param>
    /// <param name="body">Runs outside of every agent.</param>
    /// <exception cref="AggregateException">What bodies threw; all others ran.</exception>
    public ValueTask<Applied> ApplyAsync<TState>(int count, TState state, Action<TState, int> body) =>
        OffloadAsync(
            AgentLoop<TState>.Of(Cell, count, state, body, key: 0), static (loop, token) => loop.Run(token));
}
