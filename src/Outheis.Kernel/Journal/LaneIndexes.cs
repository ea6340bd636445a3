namespace Outheis;

/// <summary>
/// Finds places in one lane without reading what lies before: by the headers of its segments, then by their indexes.
/// An index that is not there, or says something that is not so, is made anew from its segment; what is found is what
/// the segments say.
/// </summary>
internal sealed unsafe class LaneIndexes(LaneFiles files) : IDisposable
{
    private readonly SegmentReader _segment = new(JournalLimits.SeekWindowBytes);
    private readonly Dictionary<long, SegmentIndex> _full = [];
    private readonly Dictionary<long, SegmentIndex> _begun = [];     // right as far as they go
    private List<SegmentHeader> _segments = [];      // those that are what their names say, in order

    public IReadOnlyList<SegmentHeader> Segments => _segments;

    /// <summary>Looks which segments there are now.</summary>
    public void Refresh()
    {
        _segments = [];
        foreach (long sequence in files.Sequences())
        {
            if (_segment.TryOpen(files, sequence, out SegmentHeader header, out _))
            {
                _segments.Add(header);
            }
        }
    }

    /// <summary>The place from which the record at or after a position is reached soon.</summary>
    public LanePlace PlaceOf(long position)
    {
        int at = _segments.FindLastIndex(segment => segment.FirstPosition <= position);
        return at < 0 ? PlaceOf(0, static _ => -1)
            : PlaceOf(at, index => index.PlaceBefore(position - _segments[at].FirstPosition), position);
    }

    /// <summary>The place from which the first record of a time or later is reached soon.</summary>
    public LanePlace PlaceOfTime(long utcTicks)
    {
        // A segment is prepared before its first record is written, and while the one before is still being filled.
        int at = Math.Max(0, _segments.FindLastIndex(segment => segment.UtcTicks <= utcTicks));
        while (at > 0 && IndexOf(at - 1) is { } before && before.Header.MaxTicks >= utcTicks)
        {
            at--;
        }

        return PlaceOf(at, index => index.PlaceBeforeTime(utcTicks));
    }

    /// <summary>A place with so many bytes of the lane behind it, and not many more.</summary>
    public LanePlace PlaceBeforeEnd(long bytes)
    {
        int at = _segments.Count - 1;
        while (at > 0 && IndexOf(at) is not { Header.Records: > 0 })
        {
            at--;      // prepared, not begun
        }

        long end = at < 0 ? 0 : _segments[at].FirstPosition + (IndexOf(at)?.Header.End ?? 0);
        return PlaceOf(end - Math.Min(bytes, RecordHeader.OffsetOf(end)));
    }

    /// <summary>Tells the names of a run, as far as they stand before a place.</summary>
    /// <param name="names">What is told.</param>
    /// <param name="run">Whose.</param>
    /// <param name="before">Null: all there are.</param>
    public void TellNames(JournalNames names, uint run, LanePlace? before)
    {
        using var reader = new LaneReader(files, JournalLimits.SeekWindowBytes);
        for (int at = 0; at < _segments.Count && _segments[at].Run <= run; at++)
        {
            bool isAfter = before is { } place && _segments[at].Sequence > place.Sequence;
            bool hasRun = at + 1 == _segments.Count || _segments[at + 1].Run >= run;
            if (hasRun && !isAfter)
            {
                bool isLast = before is { } last && _segments[at].Sequence == last.Sequence;
                TellNames(names, reader, at, isLast ? before!.Value.Offset : int.MaxValue);
            }
        }
    }

    /// <summary>Null when the segment is gone.</summary>
    /// <param name="at">Of the segments.</param>
    /// <param name="upTo">Up to which position it has to be right; the end unless given.</param>
    public SegmentIndex? IndexOf(int at, long upTo = long.MaxValue)
    {
        long sequence = _segments[at].Sequence;
        if (_full.TryGetValue(sequence, out SegmentIndex? known)
            || (_begun.TryGetValue(sequence, out known) && upTo < _segments[at].FirstPosition + known.Header.End))
        {
            return known;
        }

        if (!_segment.TryOpen(files, sequence, out SegmentHeader header, out _))
        {
            return null;
        }

        SegmentIndex? saved = SegmentIndexFile.TryLoad(files.Disk, _segment.Directory, in header);
        return saved is not null && saved.Fits(_segment) ? _full[sequence] = saved : Build(sequence);
    }

