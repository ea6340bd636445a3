namespace Outheis;

/// <summary>Every bound of the kernel, in one place. A queue or loop whose bound is not here has no right to
/// exist.</summary>
public static class Limits
{
    /// <summary>Default capacity of an agent's channel, in messages.</summary>
    public const int ChannelMessages = 1024;

    /// <summary>Largest capacity that <see cref="SpawnOptions.Capacity"/> accepts, in messages.</summary>
    public const int ChannelMessagesMax = 1 << 20;

    /// <summary>Largest message by value, in bytes of the struct. Longer ones are
    /// <see cref="SendResult.TooLarge"/>.</summary>
    public const int MessageBytesMax = 4096;

    /// <summary>Largest journaled form of a reference message, in bytes of its encoding.</summary>
    public const int EncodedBytesMax = 1 << 20;

    /// <summary>Unmanaged messages up to this many bytes travel inside the cell, longer ones in a pooled
    /// box.</summary>
    public const int InlineBytes = 48;

    /// <summary>Messages that one agent handles before its core turns to the next agent.</summary>
    public const int TurnMessages = 64;

    /// <summary>Default of <see cref="KernelOptions.FairShare"/>, in turns.</summary>
    public const int FairShare = 64;

    /// <summary>Default size of one journal segment, in bytes.</summary>
    public const int SegmentBytes = 64 << 20;

    /// <summary>Cores of one kernel. The journal names a lane in eight bits, a correlation its core
    /// likewise.</summary>
    public const int CoresMax = 128;

    /// <summary>Default of <see cref="KernelOptions.AttemptsMost"/>.</summary>
    public const int AttemptsMost = 3;

    /// <summary>Default of <see cref="KernelOptions.SnapshotEvery"/>.</summary>
    public const int SnapshotEvery = 1000;

    /// <summary>Default of <see cref="KernelOptions.OffloadWorkers"/>.</summary>
    public const int OffloadWorkers = 64;

    /// <summary>Default of <see cref="KernelOptions.OffloadQueue"/>.</summary>
    public const int OffloadQueue = 1024;

    /// <summary>What one agent may have offloaded and not heard of yet.</summary>
    public const int OffloadsPerAgent = 1024;

    /// <summary>Default of <see cref="KernelOptions.TurnBudget"/>.</summary>
    public static readonly TimeSpan TurnBudget = TimeSpan.FromMilliseconds(20);

    /// <summary>Timers that outlive the process, of one agent.</summary>
    public const int ArmedPerAgent = 1 << 16;

    /// <summary>Of a durable timer's key, in UTF-8.</summary>
    public const int TimerKeyBytes = 256;

    /// <summary>Turns that a reentrant agent has in flight at a time. What would be one more waits in the
    /// channel.</summary>
    public const int TurnsInFlight = 256;

    /// <summary>Items that the producer of a stream may be ahead of its consumer, unless told otherwise.</summary>
    public const int StreamWindow = 32;

    /// <summary>Largest window of a stream, in items.</summary>
    public const int StreamWindowMost = 1024;

    /// <summary>Who may wait for one <see cref="WorkGroup"/> at a time.</summary>
    public const int GroupWaiters = 4096;

    /// <summary>How long <c>AskAsync</c> waits unless told otherwise (OT-31).</summary>
    public static readonly TimeSpan AskTimeout = TimeSpan.FromSeconds(5);

    /// <summary>How long a stop drains unless told otherwise.</summary>
    public static readonly TimeSpan DrainDeadline = TimeSpan.FromSeconds(5);

    /// <summary>Units of one's own that a budget may have.</summary>
    public const int BudgetUnits = 8;

    /// <summary>The largest amount that a limit, a reservation or its settlement may name.</summary>
    public const long BudgetMost = 1L << 56;

    internal const int BudgetsMost = 1 << 16;        // of one kernel
    internal const int BudgetDepth = 8;              // from a budget up to the one that nothing caps
    internal const int ThrottledPerPass = 256;       // agents whose period has begun, between two passes
    internal static readonly TimeSpan BudgetPeriodLeast = TimeSpan.FromMilliseconds(1);
    internal static readonly TimeSpan BudgetPeriodMost = TimeSpan.FromDays(366);

    internal const int CellBytes = 128;              // two cache lines: a message, its header included
    internal const int HeaderBytes = 48;             // of a cell, before the payload
    internal const int HotPayloadBytes = 16;         // of the payload that lie in the cell's first line
    internal const int SlabCells = 1024;             // cells that a core takes from the system at a time; power of two
    internal const int RingSlots = 256;              // per ordered pair of cores (LW-20); power of two
    // free slots before a core that found the ring full goes on (LW-22)
    internal const int RingResumeSlots = 128;
    internal const int ArrivalsPerPass = 64;         // messages that one ring brings in before turns run (LW-24)
    internal const int DetainedPerLook = 32;         // messages kept back between two looks for room; power of two
    internal const int RingBurst = 16;               // messages that a draining core takes in one go; power of two
    internal const int IngressSlots = 1024;          // per core, for threads outside the kernel; power of two
    internal const int TurnsPerPass = 64;            // turns between two looks at rings and ingress
    internal const int LowTurnsPerPass = 4;          // of classes below the default, if nothing urgent is seen to come
    internal const int LowTurnMessages = 32;         // of a turn of those, while nobody of another class waits
    internal const int IdsPerPage = 1024;            // that a core takes at a time; power of two
    internal const int StartsInRow = 8;              // of agents made in turns, before somebody ready has a turn
    internal const int StartsPerShare = 16;          // of those, that count for a turn where shares are counted
    internal const int FairShareLeast = 4;           // or no turn is left for the highest band
    internal const int FairShareMost = 4096;
    internal const int PassiveSlots = 64;            // of a ring, that a sleeping core is not woken for (LW-25)
    internal const int LeaseMost = 64;               // credits that a remote sender may hold during a turn
    internal const int LeasesPerTurn = 16;           // capabilities of one turn that may hold a lease
    internal const int HomeShare = 16;               // the home core may keep a 1/16 of a channel's credits
    internal const int ConsumedBatch = 64;           // entries of one Consumed record
    internal const int RepliesPerCore = 1 << 20;     // asks under way that one core (or the host) may have
    internal const int DeadlockSteps = 256;          // asks that one look for a circle of them goes by
    internal const int DeadLettersKept = 256;        // the newest dead letters, for reading
    internal const int ClockPasses = 16;             // busy passes between two looks at the clock

