using System.Runtime.InteropServices;

namespace Outheis;

/// <summary>
/// Looks at the slots of one segment file beside its writer, by copying pieces of it. A copy may be older at one end
/// than at the other, and the file may be recycled meanwhile: nothing is believed before checksum and position agree
/// in the copy, and what does not agree is copied once more after a copy in which the length word was seen.
/// </summary>
internal sealed unsafe class SegmentReader(int windowBytes) : IDisposable
{
    private ISegmentFile? _file;
    private SegmentHeader _header;
    private byte[] _window = NewWindow(windowBytes);
    private long _windowStart;
    private int _windowBytes;

    public bool IsOpen => _file is not null;

    public ref readonly SegmentHeader Header => ref _header;

    public long Sequence => _header.Sequence;

    /// <summary>Of the slot that Look looks at, in the file.</summary>
    public int Offset { get; set; }

    public long Position => _header.FirstPosition + Offset;

    /// <summary>What Look found whole; valid until the next one.</summary>
    public RecordHeader* Slot =>
        (RecordHeader*)Marshal.UnsafeAddrOfPinnedArrayElement(_window, (int)(Offset - _windowStart));

    /// <summary>The directory of the file.</summary>
    public string Directory { get; private set; } = "";

    /// <summary>Opens a segment in place of the present one, which stays when this fails.</summary>
    /// <param name="files">Of the lane.</param>
    /// <param name="sequence">Of the segment.</param>
    /// <param name="found">What the file says it is, also when it is not what it should be.</param>
    /// <param name="fault">Why not; else empty.</param>
    /// <param name="first">The position that it has to begin with; 0: any.</param>
    public bool TryOpen(
        LaneFiles files, long sequence, out SegmentHeader found, out string fault, long first = 0)
    {
        if (TryOpen(files, files.Directory, sequence, out found, out fault, first))
        {
            return true;
        }

        for (int i = 1; i < files.Places.Count; i++)
        {
            if (TryOpen(files, files.Places[i], sequence, out SegmentHeader archived, out _, first))
            {
                (found, fault) = (archived, "");
                return true;
            }
        }

        return false;
    }

    /// <summary>Goes on at the same place of another file, if the present one was recycled. What is recycled while it
    /// is read was archived before, if there is an archive.</summary>
    public bool TryGoOnElsewhere(LaneFiles files)
    {
        int offset = Offset;
        if (files.Places.Count == 1 || !IsRecycled()
            || !TryOpen(files, Sequence, out _, out _, _header.FirstPosition))
        {
            return false;
        }

        Offset = offset;
        return true;
    }

    /// <summary>Reads a file as the segment that a header describes, whatever its own says.</summary>
    public void Attach(ISegmentFile file, in SegmentHeader header)
    {
        _file?.Dispose();
        _file = file;
        _header = header;
        Offset = JournalLimits.SegmentHeaderBytes;
        _windowBytes = 0;
    }

    public static SegmentHeader ReadHeader(ISegmentFile file)
    {
        SegmentHeader header = default;
        file.Read(0, new Span<byte>(&header, SegmentHeader.Bytes));
        return header;
    }

    /// <summary>Whether the file holds another segment by now.</summary>
    public bool IsRecycled() => ReadHeader(_file!).Sequence != _header.Sequence;

    /// <summary>What stands at the offset.</summary>
    /// <param name="bytes">What a whole record takes, else 0.</param>
    // A10: pairs with R10, the length word. A negative one (A11) pairs with R11: the next segment was there
    // before it.
    public RecordState Look(out int bytes)
    {
        RecordState state = LookOnce(out bytes);
        if (state == RecordState.Unwritten && PeekLength() != 0)
        {
            state = LookAgain(out bytes);
        }

        return state == RecordState.Invalid ? LookAgain(out bytes) : state;
    }

    /// <summary>Whether the offset, anywhere in the segment, is where a record begins that this version writes. One
    /// look.</summary>
    /// <param name="bytes">What it takes, or would.</param>
    public bool TryLookFor(out int bytes)
    {
        bytes = 0;
        return Fill(RecordHeader.Alignment) && SegmentScan.MayBegin(Slot)
            && LookOnce(out bytes) == RecordState.Whole;
    }

    public void Close()
    {
        _file?.Dispose();
        _file = null;
    }

    public void Dispose() => Close();

    private bool TryOpen(
        LaneFiles files, string directory, long sequence, out SegmentHeader found, out string fault, long first)
    {
        found = default;
        ISegmentFile file;
        try
        {
            file = files.Disk.OpenRead(Path.Combine(directory, JournalSegment.NameOf(sequence)));
        }
        catch (Exception error) when (error is FileNotFoundException or DirectoryNotFoundException)
        {
            fault = $"segment {sequence} is missing";
            return false;
        }

        found = ReadHeader(file);
        fault = found.Fault(files.Lane, sequence, file.Bytes) is { } reason ? $"segment {sequence}: {reason}"
            : first != 0 && found.FirstPosition != first ? $"segment {sequence} does not follow"
            : "";
        if (fault.Length > 0)
        {
            file.Dispose();
            return false;
        }

        Attach(file, in found);
        Directory = directory;
        return true;
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

        int length = Slot->Length;
        RecordState glance = SegmentScan.Glance(length, _header.SegmentBytes - Offset, out int needed);
        if (glance == RecordState.Whole)
        {
            if (!Fill(needed) || Slot->Length != length)
            {
                return RecordState.Invalid;
            }

            bytes = RecordHeader.Aligned(needed - RecordHeader.Bytes);
        }

        return SegmentScan.Judge((byte*)Slot, length, Position, glance);
    }

    // The window is a copy, perhaps an old one: at a lane's end four bytes tell whether a new one is worth it.
    private int PeekLength()
    {
        int length = 0;
        _file!.Read(Offset, new Span<byte>(&length, sizeof(int)));
        return length;
    }

    // The bytes at the offset are in the window afterwards.
    private bool Fill(int bytes) =>
        (Offset >= _windowStart && Offset + (long)bytes <= _windowStart + _windowBytes) || Refill(bytes);

    private bool Refill(int bytes)
    {
        if (bytes > _window.Length)
        {
            _window = NewWindow(RecordHeader.Aligned(bytes));
        }

        _windowStart = Offset;
        _windowBytes = 0;
        while (_windowBytes < bytes)
        {
            int read = _file!.Read(Offset + _windowBytes, _window.AsSpan(_windowBytes));
            if (read == 0)
            {
                return false;
            }

            _windowBytes += read;
        }

        return true;
    }

    private static byte[] NewWindow(int bytes) => GC.AllocateUninitializedArray<byte>(bytes, pinned: true);
}
