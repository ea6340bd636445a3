namespace Outheis;

/// <summary>Reads single records by their positions.</summary>
internal sealed unsafe class RandomReader(Func<IEnumerable<LaneFiles>> find) : IDisposable
{
    private readonly Dictionary<int, Access> _lanes = [];
    private readonly JournalNames _names = new();
    private readonly Dictionary<uint, long> _told = [];      // the ends of all lanes together when a run was told

    /// <summary>Looks which segments there are when those known do not have it.</summary>
    public bool TryRead(long position, out JournalEntry? entry)
    {
        if (TryReadKnown(position, out entry))
        {
            return true;
        }

        FindLanes();
        return TryReadKnown(position, out entry);
    }

    public void Dispose()
    {
        foreach (Access lane in _lanes.Values)
        {
            lane.Reader.Dispose();
            lane.Indexes.Dispose();
        }
    }

    private bool TryReadKnown(long position, out JournalEntry? entry)
    {
        entry = null;
        if (position <= 0 || !_lanes.TryGetValue(RecordHeader.LaneOf(position), out Access? lane)
            || lane.Indexes.Segments.Count == 0)
        {
            return false;
        }

        LanePlace place = lane.Indexes.PlaceOf(position);
        if (!GoTo(lane.Reader, in place, position))
        {
            return false;
        }

        uint run = lane.Reader.Run;
        TellNames(run);
        if ((lane.Reader.Record->Flags & RecordFlags.Takes) != 0)
        {
            // Once more, from the start of the run: which incarnation it was changes on the way.
            lane.Indexes.TellNames(_names, run, place);
            GoTo(lane.Reader, in place, position);
        }

        entry = new JournalEntry(lane.Reader, _names);
        return true;
    }

    // On the way what is read tells names. A position before the first record is reached by no way.
    private bool GoTo(LaneReader reader, in LanePlace place, long position)
    {
        if (!reader.TrySeek(in place))
        {
            return false;
        }

        while (reader.TryRead() && reader.Position <= position)
        {
            _names.Note(reader);
            if (reader.Position == position)
            {
                return true;
            }
        }

        return false;
    }

    private void FindLanes()
    {
        foreach (LaneFiles files in find())
        {
            if (!_lanes.TryGetValue(files.Lane, out Access? known))
            {
                _lanes[files.Lane] = known = new Access(
                    new LaneReader(files, JournalLimits.IndexSpacingBytes), new LaneIndexes(files));
            }

            known.Indexes.Refresh();
        }
    }

    // Agents of other lanes too; again when the journal has grown since.
    private void TellNames(uint run)
    {
        long segments = _lanes.Values.Sum(static lane => lane.Indexes.Segments.Count);
        if (_told.TryGetValue(run, out long told) && told == segments)
        {
            return;
        }

        foreach (Access lane in _lanes.Values)
        {
            lane.Indexes.TellNames(_names, run, before: null);
        }

        _told[run] = segments;
    }

    private sealed record Access(LaneReader Reader, LaneIndexes Indexes);
}
