using System.Globalization;

namespace Outheis;

/// <summary>
/// An open journal: the lock, the lanes, the thread that prepares for them. Lanes belong to their cores;
/// everything here belongs to the thread that opens and closes it, while no lane is being appended to.
/// </summary>
internal sealed class JournalDirectory : IDisposable
{
    public const string LockName = "lock";
    private const string Title = "outheis journal ";

    private readonly IJournalLock _lock;
    private readonly SegmentPreparer _preparer;
    private readonly JournalLane[] _lanes;
    private readonly TimeProvider _time;
    private JournalSealer? _sealer;      // from the end of the opening on
    private bool _closed;

    private JournalDirectory(IJournalLock directoryLock, JournalSettings settings, TimeProvider time, uint run)
    {
        _preparer = new SegmentPreparer(settings.Threads);
        _lock = directoryLock;
        _time = time;
        Run = run;
        _lanes = new JournalLane[settings.Lanes];
    }

    /// <summary>The number of this run. Ids of agents, types and capabilities mean something within a run
    /// only.</summary>
    public uint Run { get; }

    /// <summary>Opens or creates the journal in a directory, repairs it, begins a run.</summary>
    /// <exception cref="JournalInUseException">Somebody else has it open.</exception>
    /// <exception cref="JournalException">Not a journal, of a newer format, or the disk failed.</exception>
    public static JournalDirectory Open(
        string path, JournalSettings settings, IJournalDisk disk, TimeProvider time,
        out RecoveryReport report)
    {
        settings.Check();
        string directory = Path.GetFullPath(path);
        try
        {
            bool isNew = CheckIsJournal(directory, disk.List(directory));
            if (isNew)
            {
                CreateDurably(directory, disk);
            }

            return OpenLocked(directory, settings, disk, time, out report);
        }
        catch (Exception error)
            when (error is not JournalException and (IOException or UnauthorizedAccessException))
        {
            throw new JournalException(
                $"The journal {directory} could not be opened: {error.Message}", error);
        }
    }

    /// <summary>By core.</summary>
    public JournalLane[] Lanes => _lanes;

    /// <summary>The lane of a core. One thread at a time appends to it.</summary>
    public JournalLane Lane(int core) => _lanes[core];

    /// <summary>Any thread, until it is closed.</summary>
    public JournalInfo Describe() => _sealer?.Describe() ?? new JournalInfo(
        [.. _lanes.Select(static lane => new JournalLaneInfo(
            lane.Id, lane.Segments.Store.Oldest, lane.Segments.Newest, -1, -1, 0))], null, null);

    /// <summary>Tells whenever a lane has gone on to its next segment, soon after, on the preparing thread. Before
    /// anything is appended.</summary>
    public void WhenSegmentLeft(Action tell) => _preparer.WhenLeft += tell;

    /// <summary>Ends the run: makes it durable, writes Closed into every lane, releases everything. No lane
    /// may be in use.</summary>
    /// <exception cref="JournalException">Something could not be made durable. All is released nevertheless;
    /// the next opening will find this run not closed.</exception>
    public void Close()
    {
        if (_closed)
        {
            return;
        }

        _closed = true;
        _sealer?.Dispose();
        _preparer.Dispose();
        JournalException? first = null;
        foreach (JournalLane lane in _lanes)
        {
            try
            {
                lane?.Sync();
            }
            catch (JournalException error)
            {
                first ??= error;
            }
        }

        foreach (JournalLane lane in _lanes)
        {
            if (first is null)
            {
                lane?.Close(Run, _time.GetUtcNow().UtcTicks);      // all lanes, or none: each names what is in others
            }

            lane?.Dispose();
        }

        _lock.Dispose();
        if (first is not null)
        {
            throw first;
        }
    }

    /// <summary>Closes; what Close would throw is not seen.</summary>
    public void Dispose()
    {
        try
        {
            Close();
        }
        catch (JournalException)
        {
        }
    }

    // A power failure would take what is in a directory with its name. One level after the other: an opening that is
    // killed leaves one name that may not be durable, that of the newest directory there is.
    internal static void CreateDurably(string directory, IJournalDisk disk)
    {
        var missing = new Stack<string>();
        string at = directory;
        for (; disk.List(at) is null && Path.GetDirectoryName(at) is { } parent; at = parent)
        {
            missing.Push(at);
        }

        try
        {
            SyncName(at, disk);
        }
        catch (UnauthorizedAccessException)
        {
            // Then no opening of ours has made anything there.
        }

        while (missing.TryPop(out string? next))
        {
            disk.CreateDirectory(next);
            SyncName(next, disk);
        }
    }

