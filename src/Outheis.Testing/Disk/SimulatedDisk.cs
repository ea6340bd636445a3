using System.Text;

namespace Outheis.Testing;

/// <summary>
/// A disk of memory under a kernel's journal: what a killed process or a power failure leaves of it is a
/// <see cref="DiskImage"/>, and it fails on demand or by chance. Nothing in it depends on time or on the machine.
/// </summary>
/// <remarks>
/// Like a file system in what it promises: bytes and names are seen by everybody at once, and are on the device only
/// after a sync of the file, or of the directory. A file's page is 4096 bytes, a sector 512.
/// Any thread, but only with one thread do equal choices give equal runs.
/// </remarks>
public sealed class SimulatedDisk : IJournalDisk
{
    private readonly Lock _gate = new();                       // all below; a journal's preparer may be a thread
    private readonly DiskFaultSource _faults;
    private readonly DiskTree _tree;
    private readonly HashSet<string> _locked = [];             // of this boot's process: no image has them
    private long _free = long.MaxValue;
    private long _bytesSynced;
    private int _populates;

    /// <summary>An empty disk.</summary>
    /// <param name="choices">Decides which calls fail; zeros if left out.</param>
    /// <param name="faults">How often they fail; never if left out.</param>
    public SimulatedDisk(Choices? choices = null, DiskFaults? faults = null)
        : this(new DiskTree(), choices, faults)
    {
    }

    private SimulatedDisk(DiskTree tree, Choices? choices, DiskFaults? faults)
    {
        _tree = tree;
        _faults = new DiskFaultSource(choices ?? new Choices([]), faults ?? DiskFaults.None);
    }

    /// <summary>Differs after a power cut and after <see cref="Reboot"/>.</summary>
    public Guid BootId
    {
        get
        {
            lock (_gate)
            {
                return new Guid(_tree.Boot, 0, 0, new byte[8]);
            }
        }
    }

    /// <summary>Bytes left for new files; without a limit at first. What is deleted comes back.</summary>
    public long Free
    {
        get
        {
            lock (_gate)
            {
                return _free;
            }
        }

        set
        {
            lock (_gate)
            {
                _free = value;
            }
        }
    }

    /// <summary>The paths of all files, in order.</summary>
    public IReadOnlyList<string> Files
    {
        get
        {
            lock (_gate)
            {
                return [.. _tree.Files];
            }
        }
    }

    /// <summary>The faults so far, and what else befell the disk.</summary>
    public IReadOnlyList<string> Events
    {
        get
        {
            lock (_gate)
            {
                return [.. _faults.Events];
            }
        }
    }

    /// <summary>Called before each call that may fail, on the caller's thread.</summary>
    internal Action? BeforeCall
    {
        set => _faults.Before = value;
    }

    /// <summary>How often pages were asked for ahead.</summary>
    public int Populates => Volatile.Read(ref _populates);

    /// <summary>How often a verb was called, the failures included.</summary>
    /// <param name="verb">Which.</param>
    public int Calls(DiskVerb verb)
    {
        lock (_gate)
        {
            return _faults.Calls(verb);
        }
    }

    /// <summary>Bytes that syncs found dirty and wrote.</summary>
    public long BytesSynced => Volatile.Read(ref _bytesSynced);

    /// <summary>A disk that begins with an image, which stays what it is. Locks are free.</summary>
    /// <param name="image">What a disk left.</param>
    /// <param name="choices">Decides which calls fail; zeros if left out.</param>
    /// <param name="faults">How often they fail; never if left out.</param>
    public static SimulatedDisk From(DiskImage image, Choices? choices = null, DiskFaults? faults = null)
    {
        ArgumentNullException.ThrowIfNull(image);
        return new SimulatedDisk(image.CopyTree(), choices, faults) { _free = image.Free };
    }

    /// <summary>What a killed process leaves: every byte it wrote and every name it gave, durable or not, on a machine
    /// that runs on.</summary>
    public DiskImage Snapshot()
    {
        lock (_gate)
        {
            return new DiskImage(_tree.Clone(), _free);
        }
    }

