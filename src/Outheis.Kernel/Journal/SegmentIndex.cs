using System.Numerics;
using System.Runtime.InteropServices;

namespace Outheis;

/// <summary>
/// What a scan of one segment would tell, so that it need not be scanned again: places where a record begins, some
/// <see cref="JournalLimits.IndexSpacingBytes"/> apart, with what is known there; and the records that tell names.
/// Derived: whoever uses a place verifies the record that stands there.
/// </summary>
internal sealed unsafe class SegmentIndex(
    SegmentIndexHeader header, IndexPlace[] places, IndexFact[] facts, bool isFull)
{
    public SegmentIndexHeader Header => header;

    /// <summary>In the order of their offsets; the first one is the segment's first record.</summary>
    public ReadOnlySpan<IndexPlace> Places => places;

    /// <summary>Opened, Spawned, Schema, Started and Restarted records, in their order.</summary>
    public ReadOnlySpan<IndexFact> Facts => facts;

    /// <summary>The segment ends with padding and will not change.</summary>
    public bool IsFull => isFull;

    /// <summary>The last place at or before an offset; -1 if there is none.</summary>
    public int PlaceBefore(long offset)
    {
        int low = 0, high = places.Length;
        while (low < high)
        {
            int middle = (low + high) / 2;
            (low, high) = places[middle].Offset <= offset ? (middle + 1, high) : (low, middle);
        }

        return low - 1;
    }

    /// <summary>The last place before the first record of this time or later; -1 if the segment has none.</summary>
    public int PlaceBeforeTime(long utcTicks)
    {
        if (header.MaxTicks < utcTicks)
        {
            return -1;
        }

        int later = Array.FindIndex(places, place => place.MaxTicks >= utcTicks);
        return later < 0 ? places.Length - 1 : Math.Max(0, later - 1);
    }

    /// <summary>Whether the segment is, at its end, the one that was scanned.</summary>
    public bool Fits(SegmentReader segment)
    {
        uint digest = 0;
        if (places is [.., var last])
        {
            for (segment.Offset = last.Offset; segment.Offset < header.End;)
            {
                if (segment.Look(out int bytes) != RecordState.Whole)
                {
                    return false;
                }

                digest = BitOperations.Crc32C(digest, segment.Slot->Crc);
                segment.Offset += bytes;
            }
        }

        segment.Offset = header.End;
        return digest == header.TailDigest && segment.Look(out _) == RecordState.Padding;
    }

    /// <summary>Scans a segment up to the first slot that is no record.</summary>
    public static SegmentIndex Build(SegmentReader segment)
    {
        var scan = new Scan(segment.Header);
        segment.Offset = JournalLimits.SegmentHeaderBytes;
        RecordState state;
        while ((state = segment.Look(out int bytes)) == RecordState.Whole)
        {
            scan.Add(segment.Slot, segment.Offset);
            segment.Offset += bytes;
        }

        return scan.End(segment.Offset, state == RecordState.Padding);
    }

    private sealed class Scan(SegmentHeader segment)
    {
        private readonly List<IndexPlace> _places = [];
        private readonly List<IndexFact> _facts = [];
        private SegmentIndexHeader _header = SegmentIndexHeader.Of(in segment);
        private int _nextPlace = JournalLimits.SegmentHeaderBytes;

        public void Add(RecordHeader* record, int offset)
        {
            if (offset >= _nextPlace)
            {
                _places.Add(new IndexPlace
                {
                    Offset = offset, Crc = record->Crc, Time = _header.LastTime, Run = _header.Run,
                    MaxTicks = _header.MaxTicks,
                });
                _nextPlace = offset + JournalLimits.IndexSpacingBytes;
                _header.TailDigest = 0;
            }

            _header.TailDigest = BitOperations.Crc32C(_header.TailDigest, record->Crc);
            _header.Records++;
            Note(record, offset);
        }

        public SegmentIndex End(int offset, bool isFull)
        {
            _header.End = offset;
            (_header.Places, _header.Facts) = (_places.Count, _facts.Count);
            return new SegmentIndex(_header, [.. _places], [.. _facts], isFull);
        }

        private void Note(RecordHeader* record, int offset)
        {
            if (RecordMoment.TryRead(record, out RecordMoment moment))
            {
                _header.Run = moment.Run == 0 ? _header.Run : moment.Run;
                _header.MaxTicks = Math.Max(_header.MaxTicks, moment.UtcTicks);
                _header.FirstTime = _header.FirstTime == 0 ? offset : _header.FirstTime;
                _header.LastTime = offset;
            }

            if (record->Kind == JournalKind.Opened || JournalNames.Tells(record->Kind))
            {
                _facts.Add(new IndexFact { Offset = offset, Crc = record->Crc });
            }
        }
    }
}

/// <summary>A record, and what is known before it.</summary>
[StructLayout(LayoutKind.Explicit, Size = Bytes)]
internal struct IndexPlace
{
    public const int Bytes = 24;

    [FieldOffset(0)] public int Offset;
    [FieldOffset(4)] public uint Crc;           // of that record
    [FieldOffset(8)] public int Time;           // offset of the newest Tick, Opened or Closed before it; 0: none here
    [FieldOffset(12)] public uint Run;
    [FieldOffset(16)] public long MaxTicks;     // the latest time that the segment names before it
}

/// <summary>A record that tells a name, a run or an incarnation.</summary>
[StructLayout(LayoutKind.Explicit, Size = Bytes)]
internal struct IndexFact
{
    public const int Bytes = 8;

    [FieldOffset(0)] public int Offset;
    [FieldOffset(4)] public uint Crc;
}
