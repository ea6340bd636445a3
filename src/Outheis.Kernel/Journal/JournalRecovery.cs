namespace Outheis;

/// <summary>
/// Finds the end of one lane when a journal is opened: the longest prefix of whole records. What lies behind
/// it is copied to a .torn file, then zeroed, so that no record of it can ever be met again at its old
/// position.
///
/// After the death of a process every page is still there, and only the last segment is looked at, from its
/// last Closed record on. After the death of the machine any page may be missing: then every segment of that
/// time is, and then what names something that another lane has lost is cut off too (see CutDangling).
/// </summary>
internal sealed partial class JournalRecovery
{
    private readonly IJournalDisk _disk;
    private readonly string _directory;
    private readonly int _lane;
    private readonly List<long> _sequences;
    private readonly Dictionary<long, ScanResult> _scans = [];
    private long? _suspectFrom;      // first segment of which the power may have taken something; null: of none

    private JournalRecovery(IJournalDisk disk, string directory, int lane, List<long> sequences)
    {
        _disk = disk;
        _directory = directory;
        _lane = lane;
        _sequences = sequences;
    }

    public int Lane => _lane;

    public string Directory => _directory;

    public bool IsEmpty => _sequences.Count == 0;

    /// <summary>Reads only. Throws when the newest segment is not one this program may touch.</summary>
    public static JournalRecovery Inspect(IJournalDisk disk, string directory, int lane)
    {
        List<long> sequences = JournalSegment.Sequences(disk.List(directory) ?? []);
        var recovery = new JournalRecovery(disk, directory, lane, sequences);
        if (sequences.Count > 0)
        {
            SegmentHeader header = recovery.ReadHeader(sequences[^1], out _);
            if (header.Magic != SegmentHeader.MagicNumber || header.Version > JournalLimits.FormatVersion)
            {
                string path = recovery.PathOf(sequences[^1]);
                throw new JournalException(
                    $"{path} cannot be opened: {header.Fault(lane, sequences[^1], 0)}. Nothing was changed.");
            }
        }

        return recovery;
    }

    /// <summary>Repairs. Afterwards the lane's files are its history and nothing else.</summary>
    /// <param name="previousBoot">The machine's boot that the last run belonged to, if known.</param>
    /// <param name="run">Unique to this opening: names what is set aside.</param>
    public RecoveredLane Repair(Guid previousBoot, uint run)
    {
        DropTemporaries();
        var lane = new RecoveredLane();
        if (IsEmpty)
        {
            lane.Clean = true;
            return lane;
        }

        bool sameBoot = previousBoot == _disk.BootId && !RewriteUnsynced();
        if (!sameBoot)
        {
            DropRecycled();
        }

        int first = _sequences.Count - 1;
        while (first > 0 && (IsUnused(_sequences[first]) || !HasHeader(_sequences[first])))
        {
            first--;
        }

        if (!sameBoot && !IsClean(_sequences[first]))
        {
            first = previousBoot == default ? 0 : FirstOf(previousBoot, first);      // lost with the lock's text
        }

        int beforeGap = _sequences.Zip(_sequences.Skip(1))
            .TakeWhile(static pair => pair.Second == pair.First + 1).Count();
        Walk(lane, Math.Min(first, beforeGap), sameBoot, run);
        _suspectFrom = sameBoot || lane.Clean || lane.Current is null ? null
            : _sequences[Math.Min(Math.Min(first, beforeGap), _sequences.Count - 1)];
        MayStillLose = sameBoot && !lane.Clean && lane.Current is not null;
        lane.Oldest = IsEmpty ? lane.LostSequence + 1 : _sequences[0];
        lane.Unsynced = lane.Clean || lane.Current is null ? lane.Current?.Sequence ?? 0
            : _sequences[FirstOf(_disk.BootId, Math.Max(0, _sequences.IndexOf(lane.Current.Sequence)))];
        return lane;
    }

    private void DropTemporaries()
    {
        foreach (string name in _disk.List(_directory) ?? [])
        {
            if (name.EndsWith(LaneStore.TemporaryExtension, StringComparison.Ordinal))
            {
                _disk.Delete(Path.Combine(_directory, name));
            }
        }
    }

    // A sync failed, and its process died. What the system dropped then is in its cache and counts as written: a sync
    // of ours would succeed and prove nothing (ES-44). So all of this boot is written anew, what is marked last.
    private bool RewriteUnsynced()
    {
        int first = FirstOf(_disk.BootId, _sequences.Count - 1);
        int marked = _sequences.Count - 1;
        while (!HasHeader(_sequences[marked]) || ReadHeader(_sequences[marked], out _).SyncFailed == 0)
        {
            if (marked-- == first)
            {
                return false;
            }
        }

        for (int i = first; i <= marked; i++)
        {
            Rewrite(_sequences[i]);
        }

        _disk.SyncDirectory(_directory);
        return true;
    }

