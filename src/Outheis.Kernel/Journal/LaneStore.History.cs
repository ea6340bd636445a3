namespace Outheis;

/// <summary>
/// The old end of a lane: what of it is given up, and what holds it back. The oldest segment goes when
///
///   G1  the retention lets it go;
///   G2  nothing in the lane was ever made durable, or a newer segment is, with its name and with all between them: a
///       loss of power never leaves less than somebody was promised, and no lane that begins anew;
///   G3  it is in the archive, if there is one; or nothing of it was made durable for anybody, where that suffices;
///   G4  it is not being sealed at this moment: a seal must not be written into the next lap.
///
/// Several small ones go at a time, since the disk has to be waited for. Their files are overwritten only when it knows
/// that they were given up: a damaged lap under its old name would hide all that follows it.
/// </summary>
internal sealed partial class LaneStore
{
    // Its own lock, for what is sealed and what leaves, too; segments that were left, to be recycled with the mapping
    // that they have.
    private readonly Dictionary<long, JournalSegment> _mapped = [];
    private readonly List<Leaving> _renamed = [];       // given up, but perhaps not yet on the disk
    private bool _renamedInVain;                        // the disk has not taken it, and will not
    private readonly Queue<Spare> _spares = new();      // given up on the disk too: to be overwritten
    private long _oldest;       // lowest sequence on the disk
    private long _expired;      // the first one that is young enough, when it was last looked at
    private long _archivedTo;   // the sealer's thread: the first that the archive does not have
    private long _flushed = -1; // whoever syncs: the highest that somebody was promised something of
    private long _sealing = -1; // _mapped's lock
    private long _leaving = -1; // _mapped's lock
    private long _dropped;      // given up and not archived
    private bool _mustLast;     // something of the lane is durable, or a sync is about to say so
    private long _durable;      // highest sequence that is known durable, with its name and all before it

    /// <summary>The appender has left this segment. In a ring its mapping waits for the next lap with its pages:
    /// mapping it anew would cost a fault per page.</summary>
    public void Retire(long sequence, JournalSegment segment)
    {
        lock (_mapped)
        {
            if (_settings.RetainedSegments is not null && segment.Bytes == _settings.SegmentBytes
                && sequence >= Volatile.Read(ref _oldest) && _mapped.TryAdd(sequence, segment))
            {
                return;
            }
        }

        segment.Dispose();
    }

    /// <summary>Unmaps what was kept. After the preparer has stopped.</summary>
    public void Dispose()
    {
        foreach (JournalSegment segment in _mapped.Values)
        {
            segment.Dispose();
        }

        _mapped.Clear();
        while (_spares.TryDequeue(out Spare spare))
        {
            spare.Mapping.Dispose();
        }
    }

    /// <summary>Any thread.</summary>
    public long Oldest => Volatile.Read(ref _oldest);

    /// <summary>The sealer's thread writes it, any reads it: why the newest attempt to archive failed.</summary>
    public string? ArchiveFailure { get; set; }

    /// <summary>Any thread: given up and not in the archive.</summary>
    public long Dropped => Volatile.Read(ref _dropped);

    /// <summary>Whoever syncs for somebody, before it does.</summary>
    public void NoteFlushed(long sequence) => Volatile.Write(ref _flushed, Math.Max(_flushed, sequence));

    /// <summary>The sealer's thread: the archive has everything before this one that was not given up.</summary>
    public void NoteArchived(long before) => Volatile.Write(ref _archivedTo, before);

    /// <summary>The sealer's thread. False: it is given up, or about to be.</summary>
    public bool TryBeginSeal(long sequence)
    {
        lock (_mapped)
        {
            bool isThere = sequence >= _oldest && sequence != _leaving;
            _sealing = isThere ? sequence : -1;
            return isThere;
        }
    }

    public void EndSeal()
    {
        lock (_mapped)
        {
            _sealing = -1;
        }
    }

    private bool TryTakeSpare(long current, out Spare spare)
    {
        if (_spares.Count == 0 && _settings.Retention.IsBounded)
        {
            long keepFrom = KeepFrom(current);
            if (IsDue(keepFrom))
            {
                long archived = HeldFrom(keepFrom);
                MakeNewerDurable(Math.Min(keepFrom, archived));
                GiveUp(Math.Min(keepFrom, archived));
                if (archived < keepFrom && IsDue(keepFrom))
                {
                    throw Lagging(keepFrom);
                }
            }

            Recycle();
        }

        return _spares.TryDequeue(out spare);
    }

    private bool IsDue(long keepFrom) => keepFrom - _oldest >= _settings.GivenUpAtATime;

    // G3
    private long HeldFrom(long keepFrom)
    {
        long archived = Volatile.Read(ref _archivedTo);
        return _settings.WhenArchiveLags == ArchiveLag.DropNonDurable && archived > Volatile.Read(ref _flushed)
            ? keepFrom : archived;
    }

