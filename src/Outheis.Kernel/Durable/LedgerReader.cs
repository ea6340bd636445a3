namespace Outheis;

/// <summary>
/// A ledger and how far it has read: takes a journal in from its <see cref="LedgerCheckpoint"/>, or from its beginning,
/// and later what was written since. One thread at a time; beside any writer.
/// </summary>
internal sealed class LedgerReader : IDisposable
{
    private const int RecordsPerWord = 1 << 14;      // between two calls to who wants to know how far it is

    private readonly IJournalDisk _disk;
    private readonly string _directory;
    private readonly string? _archive;
    private readonly JournalNames _names = new();
    private readonly LaneMerge _lanes;
    private readonly LedgerEntries _entries;
    private JournalLedger _ledger = new();
    private int _losses;
    private long _tryAgainAt;      // Bytes by then, after a checkpoint that could not be written

    private LedgerReader(IJournalDisk disk, string directory, string? archive)
    {
        (_disk, _directory, _archive) = (disk, directory, archive);
        _lanes = new LaneMerge(_names);
        _entries = new LedgerEntries(Files, _names);
    }

    public JournalLedger Ledger => _ledger;

    /// <summary>Read since the checkpoint, or the beginning.</summary>
    public long Bytes { get; private set; }

    /// <summary>How many segments lie before what is read now, in all lanes together; those that are gone count, too.
    /// </summary>
    public long Segments => _lanes.Lanes.Sum(static lane => lane.Next?.Sequence ?? 0);

    /// <summary>Nothing is read yet but the checkpoint.</summary>
    /// <param name="disk">The journal's.</param>
    /// <param name="directory">Of the journal.</param>
    /// <param name="archive">Of its archive; null: none.</param>
    /// <param name="useCheckpoint">False: reads everything, for a moment that may lie before the checkpoint.</param>
    /// <exception cref="JournalException">There is no journal.</exception>
    public static LedgerReader Open(IJournalDisk disk, string directory, string? archive, bool useCheckpoint = true)
    {
        JournalReader.NamesIn(directory, disk);
        var reader = new LedgerReader(disk, directory, archive);
        reader.FindLanes();
        if (useCheckpoint && LedgerCheckpoint.TryLoad(disk, directory, reader._names) is { } saved
            && saved.TrySeek(reader._lanes))
        {
            reader._ledger = saved.Ledger;
        }

        return reader;
    }

    /// <summary>Reads on: to the present end, or to a moment, or until there was a good deal.</summary>
    /// <param name="records">How many at most.</param>
    /// <param name="end">Where to stop in the middle; null: nowhere.</param>
    /// <param name="progress">Hears <see cref="Bytes"/> now and then, and may throw to end it: a later call goes
    /// on.</param>
    /// <returns>Whether there may be more.</returns>
    /// <remarks>A writer that is faster than this cannot keep it for ever: without a bound of its own it stops when
    /// every lane has come behind the segments that were the newest when it began, and so behind all that was written
    /// before.</remarks>
    public bool CatchUp(int records = int.MaxValue, LedgerEnd? end = null, Action<long>? progress = null)
    {
        FindLanes();
        long[]? newest = records == int.MaxValue ? NewestSegments() : null;
        _lanes.LookAgain();
        bool hasMore = TakeIn(records, end, newest, progress);
        ForgetLost();
        return hasMore;
    }

    /// <summary>What the next agent of a name begins with, as far as was read; null: nothing.</summary>
    /// <exception cref="JournalException">A record that it consists of is no longer there.</exception>
    public AgentPast? Find(string? name) => _ledger.Find(name, _entries);

    /// <summary>As far as was read.</summary>
    public IEnumerable<LedgerMessage> Quarantine() => _ledger.Quarantine(_entries);

    private bool TakeIn(int records, LedgerEnd? end, long[]? newest, Action<long>? progress)
    {
        for (int i = 0; i < records; i++)
        {
            LaneReader? lane = _lanes.Take();
            if (lane is null || (end is not null && end.IsReached(_ledger, lane))
                || (newest is not null && AreBeyond(lane, newest)))
            {
                _lanes.PutBack();
                return false;
            }

            Bytes += RecordHeader.Aligned(lane.Payload.Length);
            _ledger.Note(lane);
            if (i % RecordsPerWord == RecordsPerWord - 1)
            {
                progress?.Invoke(Bytes);
            }
        }

        return true;
    }

    // A ring that went round before it was read has taken messages, and what would have told that others were taken.
    private void ForgetLost()
    {
        LaneLoss[] losses = [.. _lanes.Lanes.SelectMany(static lane => lane.Losses)];
        if (losses.Length != _losses)
        {
            _losses = losses.Length;
            _ledger.Forget(losses, _archive is null ? null : _entries);
        }
    }

    /// <summary>Writes a checkpoint, if so much was read since the newest one.</summary>
    public void SaveIfDue(long bytes)
    {
        if (Bytes < Math.Max(bytes, _tryAgainAt))
        {
            return;
        }

        bool isSaved = LedgerCheckpoint.TrySave(_disk, _directory, _ledger, _names, _lanes);
        Bytes = isSaved ? 0 : Bytes;
        _tryAgainAt = isSaved ? 0 : Bytes + bytes;
    }

    public void Dispose()
    {
        _lanes.Dispose();
        _entries.Dispose();
    }

    private bool AreBeyond(LaneReader taken, long[] newest)
    {
        if (!IsBeyond(taken, newest))
        {
            return false;      // nearly always
        }

        foreach (LaneReader lane in _lanes.Lanes)
        {
            if (!IsBeyond(lane, newest))
            {
                return false;
            }
        }

        return true;
    }

    private static unsafe bool IsBeyond(LaneReader lane, long[] newest) =>
        lane.Record is null || lane.RecordPlace.Place.Sequence > newest[lane.Lane];

    private long[] NewestSegments()
    {
        long[] newest = new long[JournalLimits.Lanes];
        foreach (LaneReader lane in _lanes.Lanes)
        {
            newest[lane.Lane] = lane.Files.Sequences() is [.., long last] ? last : 0;
        }

        return newest;
    }

    private void FindLanes()
    {
        foreach (LaneFiles files in Files())
        {
            if (_lanes.Find(files.Lane) is null)
            {
                _lanes.Add(new LaneReader(files));
            }
        }
    }

    private IEnumerable<LaneFiles> Files() => LaneFiles.Find(_disk, _directory, _archive);
}
