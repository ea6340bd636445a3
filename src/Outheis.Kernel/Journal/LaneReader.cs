using System.Runtime.InteropServices;

namespace Outheis;

/// <summary>
/// Walks one lane beside its writer, segment by segment (<see cref="SegmentReader"/>). What its writer gave up before
/// it was read is told as a loss, and reading goes on with the oldest segment there is.
/// </summary>
internal sealed unsafe class LaneReader : IDisposable
{
    private readonly LaneFiles _files;
    private readonly SegmentReader _segment;
    private readonly List<LaneLoss> _losses = [];
    private long _lostFrom;              // reading goes on with the oldest segment; 0: nothing is lost
    private long _lastSequence = -1;     // of the segment with the record that was read last; -1: none was
    private int _lastOffset;
    private uint _lastCrc;
    private bool _isFinished;            // what follows is later than what was asked for

    public LaneReader(LaneFiles files, int windowBytes = JournalLimits.ReadWindowBytes)
    {
        _files = files;
        _segment = new SegmentReader(windowBytes);
    }

    public LaneFiles Files => _files;

    public int Lane => _files.Lane;

    /// <summary>Once the lane has come to this time, a segment that was prepared then or later is not
    /// read.</summary>
    public long UntilTicks { get; set; } = long.MaxValue;

    /// <summary>Of the newest record that names it; of the segment until then.</summary>
    public uint Run { get; private set; }

    /// <summary>Wall time of the newest record, in UTC ticks, as good as the lane knows it.</summary>
    public long UtcTicks { get; private set; }

    /// <summary>The record at hand; its payload is valid until the next TryRead.</summary>
    public RecordHeader* Record { get; private set; }

    /// <summary>Where the record at hand begins.</summary>
    public long Position { get; private set; }

    /// <summary>The same, for whoever comes back.</summary>
    public RecordPlace RecordPlace => new(
        Position, new LanePlace(_segment.Sequence, (int)(Position - _segment.Header.FirstPosition), Run, UtcTicks));

    /// <summary>Joins request, reply and timeout; 0: none.</summary>
    public ulong Correlation => HasExtension ? MemoryMarshal.Read<RecordExtension>(Payload).Correlation : 0;

    /// <summary>Labels of the message, or what came of an effect.</summary>
    public ulong Labels => HasExtension ? MemoryMarshal.Read<RecordExtension>(Payload).Labels : 0;

    /// <summary>The payload without its extension.</summary>
    public ReadOnlySpan<byte> Content => HasExtension ? Payload[RecordExtension.Bytes..] : Payload;

    /// <summary>By which the record that was read last can be known again; null: none was.</summary>
    public (LanePlace Place, uint Crc)? Last =>
        _lastSequence < 0 ? null : (new LanePlace(_lastSequence, _lastOffset, Run, UtcTicks), _lastCrc);

    /// <summary>Where the next TryRead looks; null: it begins with the lane.</summary>
    public LanePlace? Next => _segment.IsOpen && _lostFrom == 0
        ? new LanePlace(_segment.Sequence, _segment.Offset, Run, UtcTicks) : null;

    public ReadOnlySpan<byte> Payload => new(Record + 1, Record->Length - RecordHeader.Bytes);

    /// <summary>Where and why TryRead returned false last.</summary>
    public LaneEnd End { get; private set; } = null!;

    public IReadOnlyList<LaneLoss> Losses => _losses;

