namespace Outheis;

/// <summary>Timers, as in <see cref="Context"/>.</summary>
public sealed partial class AgentContext
{
    /// <summary>Sends this agent a message once a time is over; as <see cref="Context.After{T}"/>. The message waits
    /// for the end of the turn.</summary>
    /// <typeparam name="T">A message type that this agent handles.</typeparam>
    /// <param name="delay">On the kernel's monotonic clock, from now.</param>
    /// <param name="message">What is sent then.</param>
    /// <param name="leeway">How much later it may be; null: a tenth of the delay.</param>
    public AgentTimer After<T>(TimeSpan delay, in T message, TimeSpan? leeway = null)
    {
        using KernelCall call = OnCore(out Core core);
        return _isFenced ? default : core.StartTimer(Cell, delay, TimeSpan.Zero, leeway, in message);
    }

    /// <summary>Again and again; as <see cref="Context.Every{T}"/>.</summary>
    /// <typeparam name="T">A message type that this agent handles.</typeparam>
    /// <param name="period">Until the first time, and between two; a millisecond at least.</param>
    /// <param name="message">What each time is sent.</param>
    /// <param name="leeway">How much later it may be.</param>
    public AgentTimer Every<T>(TimeSpan period, in T message, TimeSpan? leeway = null)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(period, Limits.TimerTick);
        using KernelCall call = OnCore(out Core core);
        return _isFenced ? default : core.StartTimer(Cell, period, period, leeway, in message);
    }

    /// <summary>Once the wall clock shows a time; as <see cref="Context.At{T}"/>.</summary>
    /// <typeparam name="T">A message type that this agent handles.</typeparam>
    /// <param name="when">In whatever zone.</param>
    /// <param name="message">What is sent then.</param>
    public AgentTimer At<T>(DateTimeOffset when, in T message)
    {
        using KernelCall call = OnCore(out Core core);
        return _isFenced ? default : core.StartTimerAt(Cell, when, in message);
    }

    /// <summary>Ends a timer; as <see cref="Context.Cancel"/>.</summary>
    /// <param name="timer">One that is over, or none, does no harm.</param>
    public void Cancel(AgentTimer timer)
    {
        using KernelCall call = OnCore(out Core core);
        core.Timers.Cancel(Cell, OfThis(timer));
    }

    /// <summary>What falls due is counted and not sent; as <see cref="Context.Suspend"/>.</summary>
    /// <param name="timer">One of this agent's.</param>
    public void Suspend(AgentTimer timer)
    {
        using KernelCall call = OnCore(out Core core);
        core.Timers.Suspend(Cell, OfThis(timer));
    }

    /// <summary>Takes back one <see cref="Suspend"/>; as <see cref="Context.Resume"/>.</summary>
    /// <param name="timer">One of this agent's.</param>
    /// <exception cref="InvalidOperationException">It is not suspended.</exception>
    public void Resume(AgentTimer timer)
    {
        using KernelCall call = OnCore(out Core core);
        core.Timers.Resume(Cell, OfThis(timer));
    }

    /// <summary>How often its timer was due for the message being handled; 1 for any other.</summary>
    public long Fires => _message.Fires;

    // The next incarnation's are not to be touched by the code of one that ended.
    private AgentTimer OfThis(AgentTimer timer) => _isFenced ? default : timer;
}