    private static void SyncName(string directory, IJournalDisk disk)
    {
        if (Path.GetDirectoryName(directory) is { } parent)
        {
            disk.SyncDirectory(parent);
        }
    }

    // True when there is nothing yet.
    private static bool CheckIsJournal(string directory, IReadOnlyList<string>? names)
    {
        if (names is null || names.Count == 0)
        {
            return true;
        }

        bool known = names.Contains(LockName)
            || names.Any(static name => JournalSegment.TryParseLane(name, out _));
        return known ? false : throw new JournalException(
            $"{directory} is not a journal: it holds other files and no lanes. Name an empty directory or a "
            + "new one.");
    }

    private static JournalDirectory OpenLocked(
        string directory, JournalSettings settings, IJournalDisk disk, TimeProvider time,
        out RecoveryReport report)
    {
        string path = Path.Combine(directory, LockName);
        IJournalLock taken = disk.TryLock(path, out string owner)
            ?? throw new JournalInUseException(directory, ReadOwner(owner, "pid", out string pid)
                && int.TryParse(pid, NumberStyles.None, CultureInfo.InvariantCulture, out int id) ? id : 0);
        JournalDirectory? journal = null;
        try
        {
            CheckTitle(path, owner);
            var lanes = InspectLanes(directory, settings.Lanes, disk);
            uint run = lanes.Max(static lane => lane.NewestRun()) + 1;
            ReadOwner(owner, "boot", out string text);
            Guid boot = Guid.TryParse(text, out Guid parsed) ? parsed : default;
            journal = new JournalDirectory(taken, settings, time, run);
            report = journal.Begin(lanes, boot, settings, disk);
            journal.BeginSealing(settings, disk);
            taken.WriteOwner(string.Create(CultureInfo.InvariantCulture,
                $"{Title}{JournalLimits.FormatVersion}\npid {Environment.ProcessId}\n"
                + $"started {time.GetUtcNow():O}\nboot {disk.BootId}\n"));
            return journal;
        }
        catch
        {
            journal?.Abandon();
            taken.Dispose();
            throw;
        }
    }

    private static List<JournalRecovery> InspectLanes(string directory, int wanted, IJournalDisk disk)
    {
        var numbers = new SortedSet<int>(Enumerable.Range(0, wanted));
        foreach (string name in disk.List(directory) ?? [])
        {
            if (JournalSegment.TryParseLane(name, out int lane))
            {
                numbers.Add(lane);
            }
        }

        return [.. numbers.Select(lane => JournalRecovery.Inspect(
            disk, Path.Combine(directory, JournalSegment.LaneName(lane)), lane))];
    }

    private RecoveryReport Begin(
        List<JournalRecovery> found, Guid boot, JournalSettings settings, IJournalDisk disk)
    {
        List<(JournalRecovery Recovery, RecoveredLane Lane)> lanes = [];
        try
        {
            foreach (JournalRecovery recovery in found)
            {
                if (recovery.IsEmpty && recovery.Lane < settings.Lanes)
                {
                    disk.CreateDirectory(recovery.Directory);
                }

                lanes.Add((recovery, recovery.Repair(boot, Run)));
            }

            JournalRecovery.CutDangling(lanes, Run);
            return new RecoveryReport(Run, BeginLanes(lanes, settings, disk));
        }
        catch
        {
            lanes.ForEach(static one => one.Lane.Current?.Dispose());
            throw;
        }
    }

    private List<LaneRecovery> BeginLanes(
        List<(JournalRecovery Recovery, RecoveredLane Lane)> found, JournalSettings settings, IJournalDisk disk)
    {
        List<LaneRecovery> reports = [];
        long[] builtOn = EndsToBuildOn(found, settings);
        foreach ((JournalRecovery recovery, RecoveredLane lane) in found)
        {
            reports.Add(new LaneRecovery(
                recovery.Lane, lane.End(recovery.Lane), lane.Clean, lane.BytesDropped, lane.RecordsDropped));
            if (recovery.Lane < settings.Lanes)
            {
                _lanes[recovery.Lane] = BeginLane(recovery, lane, settings, disk, builtOn);
            }
            else
            {
                lane.Current?.Dispose();
            }
        }

        // always: an opening that was killed may have made lanes and not their names durable
        disk.SyncDirectory(Path.GetDirectoryName(found[0].Recovery.Directory)!);
        return reports;
    }

