namespace Outheis;

/// <summary>Suspending agents.</summary>
public sealed partial class Kernel
{
    private Task<bool>? _neverDone;      // what comes of a wish that no core does any more

    /// <summary>Suspends an agent: it begins no message and no continuation until it was resumed as often (GC-20). Its
    /// channel takes messages until it is full, its timers count, asks of it run out of time.</summary>
    /// <param name="agent">Who.</param>
    /// <returns>Done when the message that it was at is over, so that no handler of it runs from then on; one that
    /// awaits stays where it is. False: it has ended for good.</returns>
    /// <remarks>It stays so through restarts: a new incarnation starts, and handles nothing. A stop of the agent ends
    /// it at once, whatever it awaits; a stop of the kernel resumes nobody and reports whom it could not
    /// drain.</remarks>
    public Task<bool> SuspendAsync(AgentId agent) => Suspension(agent, resumes: false);

    /// <summary>Takes back one <see cref="SuspendAsync"/>. After the last one the agent goes on where it was.</summary>
    /// <param name="agent">Who.</param>
    /// <returns>Done when its core has taken note. False: it has ended for good.</returns>
    /// <exception cref="InvalidOperationException">The host had not suspended it, or has taken all of it back.
    /// </exception>
    public Task<bool> ResumeAsync(AgentId agent) => Suspension(agent, resumes: true);

    private Task<bool> Suspension(AgentId agent, bool resumes)
    {
        RequireOutside();
        if (Agents.Find(agent.Value) is not { } cell)
        {
            return Task.FromResult(false);
        }

        var wish = new HostSuspension(cell, resumes);
        cell.Core.Post(wish);
        return OrFalse(wish.Done);
    }

    // What a wish came to; false when the kernel has stopped and no core will do it any more.
    private Task<bool> OrFalse(Task<bool> wish)
    {
        Task<bool> stopped = _neverDone ??= _stopped.Task.ContinueWith(
            static _ => false, CancellationToken.None, TaskContinuationOptions.ExecuteSynchronously,
            TaskScheduler.Default);
        return Task.WhenAny(wish, stopped).Unwrap();
    }
}
