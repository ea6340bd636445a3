namespace Outheis;

/// <summary>What one core did since the kernel started: the five meters of LW-29, and what tells its load. Counts only
/// grow.</summary>
/// <remarks>LWKT's five: count is <see cref="SentAway"/>, fifofull <see cref="RingFull"/>, avoided
/// <see cref="Avoided"/>, cscount <see cref="Fences"/>, passive <see cref="Passive"/>.</remarks>
public readonly record struct CoreInfo
{
    /// <summary>Which core.</summary>
    public int Core { get; init; }

    /// <summary>The processor it is bound to; null: none of its own, as on macOS.</summary>
    public int? Processor { get; init; }

    /// <summary>Turns run.</summary>
    public long Turns { get; init; }

    /// <summary>Messages handled.</summary>
    public long Handled { get; init; }

    /// <summary>Messages sent to agents of this core by agents of this core.</summary>
    public long SentHome { get; init; }

    /// <summary>Messages, replies and signals put into rings to other cores. One that found its ring full counts when
    /// it is put in later.</summary>
    public long SentAway { get; init; }

    /// <summary>Messages, replies and signals taken out of rings from other cores.</summary>
    public long Arrived { get; init; }

    /// <summary>Messages from outside the kernel.</summary>
    public long Entered { get; init; }

    /// <summary>Sends that found the ring to the other core full, or others waiting before it.</summary>
    public long RingFull { get; init; }

    /// <summary>Times that it had to wake another core for what it sent there.</summary>
    public long PeersWoken { get; init; }

    /// <summary>Messages of agents that ran in the class <see cref="Qos.Background"/> to a core that slept, and was
    /// left asleep for a tick, a millisecond, and a pass of this one at most (LW-25).</summary>
    public long Passive { get; init; }

    /// <summary>What was sent away without waking anybody: the other core was awake, or was woken for several at
    /// once.</summary>
    public long Avoided => Math.Max(0, SentAway - PeersWoken);

    /// <summary>Fences of all cores that it passed: one for each revocation by the host.</summary>
    public long Fences { get; init; }

    /// <summary>Times that it went to sleep.</summary>
    public long Parks { get; init; }

    /// <summary>Times that somebody had to wake it: another core, a thread outside, or the kernel.</summary>
    public long Wakes { get; init; }

    /// <summary>Replies that came after their asker had given up.</summary>
    public long LateReplies { get; init; }

    /// <summary>Times that an ask of somebody of a higher class raised an agent (GC-08).</summary>
    public long Raised { get; init; }

    /// <summary>Handlers that took longer than <see cref="KernelOptions.TurnBudget"/>; see
    /// <see cref="Kernel.ListTurnOverruns"/>.</summary>
    public long Overruns { get; init; }

    /// <summary>Of those: so long that another thread took this core over, for its other agents.</summary>
    public long TakeOvers { get; init; }

    /// <summary>Agents that moved to other cores.</summary>
    public long GivenAway { get; init; }

    /// <summary>Agents that came from other cores.</summary>
    public long Acquired { get; init; }

    /// <summary>Times that an agent's turn had come and its budget had nothing left.</summary>
    public long Throttled { get; init; }

    /// <summary>Records for which the journal had no room, its reserve included.</summary>
    public long Unjournaled { get; init; }

    /// <summary>Time without work: looking for it, letting other threads run, and asleep, up to this moment. Breaks
    /// shorter than a look, about a microsecond, count as work.</summary>
    public TimeSpan Idle { get; init; }

    /// <summary>The part of <see cref="Idle"/> in which it slept and took no processor time.</summary>
    public TimeSpan Asleep { get; init; }

    /// <summary>Time since the core was made, by the clock of <see cref="Idle"/>.</summary>
    public TimeSpan Age { get; init; }

    /// <summary>The share of the time between two listings in which the core worked, from 0 to 1.</summary>
    /// <param name="earlier">The same core, from an earlier <see cref="Kernel.ListCores"/>; default: since the core was
    /// made.</param>
    public double BusySince(CoreInfo earlier = default)
    {
        TimeSpan time = Age - earlier.Age;
        return time > TimeSpan.Zero ? Math.Clamp(1 - ((Idle - earlier.Idle) / time), 0, 1) : 0;
    }

    internal static CoreInfo Of(Core core)
    {
        ref CoreCounters counters = ref core.Counters;
        CoreThreads threads = core.Kernel.Platform.Threads;
        TimeProvider clock = threads.Clock;
        return new CoreInfo
        {
            Core = core.Index,
            Processor = threads.ProcessorOf(core),
            Turns = Volatile.Read(in counters.Turns),
            Handled = Volatile.Read(in counters.Handled),
            SentHome = Volatile.Read(in counters.SentHome),
            Arrived = Volatile.Read(in counters.Arrived),
            Entered = Volatile.Read(in counters.Entered),
            RingFull = Volatile.Read(in counters.RingFull),
            Passive = Volatile.Read(in counters.Passive),
            PeersWoken = Volatile.Read(in counters.PeersWoken),
            SentAway = core.SentAway,      // after PeersWoken, which is not to lead it
            Fences = Volatile.Read(in counters.Fences),
            Parks = Volatile.Read(in counters.Parks),
            Wakes = Volatile.Read(in core.Wakes),
            LateReplies = Volatile.Read(in counters.LateReplies),
            Raised = Volatile.Read(in counters.Raised),
            Overruns = Volatile.Read(in counters.Overruns),
            TakeOvers = Volatile.Read(in counters.TakeOvers),
            GivenAway = Volatile.Read(in counters.GivenAway),
            Acquired = Volatile.Read(in counters.Acquired),
            Throttled = Volatile.Read(in counters.Throttled),
            Unjournaled = core.Tap?.Lost ?? 0,
            Asleep = clock.GetElapsedTime(0, counters.Asleep.Read(clock)),
            Idle = clock.GetElapsedTime(0, counters.Idle.Read(clock)),      // after Asleep, which is a part of it
            Age = clock.GetElapsedTime(core.Made),
        };
    }
}
