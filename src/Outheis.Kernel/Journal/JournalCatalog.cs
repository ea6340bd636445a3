namespace Outheis;

/// <summary>What a journal consists of, without reading its records.</summary>
public static class JournalCatalog
{
    /// <summary>Every segment file, by lane and number.</summary>
    /// <param name="directory">The directory that the kernel was given.</param>
    /// <param name="complete">Also where no index tells it: reads such segments once.</param>
    /// <param name="progress">Called before each segment with bytes done and bytes in all; null: nobody looks.</param>
    /// <param name="cancellationToken">Ends it between two segments.</param>
    /// <exception cref="JournalException">There is no journal.</exception>
    /// <exception cref="OperationCanceledException">The token fired.</exception>
    public static IReadOnlyList<JournalSegmentInfo> List(
        string directory, bool complete = false, Action<long, long>? progress = null,
        CancellationToken cancellationToken = default)
    {
        ArgumentException.ThrowIfNullOrEmpty(directory);
        return List(
            Path.GetFullPath(directory), SystemJournalDisk.Instance, complete, progress, cancellationToken);
    }

    internal static IReadOnlyList<JournalSegmentInfo> List(
        string directory, IJournalDisk disk, bool complete, Action<long, long>? progress = null,
        CancellationToken cancellationToken = default)
    {
        List<JournalSegmentInfo> described = [];
        List<SegmentAddress> found = Find(directory, disk, out _);
        long done = 0, all = found.Sum(static segment => segment.FileBytes);
        foreach (var lane in found.GroupBy(static segment => segment.Lane))
        {
            using var indexes = new LaneIndexes(new LaneFiles(disk, lane.Key, lane.First().Directory));
            indexes.Refresh();
            foreach (SegmentAddress segment in lane)
            {
                cancellationToken.ThrowIfCancellationRequested();
                progress?.Invoke(done, all);
                described.Add(Describe(segment, indexes, complete));
                done += segment.FileBytes;
            }
        }

        return described;
    }

    /// <summary>Every file with the name of a segment, by lane and number, and what recoveries set aside.</summary>
    internal static List<SegmentAddress> Find(string directory, IJournalDisk disk, out List<string> setAside)
    {
        List<SegmentAddress> found = [];
        setAside = [];
        foreach (string name in JournalReader.NamesIn(directory, disk).Order(StringComparer.Ordinal))
        {
            if (JournalSegment.TryParseLane(name, out int lane))
            {
                string path = Path.Combine(directory, name);
                IReadOnlyList<string> names = disk.List(path) ?? [];
                setAside.AddRange(names.Where(static file => file.EndsWith(".torn", StringComparison.Ordinal))
                    .Order(StringComparer.Ordinal).Select(file => Path.Combine(name, file)));
                AddLane(found, disk, path, name, lane, names);
            }
        }

        found.Sort(static (left, right) => (left.Lane, left.Sequence).CompareTo((right.Lane, right.Sequence)));
        return found;
    }

    private static void AddLane(
        List<SegmentAddress> found, IJournalDisk disk, string path, string name, int lane, IEnumerable<string> names)
    {
        long end = 0;
        foreach (long sequence in JournalSegment.Sequences(names))
        {
            try
            {
                using ISegmentFile file = disk.OpenRead(Path.Combine(path, JournalSegment.NameOf(sequence)));
                SegmentHeader header = SegmentReader.ReadHeader(file);
                if (header.IsNewer)
                {
                    throw new JournalException(
                        $"{path} cannot be opened: {header.Fault(lane, sequence, file.Bytes)}.");
                }

                bool isGood = header.Fault(lane, sequence, file.Bytes) is null;
                long first = isGood ? header.FirstPosition : end != 0 ? end : (long)lane << RecordHeader.LaneShift;
                string shown = Path.Combine(name, JournalSegment.NameOf(sequence));
                bool isSealed = isGood && SegmentSeal.TryRead(file, sequence, out _);
                found.Add(new SegmentAddress(lane, sequence, path, shown, file.Bytes, first, isSealed));
                end = first + file.Bytes;
            }
            catch (FileNotFoundException)
            {
                // given up between listing and opening
            }
        }
    }

    private static JournalSegmentInfo Describe(SegmentAddress segment, LaneIndexes indexes, bool complete)
    {
        int at = indexes.Segments.ToList().FindIndex(header => header.Sequence == segment.Sequence);
        if (at < 0)
        {
            return new JournalSegmentInfo(segment.Lane, segment.Sequence, segment.File, segment.FileBytes);
        }

        SegmentHeader header = indexes.Segments[at];
        bool isNewest = at + 1 >= indexes.Segments.Count - 1;      // one more may be prepared
        SegmentIndex? index = complete || isNewest ? indexes.IndexOf(at) : indexes.SavedIndexOf(at);
        var told = new JournalSegmentInfo(segment.Lane, segment.Sequence, segment.File, segment.FileBytes)
        {
            IsReadable = true,
            IsSealed = segment.IsSealed,
            FirstPosition = header.FirstPosition,
            Prepared = Time(header.UtcTicks),
            FirstRun = header.Run,
            LastRun = isNewest ? header.Run : indexes.Segments[at + 1].Run,
        };
        return index is null ? told : told with
        {
            Records = index.Header.Records,
            UsedBytes = index.Header.End,
            LastRun = index.Header.Run,
            FirstTime = TimeAt(indexes, at, index.Header.FirstTime),
            LastTime = TimeAt(indexes, at, index.Header.LastTime),
        };
    }

    private static DateTimeOffset? TimeAt(LaneIndexes indexes, int at, int offset) =>
        offset > 0 && indexes.TimeAt(at, offset) is { } ticks ? Time(ticks) : null;

    private static DateTimeOffset? Time(long ticks) =>
        ticks is > 0 && ticks <= DateTime.MaxValue.Ticks ? new(ticks, TimeSpan.Zero) : null;
}

/// <summary>One segment file.</summary>
/// <param name="Lane">The core whose history it is part of.</param>
/// <param name="Sequence">Its number in the lane.</param>
/// <param name="File">Its name, with its lane's directory.</param>
/// <param name="Bytes">Its length.</param>
public sealed record JournalSegmentInfo(int Lane, long Sequence, string File, long Bytes)
{
    /// <summary>Its header is what it should be. If not, nothing else is known.</summary>
    public bool IsReadable { get; init; }

    /// <summary>It has a seal. Whether that is a good one, <see cref="SealVerifier"/> tells.</summary>
    public bool IsSealed { get; init; }

    /// <summary>The position of its first byte.</summary>
    public long FirstPosition { get; init; }

    /// <summary>When it was prepared: no record in it is older.</summary>
    public DateTimeOffset? Prepared { get; init; }

    /// <summary>The run that prepared it.</summary>
    public long FirstRun { get; init; }

    /// <summary>The last run with records in it, as far as known.</summary>
    public long LastRun { get; init; }

    /// <summary>How many records are in it; null when that would take a scan.</summary>
    public long? Records { get; init; }

    /// <summary>Its front and its records; null when that would take a scan.</summary>
    public long? UsedBytes { get; init; }

    /// <summary>The first time that a record names; null when there is none or that would take a scan.</summary>
    public DateTimeOffset? FirstTime { get; init; }

    /// <summary>The last time that a record names; null when there is none or that would take a scan.</summary>
    public DateTimeOffset? LastTime { get; init; }
}

/// <summary>Where a segment file is, and the position it has to begin with.</summary>
internal readonly record struct SegmentAddress(
    int Lane, long Sequence, string Directory, string File, long FileBytes, long ExpectedFirst, bool IsSealed);