    /// <summary>
    /// What a power failure leaves: all that is durable, and of the rest any part. A dirty page may be there, missing
    /// or torn between two sectors; of the changes to a directory's names the last ones may be missing; a file whose
    /// length is not durable may be empty.
    /// </summary>
    /// <param name="choices">Decides what; zeros lose nothing.</param>
    public DiskImage PowerCut(Choices choices)
    {
        ArgumentNullException.ThrowIfNull(choices);
        lock (_gate)
        {
            return AfterCut(_tree.CutPower(choices, _faults.Faults.NamesInAnyOrder));
        }
    }

    /// <summary>What a power failure leaves at the least: what is durable.</summary>
    public DiskImage PowerCutLosingAll()
    {
        lock (_gate)
        {
            return AfterCut(_tree.CutPower(null, false));
        }
    }

    /// <summary>The system writes some dirty pages by itself. A later power cut then finds them in this state, also
    /// when they were changed once more.</summary>
    /// <param name="choices">Decides which.</param>
    public void WriteBack(Choices choices)
    {
        ArgumentNullException.ThrowIfNull(choices);
        lock (_gate)
        {
            _tree.WriteBack(choices);
        }
    }

    /// <summary>The machine goes down and up in good order: everything reaches the device first.</summary>
    public void Reboot()
    {
        lock (_gate)
        {
            _tree.SyncAll();
            _tree.Reboot();
        }
    }