    private unsafe void Rewrite(long sequence)
    {
        string temporary = Path.Combine(_directory, LaneStore.TemporaryName);
        using SegmentMapping found = _disk.OpenSegment(PathOf(sequence));
        using SegmentMapping written = _disk.CreateSegment(temporary, (int)found.Bytes);
        int bytes = (int)found.Bytes;
        new ReadOnlySpan<byte>(found.Pointer, bytes).CopyTo(new Span<byte>(written.Pointer, bytes));
        ((SegmentHeader*)written.Pointer)->SyncFailed = 0;
        _disk.SyncFile(written);
        _disk.Rename(temporary, PathOf(sequence));
    }

    // Of a file that was recycled shortly before a power failure the new name may be lost and the header not, if the
    // disk did not keep its word about the directory. Its old content was given up already. Such files are the lane's
    // oldest.
    private void DropRecycled()
    {
        while (_sequences.Count > 1)
        {
            SegmentHeader header = ReadHeader(_sequences[0], out long bytes);
            if (header.Sequence <= _sequences[0] || header.Fault(_lane, header.Sequence, bytes) is not null)
            {
                return;
            }

            _disk.Delete(PathOf(_sequences[0]));
            _sequences.RemoveAt(0);
        }
    }

    /// <summary>The highest run that the newest records name; 0 without any. Reads only.</summary>
    public uint NewestRun()
    {
        uint newest = 0;
        for (int i = _sequences.Count - 1; i >= 0; i--)
        {
            ScanResult scan = ScanTrusting(_sequences[i]);
            newest = Math.Max(newest, scan.Run);
            if (scan.End > JournalLimits.SegmentHeaderBytes)
            {
                break;
            }
        }

        return newest;
    }

    private void Walk(RecoveredLane lane, int first, bool sameBoot, uint run)
    {
        for (int i = first; i < _sequences.Count; i++)
        {
            if (!Follows(lane, i) || TryOpen(_sequences[i]) is not { } segment)
            {
                SetAsideFrom(lane, i, run);
                return;
            }

            lane.Current?.Dispose();
            lane.Current = segment;
            ScanResult scan = sameBoot || IsClean(_sequences[i])
                ? ScanTrusting(_sequences[i])
                : SegmentScan.Run(segment, trustClosed: false);
            lane.Run = Math.Max(lane.Run, scan.Run);
            lane.Offset = scan.End;
            lane.IsFull = scan.Stop == RecordState.Padding;
            lane.Clean = scan.Clean || (lane.Clean && scan.End == JournalLimits.SegmentHeaderBytes);
            if (!lane.IsFull)
            {
                CutTail(lane, scan, sameBoot, run);
                SetAsideFrom(lane, i + 1, run);
                return;
            }
        }
    }

    private bool Follows(RecoveredLane lane, int index) =>
        lane.Current is not { } current
        || (_sequences[index] == current.Sequence + 1
            && ReadHeader(_sequences[index], out _).FirstPosition == current.FirstPosition + current.Bytes);

    // A later run may have written behind the Closed record and lost its first pages alone with the power.
    private void CutTail(RecoveredLane lane, ScanResult scan, bool sameBoot, uint run)
    {
        JournalSegment segment = lane.Current!;
        if (sameBoot && scan.Clean && scan.Stop == RecordState.Unwritten)
        {
            return;
        }

        (int beyond, int records) = SegmentScan.Beyond(segment, scan.End);
        bool isOldLap = sameBoot && records == 0;      // whatever it looks like: a process writes one after the other
        int tornEnd = scan.Stop == RecordState.Unwritten ? isOldLap ? 0 : beyond
            : Math.Max(beyond, SegmentScan.LastNonZero(segment, scan.End));
        SetTailAside(lane, scan.End, tornEnd, records, run);
    }

    private unsafe void SetTailAside(RecoveredLane lane, int from, int to, int records, uint run)
    {
        if (to <= from)
        {
            return;
        }

        JournalSegment segment = lane.Current!;
        var torn = new Span<byte>(segment.Pointer + from, to - from);
        _disk.WriteAside(FreeName($"{segment.Sequence:D12}.{from}.run{run}"), torn);
        _disk.SyncDirectory(_directory);
        torn.Clear();
        new Span<byte>(segment.Pointer + SegmentSeal.Offset, SegmentSeal.Bytes).Clear();      // it is not full any more
        _disk.SyncFile(segment.Mapping);
        lane.BytesDropped += torn.Length;
        lane.RecordsDropped += records;
        lane.Clean = false;
    }

