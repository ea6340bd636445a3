namespace Outheis;

/// <summary>How a kernel is to run. The defaults suit a program that gives it the whole machine.</summary>
public sealed class KernelOptions
{
    /// <summary>Core threads, 1 to 128; default: one per processor that this process may keep busy, which is the
    /// least of: those it may run on (<see cref="Processors"/>), what its control groups allow it (a quota of 1.5 gives
    /// 2), and what the runtime counts (<c>DOTNET_PROCESSOR_COUNT</c>). Fewer leave processors to the host's own
    /// threads. Of more than there are processors, those beyond have none of their own and share.</summary>
    public int? Cores { get; init; }

    /// <summary>Processors that core threads run on, by the system's numbers: core 0 on the first, and so on; each
    /// once, and read at start. Null, the default: all that the thread which starts the kernel may run on, in the order
    /// of their numbers; on a hybrid machine the fast ones first. What the system cannot bind (macOS) is checked and
    /// runs anywhere.</summary>
    public IReadOnlyList<int>? Processors { get; init; }

    /// <summary>Whether each core thread stays on one processor. Off where the host pins threads itself; they still
    /// stay among <see cref="Processors"/> if that is set.</summary>
    public bool Pin { get; init; } = true;

    /// <summary>Whether the kernel moves agents off cores that are overloaded, or not needed.</summary>
    public CoreBalance Balance { get; init; } = CoreBalance.Spread;

    /// <summary>Where the journal is; null: nothing is journaled. One kernel per directory.</summary>
    public string? JournalDirectory { get; init; }

    /// <summary>Bytes of one journal segment, 64 KiB to 1 GiB in steps of 4 KiB; allocated ahead, two per
    /// core.</summary>
    public int SegmentBytes { get; init; } = Limits.SegmentBytes;

    /// <summary>How much of the journal is kept; default: all.</summary>
    public JournalRetention Retention { get; init; } = JournalRetention.KeepAll;

    /// <summary>Whether each full segment gets a SHA-256 that is chained to the one before, by a background thread.
    /// Null, the default: unless the journal is a ring (<see cref="JournalRetention.KeepBytes"/>) without
    /// archive.</summary>
    public bool? Seal { get; init; }

    /// <summary>Signs the seals; null: they are not signed.</summary>
    public ISealSigner? SealSigner { get; init; }

    /// <summary>Where sealed segments are copied to, before they may be given up; null: nowhere. A journal of its own
    /// for <see cref="JournalReader"/>. One journal per archive.</summary>
    public string? ArchiveDirectory { get; init; }

    /// <summary>What happens to history that the retention lets go and the archive does not have yet.</summary>
    public ArchiveLag WhenArchiveLags { get; init; } = ArchiveLag.Block;

    /// <summary>What an accepted message survives, unless its send says otherwise. <see
    /// cref="Outheis.Durability.Durable"/>: what awaits (SendAsync, the host's AskAsync) goes on when the disk has it;
    /// Send, which never waits, is durable with the next flush, and refused once one has failed.</summary>
    public Durability Durability { get; init; } = Durability.Buffered;

    /// <summary>How often a message may end a durable agent, or while it is delivered again the process, before it is
    /// quarantined; counted across processes.</summary>
    public int AttemptsMost { get; init; } = Limits.AttemptsMost;

    /// <summary>Messages that a durable agent takes between two snapshots of its state. A restart handles at most so
    /// many once more.</summary>
    public int SnapshotEvery { get; init; } = Limits.SnapshotEvery;

    /// <summary>Whether the journal has what no message says — times read, random numbers drawn, sends, asks and
    /// offloads refused, agents made — of plain agents too, and not only of durable ones, so that
    /// <see cref="JournalReplay"/> repeats them exactly. Costs a record for each.</summary>
    public bool RecordInputs { get; init; }

    /// <summary>How reference messages are written into the journal.</summary>
    public MessageCodecs Codecs { get; init; } = new();

    /// <summary>Messages that an agent's channel holds unless its <see cref="SpawnOptions"/> say
    /// otherwise.</summary>
    public int ChannelCapacity { get; init; } = Limits.ChannelMessages;

    /// <summary>Of so many turns of a core in a row one is the lowest class of service that waits, 4 to 4096; 64, a
    /// share of 1/64, unless told otherwise. Half-way between two of those the waiting classes have a turn by
    /// rotation; all others are the highest one's. So an agent that is ready waits for at most this many turns of its
    /// core for each of the agents of its class that are ready there, itself included, if its class is the lowest of
    /// those that wait, and for five times as many if it is in between. A turn has 64 messages and
    /// <see cref="TurnBudget"/> at most, and the handler that was at it then. The same share of offloaded work is
    /// the lowest class's. Of agents that agents make, one in 16 times as many starts is one that was set aside for
    /// others. Smaller: the lower
    /// classes are slowed down less by the higher ones, and the other way round.</summary>
    public int FairShare { get; init; } = Limits.FairShare;

