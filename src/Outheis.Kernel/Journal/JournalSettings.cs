namespace Outheis;

/// <summary>How a journal is opened. Checked once, by <see cref="JournalDirectory.Open"/>.</summary>
internal sealed record JournalSettings
{
    /// <summary>Lanes of this run, one per core; 1 to 128.</summary>
    public required int Lanes { get; init; }

    /// <summary>Bytes of a new segment: 64 KiB to 1 GiB, a multiple of 4096. Existing segments keep their
    /// size.</summary>
    public required int SegmentBytes { get; init; }

    /// <summary>Segments kept per lane at least, the current one included; null keeps all. One more is held ready, and
    /// up to <see cref="JournalLimits.SparesMax"/> wait to be overwritten.</summary>
    public int? RetainSegments { get; init; }

    /// <summary>Written into the Opened records.</summary>
    public string KernelVersion { get; init; } = "";

    /// <summary>Where segments are prepared.</summary>
    public HostThreads Threads { get; init; } = SystemHostThreads.Instance;

    public void Check()
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(Lanes, 1);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(Lanes, JournalLimits.Lanes);
        ArgumentOutOfRangeException.ThrowIfLessThan(SegmentBytes, JournalLimits.SegmentBytesMin);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(SegmentBytes, JournalLimits.SegmentBytesMax);
        ArgumentOutOfRangeException.ThrowIfNotEqual(
            SegmentBytes % JournalLimits.SegmentGrain, 0, nameof(SegmentBytes));
        if (RetainSegments is { } retained)
        {
            ArgumentOutOfRangeException.ThrowIfLessThan(retained, 1, nameof(RetainSegments));
        }
    }
}
