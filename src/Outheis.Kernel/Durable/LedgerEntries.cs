namespace Outheis;

/// <summary>Reads the records that a ledger names.</summary>
/// <param name="find">The lanes.</param>
/// <param name="names">What the ledger's reader knows.</param>
internal sealed class LedgerEntries(Func<IEnumerable<LaneFiles>> find, JournalNames names) : IDisposable
{
    private readonly Dictionary<int, LaneReader> _lanes = [];

    /// <exception cref="JournalException">It is not there any more.</exception>
    public JournalEntry Read(in RecordPlace record) => TryRead(in record) ?? throw new JournalException(
        $"The record at {record.Position} is needed to restore what earlier runs left, and is not there any more. If "
        + "the journal gave it up, name its archive.");

    /// <summary>Null: it is not there any more.</summary>
    public JournalEntry? TryRead(in RecordPlace record)
    {
        LaneReader? lane = LaneOf(RecordHeader.LaneOf(record.Position));
        return lane is not null && lane.TrySeek(record.Place) && lane.TryRead() && lane.Position == record.Position
            ? new JournalEntry(lane, names) : null;
    }

    public void Dispose()
    {
        foreach (LaneReader lane in _lanes.Values)
        {
            lane.Dispose();
        }
    }

    private LaneReader? LaneOf(int number)
    {
        if (!_lanes.TryGetValue(number, out LaneReader? lane) && find().FirstOrDefault(
            files => files.Lane == number) is { } found)
        {
            _lanes[number] = lane = new LaneReader(found, JournalLimits.SeekWindowBytes);
        }

        return lane;
    }
}
