using System.Runtime.InteropServices;

namespace Outheis;

/// <summary>
/// Walks one lane beside its writer, by copying pieces of its files. A copy may be older at one end than at
/// the other, and its file may be recycled meanwhile: nothing is believed before checksum and position agree
/// in the copy, and what does not agree is copied once more after a copy in which the length word was seen.
/// </summary>
internal sealed unsafe class LaneReader : IDisposable
{
    private const int WindowBytes = 256 << 10;

    private readonly IJournalDisk _disk;
    private readonly string? _archive;
    private readonly bool _isArchive;
    private ISegmentFile? _file;
    private SegmentHeader _segment;
    private long _sequence = -1;
    private long _offset;                // of the next slot, in the file
    private byte[] _window = NewWindow(WindowBytes);
    private long _windowStart;
    private int _windowBytes;

    /// <param name="disk">The journal's.</param>
    /// <param name="directory">Of the lane.</param>
    /// <param name="lane">Its number.</param>
    /// <param name="archive">Of the same lane: what the lane does not have is looked for there. Null: there is
    /// none.</param>
    /// <param name="isArchive">It may end with any segment.</param>
    public LaneReader(IJournalDisk disk, string directory, int lane, string? archive = null, bool isArchive = false)
    {
        _disk = disk;
        _archive = archive;
        _isArchive = isArchive;
        Directory = directory;
        Lane = lane;
    }

    public int Lane { get; }

    public string Directory { get; }

    /// <summary>Of the newest record that names it; of the segment until then.</summary>
    public uint Run { get; private set; }

    /// <summary>Wall time of the newest record, in UTC ticks, as good as the lane knows it.</summary>
    public long UtcTicks { get; private set; }

    /// <summary>The record at hand; its payload is valid until the next TryRead.</summary>
    public RecordHeader* Record { get; private set; }

    /// <summary>Where the record at hand begins.</summary>
    public long Position { get; private set; }

    public ReadOnlySpan<byte> Payload => new(Record + 1, Record->Length - RecordHeader.Bytes);

    /// <summary>Where and why TryRead returned false last.</summary>
    public LaneEnd End { get; private set; } = null!;

    /// <summary>Goes to the next record. False at the lane's present end; a later call looks again.</summary>
    public bool TryRead()
    {
        Record = null;
        while (_file is not null || TryOpenFirst())
        {
            switch (Look(out int bytes))
            {
                case RecordState.Whole:
                    Record = (RecordHeader*)Slot();
                    Position = _segment.FirstPosition + _offset;
                    _offset += bytes;
                    Note();
                    return true;
                case RecordState.Padding when TryOpenNext(out _):
                case RecordState.Unwritten or RecordState.Invalid when TryGoOnInArchive():
                    break;
                case RecordState.Padding:
                    return StopAtPadding();
                case RecordState.Unwritten:
                    return StopUnwritten();
                default:
                    return StopInvalid();
            }
        }

        return false;
    }

    public void Dispose() => _file?.Dispose();

    // A10: pairs with R10, the length word. A negative one (A11) pairs with R11: the next segment was there
    // before it.
    private RecordState Look(out int bytes)
    {
        RecordState state = LookOnce(out bytes);
        if (state == RecordState.Unwritten)
        {
            state = LookAgain(out bytes);
        }

        return state == RecordState.Invalid ? LookAgain(out bytes) : state;
    }

    private RecordState LookAgain(out int bytes)
    {
        _windowBytes = 0;
        return LookOnce(out bytes);
    }

    private RecordState LookOnce(out int bytes)
    {
        bytes = 0;
        if (!Fill(RecordHeader.Alignment))
        {
            return RecordState.Invalid;
        }

        int length = *(int*)Slot();
        RecordState glance = SegmentScan.Glance(length, _segment.SegmentBytes - _offset, out int needed);
        if (glance == RecordState.Whole)
        {
            if (!Fill(needed) || *(int*)Slot() != length)
            {
                return RecordState.Invalid;
            }

            bytes = RecordHeader.Aligned(needed - RecordHeader.Bytes);
        }

        return SegmentScan.Judge(Slot(), length, _segment.FirstPosition + _offset, glance);
    }

    private byte* Slot() =>
        (byte*)Marshal.UnsafeAddrOfPinnedArrayElement(_window, (int)(_offset - _windowStart));

    // The bytes at the offset are in the window afterwards.
    private bool Fill(int bytes)
    {
        if (_offset >= _windowStart && _offset + bytes <= _windowStart + _windowBytes)
        {
            return true;
        }

        if (bytes > _window.Length)
        {
            _window = NewWindow(RecordHeader.Aligned(bytes));
        }

        _windowStart = _offset;
        _windowBytes = 0;
        while (_windowBytes < bytes)
        {
            int read = _file!.Read(_offset + _windowBytes, _window.AsSpan(_windowBytes));
            if (read == 0)
            {
                return false;
            }

            _windowBytes += read;
        }

        return true;
    }

