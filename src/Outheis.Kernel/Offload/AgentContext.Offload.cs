namespace Outheis;

/// <summary>Work for threads that are no cores, as in <see cref="Context"/>, and to be awaited.</summary>
public sealed partial class AgentContext
{
    /// <summary>Has work done by a thread that is no core; as <see cref="Context.Offload{TState, TResult}"/>. The
    /// message waits for the end of the turn.</summary>
    /// <typeparam name="TState">What the work needs.</typeparam>
    /// <typeparam name="TResult">A message type that this agent handles.</typeparam>
    /// <param name="state">Handed to the work, which shares it.</param>
    /// <param name="work">Runs outside of every agent.</param>
    /// <param name="key">Told in <see cref="OffloadFailed.Key"/>.</param>
    public OffloadResult Offload<TState, TResult>(
        TState state, Func<TState, CancellationToken, TResult> work, ulong key = 0)
    {
        using KernelCall call = OnCore(out Core core);
        return _isFenced ? OffloadResult.Stopped : core.Offloads.Start(Cell, state, work, key);
    }

    /// <summary>Has work that may block, or computes for long, done by a thread that is no core (GC-24), and awaits it:
    /// resumes on this agent's core with what it returned, or throws what it threw.</summary>
    /// <typeparam name="TState">What the work needs.</typeparam>
    /// <typeparam name="TResult">What it returns; any type.</typeparam>
    /// <param name="state">Handed to the work, which shares it.</param>
    /// <param name="work">Runs outside of every agent, with no capability of any. Gets this turn's token: a turn that
    /// is cancelled waits until the work has heard of it and returned.</param>
    /// <returns>To be awaited once.</returns>
    /// <remarks>What it came to is not in the journal, so it cannot be told again: a durable agent awaits it inside
    /// <see cref="EffectAsync{T}"/>, which records it, or takes it as a message. Cost: allocates the piece of
    /// work.</remarks>
    /// <exception cref="OffloadException">Too much work waits, or the kernel has stopped.</exception>
    /// <exception cref="OperationCanceledException">The turn's token fired before the work began, or the kernel
    /// stopped.</exception>
    /// <exception cref="InvalidOperationException">A durable agent awaits it outside an effect; or recorded messages
    /// are handled once more.</exception>
    public ValueTask<TResult> OffloadAsync<TState, TResult>(
        TState state, Func<TState, CancellationToken, TResult> work)
    {
        ArgumentNullException.ThrowIfNull(work);
        using KernelCall call = OnCore(out Core core);
        bool isRecorded = _effectsUnderWay > 0;
        if (!isRecorded && core.Replay is { LosesAwaits: true })
        {
            return new ValueTask<TResult>(new TaskCompletionSource<TResult>().Task);      // the replay says so
        }

        if (!isRecorded && (Cell.Durable is not null || core.Replay is not null || Cell.Factory is null))
        {
            throw new InvalidOperationException(
                $"{Cell.Name} awaits offloaded work, and what that comes to is not in the journal, so the message "
                + "cannot be handled once more. Await it inside EffectAsync, which records the outcome, or use "
                + "Offload, whose result is a message.");
        }

        return _isFenced
            ? ValueTask.FromException<TResult>(
                new OperationCanceledException($"This incarnation of {Cell.Name} has ended."))
            : core.Offloads.Await(this, state, work);
    }
}