    /// <summary>Goes to the next record. False at the lane's present end; a later call looks again.</summary>
    public bool TryRead()
    {
        Record = null;
        while (!_isFinished && ((_segment.IsOpen && _lostFrom == 0) || TryOpenFirst()))
        {
            switch (_segment.Look(out int bytes))
            {
                case RecordState.Whole:
                    Record = _segment.Slot;
                    Position = _segment.Position;
                    (_lastSequence, _lastOffset, _lastCrc) = (_segment.Sequence, _segment.Offset, Record->Crc);
                    _segment.Offset += bytes;
                    Note();
                    return true;
                case RecordState.Padding when TryOpenNext(out _):
                case RecordState.Unwritten or RecordState.Invalid when _segment.TryGoOnElsewhere(_files):
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

    /// <summary>The next TryRead reads what stands there. False when there is no such segment by now.</summary>
    public bool TrySeek(in LanePlace place)
    {
        Record = null;
        bool opens = (_segment.IsOpen && _segment.Sequence == place.Sequence)
            || _segment.TryOpen(_files, place.Sequence, out _, out _);
        if (opens)
        {
            (_segment.Offset, Run, UtcTicks) = (place.Offset, place.Run, place.UtcTicks);
        }

        return opens;
    }

    /// <summary>The next TryRead begins with the lane.</summary>
    public void Rewind()
    {
        Record = null;
        _lastSequence = -1;
        _segment.Close();
    }

    /// <summary>Tells that what stood from there on was given up before it was read.</summary>
    public void NoteLoss(long from) => _lostFrom = from;

    public void Dispose() => _segment.Dispose();

    private bool HasExtension =>
        (Record->Flags & RecordFlags.Extended) != 0 && Payload.Length >= RecordExtension.Bytes;

    private void Note()
    {
        if (RecordMoment.TryRead(Record, out RecordMoment moment))
        {
            Run = moment.Run == 0 ? Run : moment.Run;
            UtcTicks = moment.UtcTicks;
        }
    }

    private bool TryOpenFirst()
    {
        string fault = "";
        _segment.Close();
        List<long> listed = [];
        while (_files.Sequences() is var now && !now.SequenceEqual(listed))
        {
            // The oldest file may be recycled between listing and opening; what then is the oldest is tried instead,
            // and if all were, what there is then.
            foreach (long sequence in listed = now)
            {
                if (_segment.TryOpen(_files, sequence, out SegmentHeader found, out fault))
                {
                    if (_lostFrom < found.FirstPosition + found.SegmentBytes)
                    {
                        Begin(in found);
                        return true;
                    }

                    _segment.Close();      // an archive may have what was read before
                }
                else if (found.Magic == SegmentHeader.MagicNumber && found.Sequence <= sequence)
                {
                    return Stop(LaneEndKind.BadSegment, fault);
                }
            }
        }

        return Stop(fault.Length == 0 ? LaneEndKind.End : LaneEndKind.BadSegment, fault);
    }

    // What was lost may end in the middle of a segment that an archive has after all.
    private void Begin(in SegmentHeader found)
    {
        if (_lostFrom > _segment.Position)
        {
            _segment.Offset = (int)(_lostFrom - found.FirstPosition);
        }
        else
        {
            (Run, UtcTicks) = (found.Run, found.UtcTicks);
            if (_lostFrom != 0 && _lostFrom < found.FirstPosition)
            {
                _losses.Add(new LaneLoss(Lane, _lostFrom, _segment.Position));
            }
        }

        _lostFrom = 0;
    }

    private bool TryOpenNext(out string fault)
    {
        long end = _segment.Header.FirstPosition + _segment.Header.SegmentBytes;
        if (!_segment.TryOpen(
            _files, _segment.Sequence + 1, out SegmentHeader found, out fault, first: end))
        {
            return false;
        }

        if (UtcTicks >= UntilTicks && found.UtcTicks >= UntilTicks)
        {
            _isFinished = true;
            Stop(LaneEndKind.End, "");
        }

        return true;
    }

    private bool StopUnwritten()
    {
        if (_segment.IsRecycled())
        {
            return GoOnBehindTheLoss(_segment.Position);
        }

        long sequence = _segment.Sequence;
        if (!HasBegun(sequence + 1))
        {
            return Stop(LaneEndKind.End, "");
        }

        // The writer may have come here and gone on between the two looks; then the record is there now.
        return _segment.Look(out _) == RecordState.Unwritten
            ? Stop(LaneEndKind.Hole, $"segment {sequence} is unfinished, segment {sequence + 1} goes on")
            : TryRead();
    }

    private bool StopInvalid() => _segment.IsRecycled()
        ? GoOnBehindTheLoss(_segment.Position)
        : Stop(LaneEndKind.BadRecord,
            $"the bytes at offset {_segment.Offset} of segment {_segment.Sequence} are no record");

    private bool StopAtPadding()
    {
        if (_segment.IsRecycled() || _files.HasGivenUp(_segment.Sequence + 1))
        {
            // Of this one nothing is lost, and it may still be there.
            return GoOnBehindTheLoss(_segment.Header.FirstPosition + _segment.Header.SegmentBytes);
        }

        if (_files.EndsWith(_segment.Sequence))
        {
            return Stop(LaneEndKind.End, "");
        }

        return TryOpenNext(out string fault) ? TryRead() : Stop(LaneEndKind.Hole, fault);
    }

    private bool GoOnBehindTheLoss(long from)
    {
        _lostFrom = from;
        return TryRead();
    }

    private bool HasBegun(long sequence)
    {
        try
        {
            using ISegmentFile file =
                _files.Disk.OpenRead(Path.Combine(_files.Directory, JournalSegment.NameOf(sequence)));
            int length = 0;
            file.Read(JournalLimits.SegmentHeaderBytes, new Span<byte>(&length, sizeof(int)));
            return length != 0 && SegmentReader.ReadHeader(file).Sequence == sequence;
        }
        catch (FileNotFoundException)
        {
            return false;
        }
    }

    private bool Stop(LaneEndKind kind, string reason)
    {
        End = new LaneEnd(Lane, kind, _segment.IsOpen ? _segment.Position : _lostFrom, reason);
        return false;
    }
}
