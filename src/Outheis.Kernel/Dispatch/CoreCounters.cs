namespace Outheis;

/// <summary>
/// What one core did since the kernel started (LW-29). The core alone writes, but for what the watch counts, by plain
/// stores; others look at any time, one word after the other by <see cref="Volatile"/>, and see values that were true.
/// No order among them is promised.</summary>
internal struct CoreCounters
{
    public long Passes;
    public long Turns;
    public long Handled;
    public long Resumed;         // times that something of an asynchronous turn ran on
    public long SentHome;
    public long Arrived;         // from another core
    public long Entered;         // from outside the kernel
    public long RingFull;        // sends that found a ring full
    public long Passive;         // sends that left the core they went to asleep
    public long PeersWoken;      // sends, or several together, that had to wake the core they went to
    public long Fences;          // that every core passes
    public long Parks;
    public long LateReplies;
    public long Raised;          // times that somebody of a higher class made an agent's class higher
    public long Overruns;        // handlers that took longer than a turn may; the watch counts
    public long TakeOvers;       // likewise: those that this core went on without
    public long GivenAway;       // agents that went to other cores
    public long Acquired;        // agents that came from other cores
    public long Throttled;       // turns that a budget had nothing left for
    public TimeMeter Idle;       // looking for work in vain, or asleep
    public TimeMeter Asleep;

    public void FallAsleep(long now)
    {
        Parks++;
        Idle.Begin(now);
        Asleep.Begin(now);
    }

    public void Awake(long now)
    {
        Idle.End(now);
        Asleep.End(now);
    }
}

/// <summary>
/// Time that one thread adds up, in ticks of a clock, and that others read while it goes on. It is one word, so nobody
/// sees half a change: from 0 on the sum; below 0 the complement of when it would have begun had it had no break.
/// </summary>
internal struct TimeMeter
{
    private long _value;

    /// <summary>The owner, while no time is running.</summary>
    public void Add(long ticks) => Volatile.Write(ref _value, _value + ticks);

    /// <summary>The owner: time is running, from now on.</summary>
    public void Begin(long now) => Volatile.Write(ref _value, ~(now - _value));

    /// <summary>The owner: it has stopped.</summary>
    public void End(long now) => Volatile.Write(ref _value, now - ~_value);

    /// <summary>Any thread: the sum, with what is running. The clock is read after the word, or the sum could be
    /// behind an earlier one.</summary>
    public readonly long Read(TimeProvider clock)
    {
        long value = Volatile.Read(in _value);
        return value >= 0 ? value : Math.Max(0, clock.GetTimestamp() - ~value);
    }
}