    private JournalException Lagging(long keepFrom) => new(
        $"The journal keeps segments {_oldest} to {keepFrom - 1} in {_directory} until they are in the archive "
        + $"{_settings.ArchiveDirectory}: {ArchiveFailure ?? "they are being copied"}. Appending goes on "
        + "when they are.");

    // G1
    private long KeepFrom(long current)
    {
        if (_settings.RetainedSegments is { } retained)
        {
            return current - retained + 1;
        }

        // A segment is prepared while the one before it is written, so only the second one after it is surely younger
        // than all of its records.
        long before = _time.GetUtcNow().UtcTicks - _settings.Retention.Age!.Value.Ticks;
        while (_expired + 2 <= current && PreparedAt(_expired + 2) < before)
        {
            _expired++;
        }

        return _expired;
    }

    private long PreparedAt(long sequence)
    {
        using ISegmentFile file = _disk.OpenRead(PathOf(sequence));
        return SegmentHeader.Read(file).UtcTicks;
    }

    // G2. Whoever flushes often never has the preparer wait here.
    private void MakeNewerDurable(long keepFrom)
    {
        if (keepFrom <= _oldest || !Volatile.Read(ref _mustLast) || Volatile.Read(ref _durable) >= keepFrom)
        {
            return;
        }

        lock (Syncing)
        {
            if (SyncFailure is not null && _durable < keepFrom)
            {
                throw new JournalException(
                    $"The journal keeps segment {_durable} in {_directory}: nothing newer is known to be durable. "
                    + $"{SyncFailure.Message} Then start the program anew.", SyncFailure);
            }

            for (long sequence = Math.Max(_durable, _oldest); sequence <= keepFrom && _durable < keepFrom; sequence++)
            {
                using SegmentMapping newer = _disk.OpenSegment(PathOf(sequence));
                SyncNewer(() => _disk.SyncFile(newer));
            }

            SyncNewer(SyncNames);
            Volatile.Write(ref _durable, Math.Max(_durable, keepFrom));
        }
    }

    private void SyncNewer(Action sync)
    {
        try
        {
            sync();
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            throw SyncFailure = Undurable(error);
        }
    }

    // Whatever fails here, the next call goes on where this one stopped.
    private void GiveUp(long keepFrom)
    {
        while (_oldest < keepFrom - _settings.GivenUpAtATime && TryLeave())
        {
            TakeMapped(_oldest)?.Dispose();
            _disk.Delete(PathOf(_oldest));       // more than are needed: fewer are retained than before
            Left();
        }

        while (_oldest < keepFrom && TryLeave())
        {
            string path = PathOf(_oldest) + TemporaryExtension;
            _disk.Rename(PathOf(_oldest), path);
            _renamed.Add(new Leaving(_oldest, path));
            Left();
        }
    }

    // G4. If what follows fails, the next try is for the same one.
    private bool TryLeave()
    {
        lock (_mapped)
        {
            bool mayLeave = _sealing != _oldest;
            _leaving = mayLeave ? _oldest : _leaving;
            return mayLeave;
        }
    }

    private void Left()
    {
        // R14: a sync that tells somebody must not leave the old name, with what nobody made durable under it. See A14.
        Volatile.Write(ref _unsyncedNames, true);
        bool isDropped = _oldest >= Volatile.Read(ref _archivedTo);
        Volatile.Write(ref _dropped, _dropped + (isDropped ? 1 : 0));
        Volatile.Write(ref _oldest, _oldest + 1);
    }

    private void Recycle()
    {
        if (_renamed.Count > 0)
        {
            RenameAgain();
            _renamedInVain = true;
            SyncDirectory();
            _renamedInVain = false;
        }

        while (_renamed.Count > 0)
        {
            AddSpare(_renamed[0]);
            _renamed.RemoveAt(0);
        }
    }

    // After a sync that failed only a new change is seen to by the next one (ES-44).
    private void RenameAgain()
    {
        for (int i = 0; i < _renamed.Count && _renamedInVain; i++)
        {
            string path = _renamed[i].Path + TemporaryExtension;
            _disk.Rename(_renamed[i].Path, path);
            _renamed[i] = _renamed[i] with { Path = path };
        }
    }

    private void AddSpare(Leaving left)
    {
        string path = left.Path;
        SegmentMapping mapping = TakeMapped(left.Sequence)?.Mapping ?? _disk.OpenSegment(path);
        if (mapping.Bytes == _settings.SegmentBytes)
        {
            _spares.Enqueue(new Spare(path, mapping));
            return;
        }

        mapping.Dispose();
        _disk.Delete(path);
    }

    private JournalSegment? TakeMapped(long sequence)
    {
        lock (_mapped)
        {
            return _mapped.Remove(sequence, out JournalSegment? segment) ? segment : null;
        }
    }

    private readonly record struct Leaving(long Sequence, string Path);

    private readonly record struct Spare(string Path, SegmentMapping Mapping);
}