    /// <summary>The index that is on the disk, if it fits its segment. Scans nothing.</summary>
    public SegmentIndex? SavedIndexOf(int at) =>
        _segment.TryOpen(files, _segments[at].Sequence, out SegmentHeader header, out _)
            && SegmentIndexFile.TryLoad(files.Disk, _segment.Directory, in header) is { } saved && saved.Fits(_segment)
            ? saved : null;

    /// <summary>The time that a record of a segment names; null when no such record stands there.</summary>
    public long? TimeAt(int at, int offset) =>
        _segment.TryOpen(files, _segments[at].Sequence, out _, out _)
            && LookAt(offset) && RecordMoment.TryRead(_segment.Slot, out RecordMoment moment)
            ? moment.UtcTicks : null;

    public void Dispose() => _segment.Dispose();

    private SegmentIndex? Build(long sequence)
    {
        using var segment = new SegmentReader(JournalLimits.ReadWindowBytes);
        if (!segment.TryOpen(files, sequence, out _, out _))
        {
            return null;
        }

        SegmentIndex built = SegmentIndex.Build(segment);
        (built.IsFull ? _full : _begun)[sequence] = built;
        if (built.IsFull)
        {
            SegmentIndexFile.TrySave(files.Disk, segment.Directory, sequence, built);
        }

        return built;
    }

    private LanePlace PlaceOf(int at, Func<SegmentIndex, int> choose, long upTo = long.MaxValue)
    {
        if (_segments.Count == 0)
        {
            return default;
        }

        long sequence = _segments[at].Sequence;
        SegmentIndex? index = IndexOf(at, upTo);
        return index is not null && TryPlace(at, index, choose(index), out LanePlace place) ? place
            : Build(sequence) is { } anew && TryPlace(at, anew, choose(anew), out place) ? place
            : FirstPlace(at);
    }

    // A place says where to look; what it says of the record and the time is believed after a look at both.
    private bool TryPlace(int at, SegmentIndex index, int which, out LanePlace place)
    {
        place = default;
        if (which < 0)
        {
            place = FirstPlace(at);
            return true;
        }

        IndexPlace found = index.Places[which];
        if (!_segment.TryOpen(files, _segments[at].Sequence, out _, out _)
            || !LookAt(found.Offset) || _segment.Slot->Crc != found.Crc)
        {
            return false;
        }

        long? ticks = found.Time == 0 ? TicksBefore(at) : TimeAt(at, found.Time);
        place = new LanePlace(_segments[at].Sequence, found.Offset, found.Run, ticks ?? 0);
        return ticks is not null;
    }

    private LanePlace FirstPlace(int at) => new(
        _segments[at].Sequence, JournalLimits.SegmentHeaderBytes, _segments[at].Run, TicksBefore(at));

    // What a reader knows who comes to a segment from the oldest one.
    private long TicksBefore(int at)
    {
        for (int before = at - 1; before >= 0; before--)
        {
            if (IndexOf(before) is { Header.LastTime: > 0 } index && TimeAt(before, index.Header.LastTime) is { } ticks)
            {
                return ticks;
            }
        }

        return _segments[0].UtcTicks;
    }

    private void TellNames(JournalNames names, LaneReader reader, int at, int before)
    {
        if (IndexOf(at) is { } index && !TryTellNames(names, reader, at, index, before)
            && Build(_segments[at].Sequence) is { } anew)
        {
            TryTellNames(names, reader, at, anew, before);
        }
    }

    private bool TryTellNames(JournalNames names, LaneReader reader, int at, SegmentIndex index, int before)
    {
        uint run = _segments[at].Run;
        foreach (IndexFact fact in index.Facts)
        {
            if (fact.Offset >= before)
            {
                break;
            }

            if (!reader.TrySeek(new LanePlace(_segments[at].Sequence, fact.Offset, run, 0))
                || !reader.TryRead() || reader.Record->Crc != fact.Crc)
            {
                return false;
            }

            run = reader.Run;
            names.Note(reader);
        }

        return true;
    }

    private bool LookAt(int offset)
    {
        _segment.Offset = offset;
        return _segment.Look(out _) == RecordState.Whole;
    }
}