    private void Note()
    {
        if (Record->Kind == JournalKind.Tick && TickRecord.TryRead(Payload, out TickRecord tick))
        {
            UtcTicks = tick.UtcTicks;
        }
        else if (Record->Kind == JournalKind.Opened && OpenedRecord.TryRead(Payload, out OpenedRecord opened))
        {
            (Run, UtcTicks) = (opened.Run, opened.UtcTicks);
        }
        else if (Record->Kind == JournalKind.Closed && ClosedRecord.TryRead(Payload, out ClosedRecord closed))
        {
            UtcTicks = closed.UtcTicks;
        }
    }

    private bool TryOpenFirst()
    {
        // The oldest file may be recycled between listing and opening; what then is the oldest is tried
        // instead.
        string fault = "";
        IEnumerable<string> archived = _archive is null ? [] : _disk.List(_archive) ?? [];
        foreach (long sequence in JournalSegment.Sequences(archived.Union(_disk.List(Directory) ?? [])))
        {
            if (TryOpen(sequence, out fault))
            {
                (Run, UtcTicks) = (_segment.Run, _segment.UtcTicks);
                return true;
            }

            if (_segment.Magic == SegmentHeader.MagicNumber && _segment.Sequence <= sequence)
            {
                break;
            }
        }

        return Stop(fault.Length == 0 ? LaneEndKind.End : LaneEndKind.BadSegment, fault);
    }

    private bool TryOpenNext(out string fault)
    {
        long end = _segment.FirstPosition + _segment.SegmentBytes;
        return TryOpen(_sequence + 1, out fault) && _segment.FirstPosition == end;
    }

    private bool TryOpen(long sequence, out string fault) =>
        TryOpen(Directory, sequence, out fault) || (_archive is not null && TryOpen(_archive, sequence, out _));

    // What is recycled while it is read was archived before, if there is an archive.
    private bool TryGoOnInArchive()
    {
        long offset = _offset;
        if (_archive is null || !IsRecycled() || !TryOpen(_archive, _sequence, out _))
        {
            return false;
        }

        _offset = offset;
        return true;
    }

    private bool TryOpen(string directory, long sequence, out string fault)
    {
        ISegmentFile file;
        try
        {
            file = _disk.OpenRead(Path.Combine(directory, JournalSegment.NameOf(sequence)));
        }
        catch (Exception error) when (error is FileNotFoundException or DirectoryNotFoundException)
        {
            fault = $"segment {sequence} is missing";
            return false;
        }

        SegmentHeader header = ReadHeader(file);
        fault = header.Fault(Lane, sequence, file.Bytes) is { } reason ? $"segment {sequence}: {reason}" : "";
        if (fault.Length > 0)
        {
            _segment = _file is null ? header : _segment;
            file.Dispose();
            return false;
        }

        _file?.Dispose();
        _file = file;
        (_segment, _sequence) = (header, sequence);
        (_offset, _windowBytes) = (JournalLimits.SegmentHeaderBytes, 0);
        return true;
    }

    private static SegmentHeader ReadHeader(ISegmentFile file)
    {
        SegmentHeader header = default;
        file.Read(0, new Span<byte>(&header, SegmentHeader.Bytes));
        return header;
    }

    private bool StopUnwritten()
    {
        if (!HasBegun(_sequence + 1))
        {
            return Stop(LaneEndKind.End, "");
        }

        // The writer may have come here and gone on between the two looks; then the record is there now.
        return Look(out _) == RecordState.Unwritten
            ? Stop(LaneEndKind.Hole, $"segment {_sequence} is unfinished, segment {_sequence + 1} goes on")
            : TryRead();
    }

    private bool StopInvalid() => IsRecycled()
        ? Stop(LaneEndKind.Overwritten, $"segment {_sequence} was recycled while it was read")
        : Stop(LaneEndKind.BadRecord, $"the bytes at offset {_offset} of segment {_sequence} are no record");

    private bool StopAtPadding()
    {
        if (IsRecycled())
        {
            return Stop(LaneEndKind.Overwritten, $"segment {_sequence} was recycled while it was read");
        }

        if (_isArchive && !JournalSegment.Sequences(_disk.List(Directory) ?? []).Exists(later => later > _sequence))
        {
            return Stop(LaneEndKind.End, "");
        }

        _ = TryOpenNext(out string fault);
        return Stop(LaneEndKind.Hole, fault.Length > 0 ? fault : $"segment {_sequence + 1} does not follow");
    }

    private string PathOf(long sequence) => Path.Combine(Directory, JournalSegment.NameOf(sequence));

    private bool IsRecycled() => ReadHeader(_file!).Sequence != _sequence;

    private bool HasBegun(long sequence)
    {
        try
        {
            using ISegmentFile file = _disk.OpenRead(PathOf(sequence));
            int length = 0;
            file.Read(JournalLimits.SegmentHeaderBytes, new Span<byte>(&length, sizeof(int)));
            return length != 0 && ReadHeader(file).Sequence == sequence;
        }
        catch (FileNotFoundException)
        {
            return false;
        }
    }

    private bool Stop(LaneEndKind kind, string reason)
    {
        End = new LaneEnd(Lane, kind, _file is null ? 0 : _segment.FirstPosition + _offset, reason);
        return false;
    }

    private static byte[] NewWindow(int bytes) => GC.AllocateUninitializedArray<byte>(bytes, pinned: true);
}