    internal const int ThreadsPerCore = 32;          // that are in agents' code, and one that has the core
    internal const int OverrunsKept = 256;           // the newest turns over their budget, for reading

    internal const int TimersPerCore = 1 << 22;      // that are neither over nor cancelled
    internal const int TimersPerPass = 256;          // messages of timers between two passes

    internal const int OffloadWorkersMost = 4096;    // that one may ask for
    internal const int OffloadQueueMost = 1 << 20;
    internal const int ApplyChunks = 8;              // of one loop, for each processor
    internal const int ApplyFailuresKept = 64;       // of one loop; the others are counted
    internal const int OffloadLooks = 2;             // in a row that find too few runnable: then there is one more

    internal static readonly TimeSpan OffloadIdle = TimeSpan.FromSeconds(5);        // then an idle worker's thread ends
    // between two looks at the workers, while work waits for one
    internal static readonly TimeSpan OffloadLook = TimeSpan.FromMilliseconds(5);
    // at a piece of work counts as blocked, where the system does not tell which threads are
    internal static readonly TimeSpan OffloadStall = TimeSpan.FromMilliseconds(100);
    internal const double BalanceBusy = 0.9;         // of a period: then a core is overloaded
    internal const int BalanceCalm = 10;             // periods in a row, until a core is closed
    internal const int MovesPerShed = 256;           // agents that an overloaded core gives away at a time
    internal static readonly TimeSpan BalancePeriod = TimeSpan.FromMilliseconds(100);
    // between two looks at what the cores are at, while one is in the turn of the last look
    internal static readonly TimeSpan TurnLook = TimeSpan.FromMilliseconds(5);
    // while all are in others, at most
    internal static readonly TimeSpan TurnLookMost = TimeSpan.FromMilliseconds(10);
    // in one handler: then its core goes on without it
    internal static readonly TimeSpan TakeOverAfter = TimeSpan.FromMilliseconds(50);
    // all cores asleep for so long: nobody looks until one wakes
    internal static readonly TimeSpan WatchLinger = TimeSpan.FromMilliseconds(100);
    // without a core to take; then a spare thread of a core ends
    internal static readonly TimeSpan SpareIdle = TimeSpan.FromSeconds(5);
    internal static readonly TimeSpan TimerTick = TimeSpan.FromMilliseconds(1);     // grain of timers
    internal static readonly TimeSpan LeewayLeast = TimeSpan.FromMilliseconds(1);   // unless told otherwise (GC-19)
    internal static readonly TimeSpan LeewayMost = TimeSpan.FromMinutes(1);
    // a core with a timer on the wall clock looks whether that was set
    internal static readonly TimeSpan WallClockLook = TimeSpan.FromSeconds(1);
    internal static readonly TimeSpan IdleSpin = TimeSpan.FromMicroseconds(50);     // busy looking before yielding
    internal const int IdleYields = 8;                                              // yields before parking
    // an outside asker looks before it awaits
    internal static readonly TimeSpan HostAskSpin = TimeSpan.FromMicroseconds(5);
    internal static readonly TimeSpan SweepPeriod = TimeSpan.FromMilliseconds(10);  // grain of ask timeouts
    internal static readonly TimeSpan TickPeriod = TimeSpan.FromMilliseconds(1);    // grain of wall time in the journal
    internal static readonly TimeSpan SleepMost = TimeSpan.FromHours(1);            // of a core with far deadlines
    // a core whose journal is full looks again
    internal static readonly TimeSpan PollPeriod = TimeSpan.FromMilliseconds(1);

    // Compile-time relations: -1 does not fit a byte.
    internal const byte PayloadFitsCell = HeaderBytes + InlineBytes <= CellBytes - 32 ? 1 : -1;
    internal const byte PassiveFitsRing = PassiveSlots <= RingSlots / 4 ? 1 : -1;
    internal const byte ResumeFitsRing = RingResumeSlots < RingSlots ? 1 : -1;
    internal const byte TurnFitsChannel = TurnMessages <= ChannelMessages ? 1 : -1;
    internal const byte LowTurnFitsTurn = LowTurnMessages <= TurnMessages ? 1 : -1;
    internal const byte LeaseFitsChannel = LeaseMost <= ChannelMessages ? 1 : -1;
    internal const byte CorrelationFitsIndex = RepliesPerCore <= 1 << 24 ? 1 : -1;
}
