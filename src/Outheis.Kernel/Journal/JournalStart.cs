namespace Outheis;

/// <summary>Puts the lanes of a reader where a query begins, with the names known that stand before.</summary>
internal sealed unsafe class JournalStart(LaneMerge lanes, JournalNames names)
{
    /// <returns>The time of the record that the query begins with; the least if it does not name one.</returns>
    public long Seek(JournalQuery query)
    {
        foreach (LaneReader lane in lanes.Lanes)
        {
            lane.UntilTicks = query.Until?.UtcTicks ?? long.MaxValue;
        }

        long fromTicks = query.From is { } from ? TimeOf(from) : long.MinValue;
        long since = query.Since?.UtcTicks ?? fromTicks;
        if (query.From is null && query.LastBytes is null && since == long.MinValue)
        {
            return fromTicks;
        }

        foreach (LaneReader lane in lanes.Lanes)
        {
            using var indexes = new LaneIndexes(lane.Files);
            indexes.Refresh();
            if (indexes.Segments.Count > 0)
            {
                Seek(lane, indexes, query, since);
            }
        }

        return fromTicks;
    }

    private void Seek(LaneReader lane, LaneIndexes indexes, JournalQuery query, long since)
    {
        LanePlace place = default;
        if (query.From is { } from && RecordHeader.LaneOf(from) == lane.Lane)
        {
            place = indexes.PlaceOf(from);
            NoteLoss(lane, indexes, from);
        }
        else if (since != long.MinValue)
        {
            place = indexes.PlaceOfTime(since);
        }

        if (query.LastBytes is { } bytes)
        {
            LanePlace last = indexes.PlaceBeforeEnd(bytes);
            place = (last.Sequence, last.Offset).CompareTo((place.Sequence, place.Offset)) > 0 ? last : place;
        }

        if (lane.TrySeek(in place))
        {
            indexes.TellNames(names, place.Run, place);
        }
    }

    private static void NoteLoss(LaneReader lane, LaneIndexes indexes, long from)
    {
        if (from < indexes.Segments[0].FirstPosition && indexes.Segments[0].Sequence > 0)
        {
            lane.NoteLoss(from);
        }
    }

    private long TimeOf(long position)
    {
        LaneReader lane = lanes.Find(RecordHeader.LaneOf(position)) ?? throw new JournalException(
            $"The journal has no lane {RecordHeader.LaneOf(position)}.");
        using var indexes = new LaneIndexes(lane.Files);
        indexes.Refresh();
        using var reader = new LaneReader(lane.Files);
        reader.TrySeek(indexes.PlaceOf(position));
        while (reader.TryRead() && reader.Position < position)
        {
        }

        return reader.UtcTicks;
    }
}
