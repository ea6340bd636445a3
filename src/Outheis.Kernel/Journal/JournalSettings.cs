namespace Outheis;

/// <summary>How a journal is opened. Checked once, by <see cref="JournalDirectory.Open"/>.</summary>
internal sealed record JournalSettings
{
    /// <summary>Lanes of this run, one per core; 1 to 128.</summary>
    public required int Lanes { get; init; }

    /// <summary>Bytes of a new segment: 64 KiB to 1 GiB, a multiple of 4096. Existing segments keep their
    /// size.</summary>
    public required int SegmentBytes { get; init; }

    /// <summary>How much of the history is kept. One segment more is held ready, and up to <see
    /// cref="JournalLimits.SparesMax"/> wait to be overwritten.</summary>
    public JournalRetention Retention { get; init; } = JournalRetention.KeepAll;

    /// <summary>Whether full segments are sealed.</summary>
    public bool Seal { get; init; }

    /// <summary>Signs the seals; null: they are not signed.</summary>
    public ISealSigner? Signer { get; init; }

    /// <summary>Where sealed segments are copied to; null: nowhere.</summary>
    public string? ArchiveDirectory { get; init; }

    /// <summary>What the archive lies on; null: what the journal does.</summary>
    public IJournalDisk? ArchiveDisk { get; init; }

    public ArchiveLag WhenArchiveLags { get; init; }

    /// <summary>Of a ring, the current one included; null: not bounded by size.</summary>
    public long? RetainedSegments => (Retention.Bytes + SegmentBytes - 1) / SegmentBytes;

    /// <summary>How many segments are given up at a time: the disk has to be waited for, once.</summary>
    public int GivenUpAtATime => Math.Clamp(JournalLimits.SpareBytes / SegmentBytes, 1, JournalLimits.SparesMax);

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
        ArgumentNullException.ThrowIfNull(Retention);
        if (ArchiveDirectory is not null && !Seal)
        {
            throw new ArgumentException("Only sealed segments are archived: Seal may not be false.", nameof(Seal));
        }

        if (Signer is { } signer && (signer.KeyId.Length > SegmentSeal.KeyIdBytes || !Seal))
        {
            throw new ArgumentException(
                Seal ? $"The id of the signing key is longer than {SegmentSeal.KeyIdBytes} bytes."
                    : "There is nothing to sign: Seal may not be false.", nameof(Signer));
        }
    }
}