    // Segments after the end of the lane: prepared and never begun, or cut off by damage before them. A whole one that
    // came back by its old name would follow what is appended from here on.
    private void SetAsideFrom(RecoveredLane lane, int first, uint run)
    {
        bool renamed = false;
        for (int i = _sequences.Count - 1; i >= first; i--)
        {
            long sequence = _sequences[i];
            string path = PathOf(sequence);
            if (IsUnused(sequence))
            {
                _disk.Delete(path);
            }
            else
            {
                ReadHeader(sequence, out long bytes);
                _disk.Rename(path, FreeName($"{sequence:D12}.run{run}"));
                lane.BytesDropped += bytes;
                lane.Clean = false;
                lane.LostSequence = Math.Max(lane.LostSequence, sequence);
                renamed = true;
            }

            _sequences.RemoveAt(i);
        }

        if (renamed)
        {
            _disk.SyncDirectory(_directory);
        }
    }

    // A run whose records were lost has its number given again; what it set aside stays.
    private string FreeName(string name)
    {
        IReadOnlyList<string> taken = _disk.List(_directory) ?? [];
        string free = name;
        for (int copy = 2; taken.Contains(free + ".torn"); copy++)
        {
            free = $"{name}-{copy}";
        }

        return Path.Combine(_directory, free + ".torn");
    }

    // A recycled file whose new header was lost tells nothing: it may be of that boot.
    private int FirstOf(Guid boot, int last)
    {
        int first = last;
        while (first > 0
            && (ReadHeader(_sequences[first], out _).Boot == boot || !HasHeader(_sequences[first])))
        {
            first--;
        }

        return first;
    }

    private bool IsClean(long sequence) =>
        ScanTrusting(sequence) is { Clean: true, Stop: RecordState.Unwritten };

    // From the newest Closed record on. Each segment once: the lane's end is not read again and again.
    private ScanResult ScanTrusting(long sequence)
    {
        if (!_scans.TryGetValue(sequence, out ScanResult scan))
        {
            using JournalSegment? segment = TryOpen(sequence);
            scan = segment is null ? default : SegmentScan.Run(segment, trustClosed: true);
            _scans.Add(sequence, scan);
        }

        return scan;
    }

    // Of a prepared segment the first slot was never written.
    private bool IsUnused(long sequence)
    {
        using JournalSegment? segment = TryOpen(sequence);
        return segment is not null
            && SegmentScan.At(segment, JournalLimits.SegmentHeaderBytes, out _) == RecordState.Unwritten
            && SegmentScan.Beyond(segment, JournalLimits.SegmentHeaderBytes).Count == 0;
    }

    private bool HasHeader(long sequence) =>
        ReadHeader(sequence, out long bytes).Fault(_lane, sequence, bytes) is null;

    private JournalSegment? TryOpen(long sequence)
    {
        return HasHeader(sequence)
            ? new JournalSegment(_disk.OpenSegment(PathOf(sequence)))
            : null;
    }

    private unsafe SegmentHeader ReadHeader(long sequence, out long bytes)
    {
        using ISegmentFile file = _disk.OpenRead(PathOf(sequence));
        SegmentHeader header = default;
        file.Read(0, new Span<byte>(&header, SegmentHeader.Bytes));
        bytes = file.Bytes;
        return header;
    }

    private string PathOf(long sequence) => Path.Combine(_directory, JournalSegment.NameOf(sequence));
}

/// <summary>The end of a lane as recovery left it.</summary>
internal sealed class RecoveredLane
{
    /// <summary>The segment that holds the end; null when the lane has none.</summary>
    public JournalSegment? Current { get; set; }

    /// <summary>Where in it the next record goes.</summary>
    public int Offset { get; set; }

    /// <summary>Its end is padded: the next record goes into a new segment.</summary>
    public bool IsFull { get; set; }

    public bool Clean { get; set; }

    public uint Run { get; set; }

    public long Oldest { get; set; }

    /// <summary>The first segment that may not be durable.</summary>
    public long Unsynced { get; set; }

    public long BytesDropped { get; set; }

    public int RecordsDropped { get; set; }

    /// <summary>The highest segment that was set aside whole; -1 if none. If nothing is left before it, the
    /// lane begins anew behind it.</summary>
    public long LostSequence { get; set; } = -1;

    /// <summary>Position after the last whole record; of a lane without any segment, where it
    /// begins.</summary>
    public long End(int lane) => Current is null
        ? ((long)lane << RecordHeader.LaneShift) + ((LostSequence + 1) * JournalLimits.SegmentBytesMax)
        : Current.FirstPosition + (IsFull ? Current.Bytes : Offset);
}
