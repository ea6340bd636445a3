namespace Outheis;

/// <summary>
/// The files of one lane. A file named .seg always has its true header: it is made or recycled under another
/// name, then renamed. What has another name is rubbish after a crash, except what recovery set aside. New
/// files are made durable before they are named. Of a recycled one the old name is gone from the disk before a byte is
/// overwritten; the new name comes with the next Sync, since the disk would have to take the whole old lap first (after
/// a power failure it may be there without its header: see JournalRecovery). One caller at a time (see LaneSegments),
/// but for the syncs, which have a lock of their own. LaneStore.History: the old end of the lane.
/// </summary>
internal sealed partial class LaneStore : IDisposable
{
    public const string TemporaryExtension = ".tmp";
    public const string TemporaryName = "preparing" + TemporaryExtension;

    private readonly IJournalDisk _disk;
    private readonly string _directory;
    private readonly int _lane;
    private readonly JournalSettings _settings;
    private readonly uint _run;
    private readonly TimeProvider _time;
    private bool _unsyncedNames;      // of files recycled or given up, by a killed run too

    /// <param name="recovery">Of this lane: where it is.</param>
    /// <param name="found">What recovery left there.</param>
    /// <param name="settings">Of the run.</param>
    /// <param name="run">Its number.</param>
    /// <param name="disk">Where the lane is.</param>
    /// <param name="time">Tells how old segments are.</param>
    public LaneStore(
        JournalRecovery recovery, RecoveredLane found, JournalSettings settings, uint run, IJournalDisk disk,
        TimeProvider time)
    {
        (_disk, _directory, _lane) = (disk, recovery.Directory, recovery.Lane);
        (_settings, _run, _time) = (settings, run, time);
        (_oldest, _expired) = (found.Oldest, found.Oldest);
        _archivedTo = settings.ArchiveDirectory is null ? long.MaxValue : 0;
        _flushed = found.Current?.Sequence ?? -1;
        _mustLast = found.Current is not null;
        _unsyncedNames = _mustLast && !found.Clean;
        _durable = found.Current is null ? -1 : found.Clean ? found.Current.Sequence : found.Unsynced - 1;
    }

    public IJournalDisk Disk => _disk;

    public string Directory => _directory;

    /// <summary>Held during each sync of this lane: after one that failed no other may be believed (ES-44).</summary>
    public Lock Syncing { get; } = new();

    /// <summary>The first sync of this lane that failed.</summary>
    public JournalException? SyncFailure { get; private set; }

    public int PayloadBytesMax =>
        _settings.SegmentBytes - JournalLimits.SegmentHeaderBytes - JournalLimits.TailBytes
        - RecordHeader.Bytes - RecordHeader.Alignment;

    /// <summary>Makes segment <paramref name="sequence"/>: from one of the oldest files when enough newer ones are
    /// kept.</summary>
    public JournalSegment Prepare(long sequence, long firstPosition, long current)
    {
        bool recycled = TryTakeSpare(current, out Spare spare);
        string path = recycled ? spare.Path : Path.Combine(_directory, TemporaryName);
        SegmentMapping? mapping = spare.Mapping;
        try
        {
            if (mapping is null)
            {
                _disk.Delete(path);
                mapping = _disk.CreateSegment(path, _settings.SegmentBytes);
            }

            WriteHeader(mapping, sequence, firstPosition);
            if (!recycled)
            {
                _disk.SyncFile(mapping);
            }

            _disk.Rename(path, PathOf(sequence));
            if (recycled)
            {
                Volatile.Write(ref _unsyncedNames, true);      // R14: after the renaming. Read by A14.
            }
            else
            {
                SyncDirectory();
            }

            _disk.Populate(mapping, 0, Math.Min(2 * JournalLimits.WindowBytes, mapping.Bytes));
            return new JournalSegment(mapping);
        }
        catch
        {
            mapping?.Dispose();
            DropTemporary(path);
            throw;
        }
    }

    /// <summary>Makes the files from this sequence on durable, the current one last. Within
    /// <see cref="Syncing"/>.</summary>
    public void Sync(long from, JournalSegment current)
    {
        Volatile.Write(ref _mustLast, true);
        try
        {
            for (long sequence = Math.Max(from, _oldest); sequence < current.Sequence; sequence++)
            {
                SyncRetired(sequence);
            }

            _disk.SyncFile(current.Mapping);
            SyncNames();
            Volatile.Write(ref _durable, Math.Max(_durable, current.Sequence));
        }
        catch (Exception error) when (error is UnauthorizedAccessException or IOException and not JournalException)
        {
            throw SyncFailure = Undurable(error);
        }
    }

    /// <summary>The sealer: the seal is written, its file must be durable.</summary>
    public void SyncSeal(SegmentMapping segment)
    {
        lock (Syncing)
        {
            SyncNewer(() => _disk.SyncFile(segment));
        }
    }

    // The preparer may recycle it at this moment: then it is given up, not in need of being durable.
    private void SyncRetired(long sequence)
    {
        try
        {
            using SegmentMapping retired = _disk.OpenSegment(PathOf(sequence));
            _disk.SyncFile(retired);
        }
        catch (FileNotFoundException)
        {
        }
    }

    private void SyncNames()
    {
        if (Interlocked.Exchange(ref _unsyncedNames, false))      // A14: pairs with R14
        {
            _disk.SyncDirectory(_directory);
        }
    }

    // The preparer. A failure takes with it the changes of names that no sync has made durable yet: nothing is believed
    // after it (ES-44).
    private void SyncDirectory()
    {
        lock (Syncing)
        {
            try
            {
                _disk.SyncDirectory(_directory);
                Volatile.Write(ref _unsyncedNames, false);
            }
            catch (IOException error) when (Volatile.Read(ref _unsyncedNames))
            {
                throw SyncFailure ??= Undurable(error);
            }
        }
    }

    private JournalException Undurable(Exception error) => new(
        $"The journal could not make lane {_lane} in {_directory} durable: {error.Message} What was "
        + "appended since the last success may be lost by a power failure. Check the disk; do not "
        + "rely on a retry.", error);

    public string PathOf(long sequence) => Path.Combine(_directory, JournalSegment.NameOf(sequence));

    private unsafe void WriteHeader(SegmentMapping mapping, long sequence, long firstPosition)
    {
        ref SegmentHeader header = ref *(SegmentHeader*)mapping.Pointer;
        header = new SegmentHeader
        {
            Magic = SegmentHeader.MagicNumber,
            Version = JournalLimits.FormatVersion,
            Lane = _lane,
            Sequence = sequence,
            FirstPosition = firstPosition,
            SegmentBytes = _settings.SegmentBytes,
            Run = _run,
            UtcTicks = _time.GetUtcNow().UtcTicks,
            Boot = _disk.BootId,
        };
        header.Crc = header.ComputeCrc();
        new Span<byte>(mapping.Pointer + SegmentSeal.Offset, SegmentSeal.Bytes).Clear();      // of the lap before
        *(int*)(mapping.Pointer + JournalLimits.SegmentHeaderBytes) = 0;    // I1 of JournalLane
    }

    // What happened already is worth more to the caller than what happens to the rubbish.
    private void DropTemporary(string temporary)
    {
        try
        {
            _disk.Delete(temporary);
        }
        catch (IOException)
        {
        }
    }
}