    /// <summary>Lets the next calls of a verb fail, chance or not.</summary>
    /// <param name="verb">Which.</param>
    /// <param name="times">How many calls; 0 ends it.</param>
    public void FailNext(DiskVerb verb, int times = 1)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(times);
        lock (_gate)
        {
            _faults.FailNext(verb, times);
        }
    }

    /// <summary>The bytes of a file, to look at or to damage: what processes see.</summary>
    /// <param name="path">An existing file.</param>
    public Span<byte> Bytes(string path)
    {
        lock (_gate)
        {
            return _tree.FindFile(path).Content!.Memory;
        }
    }

    /// <summary>Reads the journal in a directory of this disk, also beside its writer.</summary>
    /// <param name="directory">The directory that the kernel was given.</param>
    /// <param name="archive">Its archive on this disk, if that is to be read too.</param>
    public JournalReader ReadJournal(string directory, string? archive = null) =>
        JournalReader.Open(directory, this, archive is null ? null : new JournalQuery { Archive = archive });

    /// <summary>Some lines for a failed test: what is there, what was called, what failed.</summary>
    public string Describe()
    {
        lock (_gate)
        {
            string files = string.Concat(
                _tree.Files.Select(path => $"\n  {path} {_tree.FindFile(path).Content!.Bytes}"));
            return $"simulated disk, boot {_tree.Boot}, {_bytesSynced} bytes synced{files}\n{_faults.Describe()}";
        }
    }

    /// <summary>Makes a directory and those above it.</summary>
    /// <param name="path">Absolute.</param>
    public void CreateDirectory(string path)
    {
        lock (_gate)
        {
            _tree.CreateDirectory(path);
        }
    }

    /// <summary>Names directly in a directory; null when there is none.</summary>
    /// <param name="directory">Absolute.</param>
    public IReadOnlyList<string>? List(string directory)
    {
        lock (_gate)
        {
            return _tree.List(directory);
        }
    }

    /// <summary>Gives a file another name in the same directory, replacing what had it.</summary>
    /// <param name="from">An existing file.</param>
    /// <param name="to">Its new name.</param>
    public void Rename(string from, string to)
    {
        lock (_gate)
        {
            _faults.ThrowIfFails(DiskVerb.Rename, from);
            GiveBack(_tree.Rename(from, to));
        }
    }

    /// <summary>Takes a file's name away; nothing when there is none.</summary>
    /// <param name="path">Of the file.</param>
    public void Delete(string path)
    {
        lock (_gate)
        {
            GiveBack(_tree.Delete(path));
        }
    }

    /// <summary>Writes a small file and makes it durable, its name not. What fails leaves it short.</summary>
    /// <param name="path">Of the file; an earlier one is replaced.</param>
    /// <param name="content">All of it.</param>
    public void WriteAside(string path, ReadOnlySpan<byte> content)
    {
        lock (_gate)
        {
            GiveBack(_tree.Delete(path));
            bool fails = _faults.Fails(DiskVerb.Create, path);
            int bytes = (int)Math.Min(fails ? content.Length / 2 : content.Length, _free);
            DiskContent file = _tree.CreateFile(path, new DiskContent(bytes, allocated: false)).Content!;
            content[..bytes].CopyTo(file.Memory);
            Take(bytes);
            if (fails || bytes < content.Length)
            {
                throw fails ? DiskFaultSource.Failure(path) : _faults.Full(path);
            }

            Sync(file, path);
        }
    }

    /// <summary>Makes the names in a directory durable.</summary>
    /// <param name="path">Of the directory.</param>
    public void SyncDirectory(string path)
    {
        lock (_gate)
        {
            if (_faults.Fails(DiskVerb.SyncDirectory, path))
            {
                _tree.DropNames(path);
                throw DiskFaultSource.Failure(path);
            }

            _tree.SyncNames(path);
        }
    }

    IJournalLock? IJournalDisk.TryLock(string path, out string owner)
    {
        lock (_gate)
        {
            DiskNode file = _tree.Find(path) ?? _tree.CreateFile(path, new DiskContent(0, allocated: false));
            owner = Encoding.UTF8.GetString(file.Content!.Seen);
            return _locked.Add(path) ? new DiskLock(this, file, path) : null;
        }
    }

    SegmentMapping IJournalDisk.CreateSegment(string path, int bytes)
    {
        lock (_gate)
        {
            _faults.ThrowIfFails(DiskVerb.Create, path);
            if (_tree.Find(path) is not null)
            {
                throw new IOException($"{path} exists");
            }

            if (_free < bytes)
            {
                throw _faults.Full(path);
            }

            DiskNode file = _tree.CreateFile(path, new DiskContent(bytes, allocated: true));
            Take(bytes);
            return new DiskMapping(file.Content!, path);
        }
    }

    SegmentMapping IJournalDisk.OpenSegment(string path)
    {
        lock (_gate)
        {
            _faults.ThrowIfFails(DiskVerb.Open, path);
            return new DiskMapping(_tree.FindFile(path).Content!, path);
        }
    }

    ISegmentFile IJournalDisk.OpenRead(string path)
    {
        lock (_gate)
        {
            _faults.ThrowIfFails(DiskVerb.Open, path);
            return new DiskReader(_tree.FindFile(path).Content!);
        }
    }

    void IJournalDisk.SyncFile(SegmentMapping segment)
    {
        lock (_gate)
        {
            Sync(((DiskMapping)segment).Content, segment.Path);
        }
    }

    void IJournalDisk.Populate(SegmentMapping segment, long offset, long bytes) =>
        Interlocked.Increment(ref _populates);

    internal void Unlock(string path)
    {
        lock (_gate)
        {
            _locked.Remove(path);
        }
    }

    internal void WriteOwner(DiskNode file, string path, string text)
    {
        lock (_gate)
        {
            byte[] bytes = Encoding.UTF8.GetBytes(text);
            var content = new DiskContent(bytes.Length, allocated: false);
            bytes.CopyTo(content.Memory);
            file.Content = content;
            Sync(content, path);
        }
    }

    private void Sync(DiskContent file, string path)
    {
        if (_faults.Fails(DiskVerb.SyncFile, path))
        {
            file.DropDirty();
            throw DiskFaultSource.Failure(path);
        }

        _bytesSynced += file.Sync();
    }

    // Files that are lost, and such as came back by their old names, change what is left.
    private DiskImage AfterCut(DiskTree found) =>
        new(found, _free == long.MaxValue ? _free : Math.Max(0, _free + _tree.Bytes - found.Bytes));

    private void Take(int bytes) => _free -= _free == long.MaxValue ? 0 : bytes;

    private void GiveBack(DiskNode? file) =>
        _free = Math.Min(_free, long.MaxValue - (file?.Content?.Bytes ?? 0)) + (file?.Content?.Bytes ?? 0);
}
