namespace Outheis;

/// <summary>
/// The files of one lane. A file named .seg always has its true header: it is made or recycled under another
/// name, then renamed. What has another name is rubbish after a crash, except what recovery set aside. New
/// files are made durable before they are named. Of a recycled one the old name is gone from the disk before a byte is
/// overwritten; the new name comes with the next Sync, since the disk would have to take the whole old lap first (after
/// a power failure it may be there without its header: see JournalRecovery). One caller at a time (see LaneSegments).
/// </summary>
internal sealed class LaneStore(
    IJournalDisk disk, string directory, int lane, JournalSettings settings, uint run, TimeProvider time,
    long oldest) : IDisposable
{
    public const string TemporaryExtension = ".tmp";
    public const string TemporaryName = "preparing" + TemporaryExtension;

    // Its own lock; segments that were left, to be recycled with the mapping that they have.
    private readonly Dictionary<long, JournalSegment> _mapped = [];
    private readonly Queue<long> _renamed = new();      // given up, but perhaps not yet on the disk
    private readonly Queue<Spare> _spares = new();      // given up on the disk too: to be overwritten
    private long _oldest = oldest;    // lowest sequence on the disk
    private bool _unsyncedNames = true;      // of recycled files, those of a killed run too

    public IJournalDisk Disk => disk;

    public string Directory => directory;

    public int PayloadBytesMax =>
        settings.SegmentBytes - JournalLimits.SegmentHeaderBytes - JournalLimits.TailBytes
        - RecordHeader.Bytes - RecordHeader.Alignment;

    /// <summary>Makes segment <paramref name="sequence"/>: from one of the oldest files when enough newer ones are
    /// kept.</summary>
    public JournalSegment Prepare(long sequence, long firstPosition, long current)
    {
        bool recycled = TryTakeSpare(current, out Spare spare);
        string path = recycled ? spare.Path : Path.Combine(directory, TemporaryName);
        SegmentMapping? mapping = spare.Mapping;
        try
        {
            if (mapping is null)
            {
                disk.Delete(path);
                mapping = disk.CreateSegment(path, settings.SegmentBytes);
            }

            WriteHeader(mapping, sequence, firstPosition);
            if (!recycled)
            {
                disk.SyncFile(mapping);
            }

            disk.Rename(path, PathOf(sequence));
            if (recycled)
            {
                Volatile.Write(ref _unsyncedNames, true);      // R14: after the renaming. Read by A14.
            }
            else
            {
                disk.SyncDirectory(directory);
            }

            disk.Populate(mapping, 0, Math.Min(2 * JournalLimits.WindowBytes, mapping.Bytes));
            return new JournalSegment(mapping);
        }
        catch
        {
            mapping?.Dispose();
            DropTemporary(path);
            throw;
        }
    }

    /// <summary>The appender has left this segment. Where files are recycled, its mapping waits for that with its
    /// pages: mapping it anew would cost a fault per page.</summary>
    public void Retire(long sequence, JournalSegment segment)
    {
        lock (_mapped)
        {
            if (settings.RetainSegments is not null && segment.Bytes == settings.SegmentBytes
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

    /// <summary>Makes the files from this sequence on durable, the current one last.</summary>
    public void Sync(long from, JournalSegment current)
    {
        try
        {
            for (long sequence = Math.Max(from, _oldest); sequence < current.Sequence; sequence++)
            {
                SyncRetired(sequence);
            }

            disk.SyncFile(current.Mapping);
            if (Interlocked.Exchange(ref _unsyncedNames, false))      // A14: pairs with R14
            {
                disk.SyncDirectory(directory);
            }
        }
        catch (IOException error) when (error is not JournalException)
        {
            throw new JournalException(
                $"The journal could not make lane {lane} in {directory} durable: {error.Message} What was "
                + "appended since the last success may be lost by a power failure. Check the disk; do not "
                + "rely on a retry.", error);
        }
    }

    // The preparer may recycle it at this moment: then it is given up, not in need of being durable.
    private void SyncRetired(long sequence)
    {
        try
        {
            using SegmentMapping retired = disk.OpenSegment(PathOf(sequence));
            disk.SyncFile(retired);
        }
        catch (FileNotFoundException)
        {
        }
    }

    public string PathOf(long sequence) => Path.Combine(directory, JournalSegment.NameOf(sequence));

    private bool TryTakeSpare(long current, out Spare spare)
    {
        if (_spares.Count == 0 && settings.RetainSegments is { } retained)
        {
            GiveUp(current - retained + 1);
        }

        return _spares.TryDequeue(out spare);
    }

    // Takes files out of the history, several of small ones at a time: the disk has to be waited for, once. Only then
    // may a byte be overwritten: a damaged lap under its old name would hide all that follows it. Whatever fails here,
    // the next call goes on where this one stopped.
    private void GiveUp(long keepFrom)
    {
        int batch = Math.Clamp(JournalLimits.SpareBytes / settings.SegmentBytes, 1, JournalLimits.SparesMax);
        while (_oldest < keepFrom - batch)
        {
            TakeMapped(_oldest)?.Dispose();
            disk.Delete(PathOf(_oldest));       // more than are needed: fewer are retained than before
            Volatile.Write(ref _oldest, _oldest + 1);
        }

        while (_oldest < keepFrom && (_renamed.Count > 0 || _oldest == keepFrom - batch))
        {
            disk.Rename(PathOf(_oldest), SparePath(_oldest));
            _renamed.Enqueue(_oldest);
            Volatile.Write(ref _oldest, _oldest + 1);
        }

        if (_renamed.Count > 0)
        {
            disk.SyncDirectory(directory);
        }

        while (_renamed.TryPeek(out long sequence))
        {
            AddSpare(sequence);
            _renamed.Dequeue();
        }
    }

    private void AddSpare(long sequence)
    {
        string path = SparePath(sequence);
        SegmentMapping mapping = TakeMapped(sequence)?.Mapping ?? disk.OpenSegment(path);
        if (mapping.Bytes == settings.SegmentBytes)
        {
            _spares.Enqueue(new Spare(path, mapping));
            return;
        }

        mapping.Dispose();
        disk.Delete(path);
    }

    private string SparePath(long sequence) =>
        Path.Combine(directory, JournalSegment.NameOf(sequence) + TemporaryExtension);

    private JournalSegment? TakeMapped(long sequence)
    {
        lock (_mapped)
        {
            return _mapped.Remove(sequence, out JournalSegment? segment) ? segment : null;
        }
    }

    private unsafe void WriteHeader(SegmentMapping mapping, long sequence, long firstPosition)
    {
        ref SegmentHeader header = ref *(SegmentHeader*)mapping.Pointer;
        header = new SegmentHeader
        {
            Magic = SegmentHeader.MagicNumber,
            Version = JournalLimits.FormatVersion,
            Lane = lane,
            Sequence = sequence,
            FirstPosition = firstPosition,
            SegmentBytes = settings.SegmentBytes,
            Run = run,
            UtcTicks = time.GetUtcNow().UtcTicks,
            Boot = disk.BootId,
        };
        header.Crc = header.ComputeCrc();
        *(int*)(mapping.Pointer + JournalLimits.SegmentHeaderBytes) = 0;    // I1 of JournalLane
    }

    // What happened already is worth more to the caller than what happens to the rubbish.
    private void DropTemporary(string temporary)
    {
        try
        {
            disk.Delete(temporary);
        }
        catch (IOException)
        {
        }
    }

    private readonly record struct Spare(string Path, SegmentMapping Mapping);
}
