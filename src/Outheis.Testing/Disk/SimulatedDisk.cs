using System.Globalization;
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
    private static readonly int Verbs = Enum.GetValues<DiskVerb>().Length;

    private readonly Lock _gate = new();                       // all below; a journal's preparer may be a thread
    private readonly Choices _choices;
    private readonly DiskFaults _faults;
    private readonly DiskTree _tree;
    private readonly HashSet<string> _locked = [];             // of this boot's process: no image has them
    private readonly List<string> _events = [];
    private readonly int[] _failing = new int[Verbs];          // how many of the next calls, by verb
    private readonly int[] _calls = new int[Verbs];
    private long _free = long.MaxValue;
    private long _bytesSynced;
    private int _populates;

    /// <summary>An empty disk that never fails by itself.</summary>
    public SimulatedDisk()
        : this(new Choices([]), DiskFaults.None)
    {
    }

    /// <summary>An empty disk.</summary>
    /// <param name="choices">Decides which calls fail.</param>
    /// <param name="faults">How often.</param>
    public SimulatedDisk(Choices choices, DiskFaults faults)
        : this(choices, faults, new DiskTree())
    {
    }

    private SimulatedDisk(Choices choices, DiskFaults faults, DiskTree tree)
    {
        ArgumentNullException.ThrowIfNull(choices);
        ArgumentNullException.ThrowIfNull(faults);
        _choices = choices;
        _faults = faults;
        _tree = tree;
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
                return [.. _events];
            }
        }
    }

    /// <summary>How often pages were asked for ahead.</summary>
    public int Populates => Volatile.Read(ref _populates);

    /// <summary>How often a verb was called, the failures included.</summary>
    /// <param name="verb">Which.</param>
    public int Calls(DiskVerb verb) => Volatile.Read(ref _calls[(int)verb]);

    /// <summary>Bytes that syncs found dirty and wrote.</summary>
    public long BytesSynced => Volatile.Read(ref _bytesSynced);

    /// <summary>A disk that begins with an image, which stays what it is. Locks are free.</summary>
    /// <param name="image">What a disk left.</param>
    public static SimulatedDisk From(DiskImage image) => From(image, new Choices([]), DiskFaults.None);

    /// <summary>A disk that begins with an image, which stays what it is. Locks are free.</summary>
    /// <param name="image">What a disk left.</param>
    /// <param name="choices">Decides which calls fail.</param>
    /// <param name="faults">How often.</param>
    public static SimulatedDisk From(DiskImage image, Choices choices, DiskFaults faults)
    {
        ArgumentNullException.ThrowIfNull(image);
        return new SimulatedDisk(choices, faults, image.CopyTree()) { _free = image.Free };
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
    /// What a power failure leaves: all that is durable, and of the rest any part. A dirty page may be there, be missing
    /// or be torn between two sectors; of the changes to a directory's names the last ones may be missing; a file whose
    /// length is not durable may be empty.
    /// </summary>
    /// <param name="choices">Decides what; zeros lose nothing.</param>
    public DiskImage PowerCut(Choices choices)
    {
        ArgumentNullException.ThrowIfNull(choices);
        lock (_gate)
        {
            return new DiskImage(_tree.Clone().CutPower(choices, _faults.NamesInAnyOrder), _free);
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
            _failing[(int)verb] = times;
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
    public JournalReader ReadJournal(string directory) => JournalReader.Open(directory, this);

    /// <summary>Some lines for a failed test: what is there, what was called, what failed.</summary>
    public string Describe()
    {
        lock (_gate)
        {
            var text = new StringBuilder();
            text.Append(CultureInfo.InvariantCulture, $"simulated disk, boot {_tree.Boot}:");
            foreach (DiskVerb verb in Enum.GetValues<DiskVerb>())
            {
                text.Append(CultureInfo.InvariantCulture, $" {verb} {_calls[(int)verb]},");
            }

            text.Append(CultureInfo.InvariantCulture, $" {_bytesSynced} bytes synced");
            foreach (string path in _tree.Files)
            {
                text.Append(CultureInfo.InvariantCulture, $"\n  {path} {_tree.FindFile(path).Content!.Bytes}");
            }

            _events.ForEach(line => text.Append("\n  ").Append(line));
            return text.ToString();
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
            ThrowIfFails(DiskVerb.Rename, from);
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

    /// <summary>Writes a small file of its own and makes it durable, its name not. What fails leaves it short.</summary>
    /// <param name="path">Of the file; an earlier one is replaced.</param>
    /// <param name="content">All of it.</param>
    public void WriteAside(string path, ReadOnlySpan<byte> content)
    {
        lock (_gate)
        {
            GiveBack(_tree.Delete(path));
            bool fails = Fails(DiskVerb.Create, path);
            int bytes = (int)Math.Min(fails ? content.Length / 2 : content.Length, _free);
            DiskContent file = _tree.CreateFile(path, new DiskContent(bytes, allocated: false)).Content!;
            content[..bytes].CopyTo(file.Memory);
            Take(bytes);
            if (fails || bytes < content.Length)
            {
                throw fails ? Failure(path) : Full(path);
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
            if (Fails(DiskVerb.SyncDirectory, path))
            {
                _tree.DropNames(path);
                throw Failure(path);
            }

            _tree.SyncNames(path);
        }
    }

    IJournalLock? IJournalDisk.TryLock(string path, out string owner)
    {
        lock (_gate)
        {
            DiskNode file = _tree.Find(path) ?? _tree.CreateFile(path, new DiskContent(0, allocated: false));
            owner = Encoding.UTF8.GetString(file.Content!.Memory);
            return _locked.Add(path) ? new DiskLock(this, file, path) : null;
        }
    }

    SegmentMapping IJournalDisk.CreateSegment(string path, int bytes)
    {
        lock (_gate)
        {
            ThrowIfFails(DiskVerb.Create, path);
            if (_tree.Find(path) is not null)
            {
                throw new IOException($"{path} exists");
            }

            if (_free < bytes)
            {
                throw Full(path);
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
            ThrowIfFails(DiskVerb.Open, path);
            return new DiskMapping(_tree.FindFile(path).Content!, path);
        }
    }

    ISegmentFile IJournalDisk.OpenRead(string path)
    {
        lock (_gate)
        {
            ThrowIfFails(DiskVerb.Open, path);
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
        if (Fails(DiskVerb.SyncFile, path))
        {
            file.DropDirty();
            throw Failure(path);
        }

        _bytesSynced += file.Sync();
    }

    private void ThrowIfFails(DiskVerb verb, string path)
    {
        if (Fails(verb, path))
        {
            throw Failure(path);
        }
    }

    private bool Fails(DiskVerb verb, string path)
    {
        int call = ++_calls[(int)verb];
        ref int failing = ref _failing[(int)verb];
        bool fails = failing > 0 || _choices.Chance(_faults.OneIn(verb));
        failing -= failing > 0 ? 1 : 0;
        if (fails)
        {
            _events.Add(string.Create(CultureInfo.InvariantCulture, $"{verb} call {call} fails: {path}"));
        }

        return fails;
    }

    private static IOException Failure(string path) => new($"Input/output error: {path}");

    private IOException Full(string path)
    {
        _events.Add($"full: {path}");
        return new IOException($"No space left on device: {path}");
    }

    private void Take(int bytes) => _free -= _free == long.MaxValue ? 0 : bytes;

    private void GiveBack(DiskNode? file) =>
        _free = Math.Min(_free, long.MaxValue - (file?.Content?.Bytes ?? 0)) + (file?.Content?.Bytes ?? 0);
}