    /// <summary>Threads that offloaded work may have at a time, 1 to 4096 (GC-24). None exists before the first use;
    /// one more begins only when work waits and fewer can run than there are processors.</summary>
    public int OffloadWorkers { get; init; } = Limits.OffloadWorkers;

    /// <summary>Offloaded pieces of work that may wait for a thread; the next one is
    /// <see cref="OffloadResult.Full"/>.</summary>
    public int OffloadQueue { get; init; } = Limits.OffloadQueue;

    /// <summary>How long disposing lets agents finish what they were sent.</summary>
    public TimeSpan DrainDeadline { get; init; } = Limits.DrainDeadline;

    /// <summary>How long a turn should take at most, on the wall clock. One that handles several messages ends then; a
    /// handler that takes longer is listed (<see cref="Kernel.ListTurnOverruns"/>), counted and told to
    /// <see cref="TurnOverran"/>, and once it has taken 50 ms, or this if it is longer, another thread runs the other
    /// agents of its core until it is done. <see cref="Timeout.InfiniteTimeSpan"/>: nobody looks. Grain: half of
    /// it, at least 5 and at most 10 ms.</summary>
    public TimeSpan TurnBudget { get; init; } = Limits.TurnBudget;

    /// <summary>Hears of each handler that takes longer than <see cref="TurnBudget"/>, while it does, on a thread of
    /// the pool. What it throws is ignored.</summary>
    public Action<TurnOverrun>? TurnOverran { get; init; }

    /// <summary>The kernel's clock: ask timeouts, drain, journal times. Not the application's.</summary>
    public TimeProvider Time { get; init; } = TimeProvider.System;

    /// <summary>Seeds what agents get from NextRandom.</summary>
    public ulong Seed { get; init; } = (ulong)Random.Shared.NextInt64();

    /// <summary>Hears of an agent that failed and has no supervisor, on the agent's core; must be short.
    /// Default: one line on standard error, so that no failure is silent.</summary>
    public Action<ExitSignal>? Unsupervised { get; init; }

    internal TimeSpan OffloadIdle { get; init; } = Limits.OffloadIdle;

    internal bool Seals => Seal ?? (Retention.Bytes is null || ArchiveDirectory is not null);

    internal void Check()
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(Cores ?? 1, 1, nameof(Cores));
        ArgumentOutOfRangeException.ThrowIfGreaterThan(Cores ?? 1, Limits.CoresMax, nameof(Cores));
        ArgumentOutOfRangeException.ThrowIfLessThan(ChannelCapacity, 1);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(ChannelCapacity, Limits.ChannelMessagesMax);
        ArgumentOutOfRangeException.ThrowIfLessThan(DrainDeadline, TimeSpan.Zero);
        ArgumentOutOfRangeException.ThrowIfLessThan(FairShare, Limits.FairShareLeast);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(FairShare, Limits.FairShareMost);
        ArgumentOutOfRangeException.ThrowIfLessThan(OffloadWorkers, 1);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(OffloadWorkers, Limits.OffloadWorkersMost);
        ArgumentOutOfRangeException.ThrowIfLessThan(OffloadQueue, 1);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(OffloadQueue, Limits.OffloadQueueMost);
        if (Durability == Durability.Durable && JournalDirectory is null)
        {
            throw new ArgumentException("Durable sends need a journal: set JournalDirectory.", nameof(Durability));
        }

        if (TurnBudget != Timeout.InfiniteTimeSpan)
        {
            ArgumentOutOfRangeException.ThrowIfLessThan(TurnBudget, Limits.TurnLook);
        }

        ArgumentOutOfRangeException.ThrowIfGreaterThan(
            (byte)Balance, (byte)CoreBalance.SpreadAndGather, nameof(Balance));
        ArgumentOutOfRangeException.ThrowIfLessThan(AttemptsMost, 1);
        ArgumentOutOfRangeException.ThrowIfLessThan(SnapshotEvery, 1);
        ArgumentNullException.ThrowIfNull(Retention);
        if (ArchiveDirectory is not null && (Seals is false || JournalDirectory is null))
        {
            throw new ArgumentException(
                "Sealed segments of a journal are archived: set JournalDirectory, and Seal may not be false.",
                nameof(ArchiveDirectory));
        }

        ArgumentNullException.ThrowIfNull(Codecs);
        Codecs.Check();
        ArgumentNullException.ThrowIfNull(Time);
    }
}
