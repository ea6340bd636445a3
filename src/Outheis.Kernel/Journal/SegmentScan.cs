using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace Outheis;

/// <summary>What stands at a place where a record may begin.</summary>
internal enum RecordState : byte
{
    /// <summary>The length word is 0: not written yet.</summary>
    Unwritten,

    /// <summary>A record of this place, undamaged.</summary>
    Whole,

    /// <summary>The segment ends here; the lane goes on in the next one.</summary>
    Padding,

    /// <summary>Something else: damage, or what an earlier lap of the file left.</summary>
    Invalid,
}

/// <summary>
/// Decides what is a record, for recovery and for readers alike. Trusts nothing but the checksum, which covers the
/// position.
/// </summary>
internal static unsafe class SegmentScan
{
    /// <summary>Looks at the length word alone: how many bytes must be at hand for Judge.</summary>
    /// <param name="length">The length word.</param>
    /// <param name="available">Bytes up to the segment's end.</param>
    /// <param name="needed">Bytes of the record, or of the padding's front.</param>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static RecordState Glance(int length, long available, out int needed)
    {
        needed = length < 0 ? RecordHeader.Alignment / 2 : length;
        if (length < 0)
        {
            return -(long)length == available ? RecordState.Padding : RecordState.Invalid;
        }

        // The slot after a record is always in the segment. A damaged length may be too long to be rounded up.
        bool fits = length >= RecordHeader.Bytes && length <= available
            && RecordHeader.Aligned(length - RecordHeader.Bytes) <= available - RecordHeader.Alignment;
        return length == 0 ? RecordState.Unwritten : fits ? RecordState.Whole : RecordState.Invalid;
    }

    /// <summary>The verdict on a slot whose length word was glanced at.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static RecordState Judge(byte* slot, int length, long position, RecordState glance)
    {
        var header = (RecordHeader*)slot;
        return glance switch
        {
            RecordState.Unwritten => RecordState.Unwritten,
            RecordState.Whole =>
                header->Crc == Crc32C.OfRecord(header, length - RecordHeader.Bytes, position)
                    ? glance : RecordState.Invalid,
            RecordState.Padding =>
                header->Crc == Crc32C.OfPadding(length, position) ? glance : RecordState.Invalid,
            _ => RecordState.Invalid,
        };
    }

    /// <summary>The state of the slot at an offset of a mapped segment.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static RecordState At(JournalSegment segment, int offset, out int bytes)
    {
        byte* slot = segment.Pointer + offset;
        int length = *(int*)slot;
        RecordState glance = Glance(length, segment.Bytes - offset, out int needed);
        bytes = glance == RecordState.Whole ? RecordHeader.Aligned(needed - RecordHeader.Bytes) : 0;
        return Judge(slot, length, segment.FirstPosition + offset, glance);
    }

    /// <summary>Walks the whole records of a segment from its newest Closed record, if it names a true one,
    /// or from its beginning.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]      // called once, with a million records
    public static ScanResult Run(JournalSegment segment, bool trustClosed)
    {
        var result = new ScanResult { End = JournalLimits.SegmentHeaderBytes, Run = segment.Header.Run };
        int closed = segment.Header.Closed;
        if (trustClosed && IsClosedRecord(segment, closed))
        {
            result.End = closed;
        }

        while (true)
        {
            result.Stop = At(segment, result.End, out int bytes);
            if (result.Stop != RecordState.Whole)
            {
                return result;
            }

            result.Note((RecordHeader*)(segment.Pointer + result.End));
            result.End += bytes;
        }
    }

    /// <summary>Looks for records that lie beyond the end: what a power failure may leave (ES-41). They are
    /// not part of the journal, since what was before them is gone.</summary>
    /// <remarks>Bytes that only look like a record cost the checksum of what they claim to be, so the search gives up
    /// after some segments' worth of it and takes everything for such records.</remarks>
    /// <returns>The end of the last one, or 0; and how many.</returns>
    public static (int End, int Count) Beyond(JournalSegment segment, int end)
    {
        int last = 0, count = 0;
        long budget = (long)JournalLimits.SearchSegments * segment.Bytes;
        for (int offset = end + RecordHeader.Alignment; offset <= segment.Bytes - RecordHeader.Bytes;)
        {
            if (budget < 0)
            {
                return (LastNonZero(segment, end), count);
            }

            RecordState state = RecordState.Invalid;
            int bytes = 0;
            if (MayBegin((RecordHeader*)(segment.Pointer + offset)))
            {
                state = At(segment, offset, out bytes);
                budget -= bytes;
            }

            bool whole = state == RecordState.Whole;
            count += whole ? 1 : 0;
            last = whole ? offset + bytes : last;
            offset += whole ? bytes : RecordHeader.Alignment;
        }

        return (last, count);
    }

    // What this version writes, so that the search need not look at the rest.
    public static bool MayBegin(RecordHeader* header) =>
        header->Length >= RecordHeader.Bytes
        && header->Kind is > JournalKind.None and <= JournalKind.Resumed
        && (header->Flags & ~RecordFlags.All) == 0;

    /// <summary>The end of the last byte after <paramref name="from"/> that is not zero.</summary>
    public static int LastNonZero(JournalSegment segment, int from)
    {
        var bytes = new ReadOnlySpan<byte>(segment.Pointer + from, segment.Bytes - from);
        return from + bytes.LastIndexOfAnyExcept((byte)0) + 1;
    }

    private static bool IsClosedRecord(JournalSegment segment, int offset) =>
        offset >= JournalLimits.SegmentHeaderBytes
        && offset <= segment.Bytes - RecordHeader.Bytes
        && offset % RecordHeader.Alignment == 0
        && At(segment, offset, out _) == RecordState.Whole
        && ((RecordHeader*)(segment.Pointer + offset))->Kind == JournalKind.Closed;
}

/// <summary>Where the whole records of a segment end, and what they say about runs.</summary>
[StructLayout(LayoutKind.Auto)]
internal unsafe struct ScanResult
{
    public int End;
    public RecordState Stop;
    public bool Clean;      // the last record is Closed
    public uint Run;        // the highest run named

    public void Note(RecordHeader* header)
    {
        var payload = new ReadOnlySpan<byte>(header + 1, header->Length - RecordHeader.Bytes);
        Clean = header->Kind == JournalKind.Closed;
        if (header->Kind == JournalKind.Opened && OpenedRecord.TryRead(payload, out OpenedRecord opened))
        {
            Run = Math.Max(Run, opened.Run);
        }
        else if (header->Kind == JournalKind.Closed && ClosedRecord.TryRead(payload, out ClosedRecord closed))
        {
            Run = Math.Max(Run, closed.Run);
        }
    }
}