    // A kernel makes its beginnings of what it finds: states, messages to deliver again. If the power takes some of
    // that later, what was built on it has to go too. Lanes that this run has not will be durable when it begins.
    private static long[] EndsToBuildOn(
        List<(JournalRecovery Recovery, RecoveredLane Lane)> found, JournalSettings settings)
    {
        List<long> ends = [];
        foreach ((JournalRecovery recovery, RecoveredLane lane) in found)
        {
            if (recovery.MayStillLose && recovery.Lane >= settings.Lanes)
            {
                recovery.MakeDurable(lane);
            }

            if (recovery.MayStillLose)
            {
                ends.Add(lane.End(recovery.Lane));
            }
        }

        return [.. ends];
    }

    // What earlier runs left unsealed or not archived, it does in the background.
    private void BeginSealing(JournalSettings settings, IJournalDisk disk)
    {
        if (settings.Seal)
        {
            _sealer = new JournalSealer(_lanes, settings, disk, _time);
            WhenSegmentLeft(_sealer.Signal);
            _sealer.Signal();
        }
    }

    private JournalLane BeginLane(
        JournalRecovery recovery, RecoveredLane found, JournalSettings settings, IJournalDisk disk, long[] builtOn)
    {
        var store = new LaneStore(recovery, found, settings, Run, disk, _time);
        if (found.Current is null || found.IsFull)
        {
            long newest = found.Current?.Sequence ?? found.LostSequence;
            JournalSegment next = store.Prepare(newest + 1, found.End(recovery.Lane), newest);
            found.Current?.Dispose();
            found.Current = next;
            found.Offset = JournalLimits.SegmentHeaderBytes;
        }

        var segments = new LaneSegments(store, _preparer, found.Current, found.Unsynced);
        var lane = new JournalLane(recovery.Lane, segments, found.Current, found.Offset, _time);
        var opened = new OpenedRecord(
            Run, Environment.ProcessId, _time.GetUtcNow().UtcTicks, settings.KernelVersion);
        if (!lane.TryAppend(new RecordHeader { Kind = JournalKind.Opened }, opened)
            || (builtOn.Length > 0
                && !lane.TryAppend(new RecordHeader { Kind = JournalKind.BuiltOn }, new BuiltOnRecord(builtOn))))
        {
            JournalException? refusal = lane.Refusal;
            lane.Dispose();
            throw new JournalException(
                refusal?.Message ?? $"{recovery.Directory} has no room for a run", refusal);
        }

        return lane;
    }

    private static void CheckTitle(string path, string owner)
    {
        // Never written, or lost by a power failure, which may leave zeros: only the lock itself counts.
        if (owner.AsSpan().Trim('\0').IsEmpty)
        {
            return;
        }

        if (!ReadOwner(owner, Title.TrimEnd(), out string version)
            || !int.TryParse(version, NumberStyles.None, CultureInfo.InvariantCulture, out int number))
        {
            throw new JournalException($"{path} is not the lock of a journal. Nothing was changed.");
        }

        if (number > JournalLimits.FormatVersion)
        {
            throw new JournalException(
                $"{path} says the journal has format {number}; this program knows up to "
                + $"{JournalLimits.FormatVersion}. Use a newer version of the program. Nothing was changed.");
        }
    }

    private static bool ReadOwner(string owner, string key, out string value)
    {
        string? line = owner.Split('\n').FirstOrDefault(
            text => text.StartsWith(key + ' ', StringComparison.Ordinal));
        value = line?[(key.Length + 1)..] ?? "";
        return line is not null;
    }

    /// <summary>Lets go without a word, as a killed process does.</summary>
    internal void Abandon()
    {
        _closed = true;
        _sealer?.Dispose();
        _preparer.Dispose();
        foreach (JournalLane lane in _lanes)
        {
            lane?.Dispose();
        }

        _lock.Dispose();
    }
}
