namespace Outheis.Testing;

/// <summary>How a simulated kernel is to run. The defaults find much in little time.</summary>
public sealed record SimulationOptions
{
    /// <summary>Virtual cores, 1 to 128.</summary>
    public int Cores { get; init; } = 2;

    /// <summary>Messages that an agent's channel holds unless its <see cref="SpawnOptions"/> say otherwise.</summary>
    public int ChannelCapacity { get; init; } = Limits.ChannelMessages;

    /// <summary>Where the journal is; null: nothing is journaled.</summary>
    public SimulatedDisk? Disk { get; init; }

    /// <summary>Bytes of one journal segment; small, so that segments roll.</summary>
    public int SegmentBytes { get; init; } = 64 << 10;

    /// <summary>As <see cref="KernelOptions.Retention"/>.</summary>
    public JournalRetention Retention { get; init; } = JournalRetention.KeepAll;

    /// <summary>Whether the journal has an archive, in <see cref="Simulation.ArchiveDirectory"/>.</summary>
    public bool Archives { get; init; }

    /// <summary>As <see cref="KernelOptions.WhenArchiveLags"/>.</summary>
    public ArchiveLag WhenArchiveLags { get; init; }

    /// <summary>How reference messages are written into the journal.</summary>
    public MessageCodecs Codecs { get; init; } = new();

    /// <summary>As <see cref="KernelOptions.SnapshotEvery"/>.</summary>
    public int SnapshotEvery { get; init; } = Limits.SnapshotEvery;

    /// <summary>As <see cref="KernelOptions.Durability"/>.</summary>
    public Durability Durability { get; init; }

    /// <summary>As <see cref="KernelOptions.FairShare"/>.</summary>
    public int FairShare { get; init; } = Limits.FairShare;

    /// <summary>What goes wrong, and how often.</summary>
    public FaultOptions Faults { get; init; } = FaultOptions.None;

    /// <summary>At every how many-th moment within the kernel somebody else's step comes in between; 0:
    /// never.</summary>
    public int InterruptOneIn { get; init; } = 12;

    /// <summary>At every how many-th step time moves on although there is work; 0: only when there is none.</summary>
    public int TimeMovesOneIn { get; init; } = 64;

    /// <summary>Whether some cores are much slower than others, as drawn; that fills rings and channels.</summary>
    public bool UnevenCores { get; init; } = true;

    /// <summary>Steps between two looks at the invariants; 1: after every step. 0: none.</summary>
    public int CheckEvery { get; init; } = 1;

    /// <summary>A run that takes more steps than this has failed: it never comes to rest.</summary>
    public long StepsMost { get; init; } = 200_000;
}

/// <summary>What goes wrong in a simulation, and how often. 0: never. 1: every time.</summary>
public sealed record FaultOptions
{
    /// <summary>Nothing goes wrong by itself.</summary>
    public static readonly FaultOptions None = new();

    /// <summary>At every how many-th effect (send, ask, derive, reply, taking a message) of an agent that may crash it
    /// does, right before it or right after.</summary>
    public int CrashOneIn { get; init; }

    /// <summary>Which agents may crash; default: all that have a supervisor.</summary>
    public Func<AgentInfo, bool>? MayCrash { get; init; }

    /// <summary>At every how many-th message, or effect that is done, a handler takes so long that the others run
    /// meanwhile: those of other cores, and every second time those of its own, which is taken over.</summary>
    public int StickOneIn { get; init; }

    /// <summary>At every how many-th message a handler never returns: its core ends the step that it is in, does
    /// nothing after it, and a stop reports it in <see cref="StopReport.StuckCores"/>. What the handler did is done,
    /// and its agent is idle to look at: a simulation has no second stack to leave it on.</summary>
    public int HangOneIn { get; init; }

    /// <summary>At every how many-th step the wall clock jumps, up to an hour forward or back.</summary>
    public int ClockJumpOneIn { get; init; }

    /// <summary>At every how many-th moment the process is killed, or the power cut, whichever is asked
    /// for.</summary>
    public int KillOneIn { get; init; }

    /// <summary>A kill takes the power too: what was not synced may be lost.</summary>
    public bool KillCutsPower { get; init; }
}

/// <summary>The bug of an agent that a simulation made it have.</summary>
public sealed class SimulatedCrashException : Exception
{
    internal SimulatedCrashException(string agent, string where)
        : base($"The simulation made agent {agent} crash {where}.")
    {
    }
}
