using System.Runtime.InteropServices;

namespace Outheis;

/// <summary>
/// Reads a journal, also while a kernel writes it: takes no lock, changes nothing, stalls nobody. One thread
/// at a time.
/// </summary>
/// <remarks>Order: a record comes after the record named by its cause, and Consumed after the messages it
/// lists, as far as those are in the journal; records of one lane keep their order; otherwise run, time and
/// lane decide.</remarks>
public sealed class JournalReader : IDisposable
{
    private readonly IJournalDisk _disk;
    private readonly string _directory;
    private readonly string? _archive;
    private readonly bool _isArchive;
    private readonly JournalNames _names = new();
    private readonly List<LaneReader> _lanes = [];
    private readonly LaneReader?[] _laneByNumber = new LaneReader?[JournalLimits.Lanes];

    private bool _found;      // a lane that seemed at its end was not

    private JournalReader(IJournalDisk disk, string directory, string? archive, bool isArchive)
    {
        _disk = disk;
        _directory = directory;
        _archive = archive;
        _isArchive = isArchive;
    }

    /// <summary>Where and why each lane ended, as far as it has been read.</summary>
    public IReadOnlyList<LaneEnd> Ends =>
        [.. _lanes.Select(static lane => lane.End).Where(static end => end is not null)];

    /// <summary>Opens the journal in a directory.</summary>
    /// <param name="directory">The directory that the kernel was given.</param>
    /// <exception cref="JournalException">There is no journal, or its format is newer than this
    /// program.</exception>
    public static JournalReader Open(string directory)
    {
        ArgumentException.ThrowIfNullOrEmpty(directory);
        return Open(Path.GetFullPath(directory), SystemJournalDisk.Instance);
    }

    /// <summary>Opens the journal in a directory together with its archive: what the journal has given up, also while
    /// it is read, is read there.</summary>
    /// <param name="directory">The directory that the kernel was given.</param>
    /// <param name="archive">The archive that it was given. An archive alone opens like a journal.</param>
    /// <exception cref="JournalException">There is no journal, or its format is newer than this
    /// program.</exception>
    public static JournalReader Open(string directory, string archive)
    {
        ArgumentException.ThrowIfNullOrEmpty(directory);
        ArgumentException.ThrowIfNullOrEmpty(archive);
        return Open(Path.GetFullPath(directory), SystemJournalDisk.Instance, Path.GetFullPath(archive));
    }

    internal static JournalReader Open(string directory, IJournalDisk disk, string? archive = null)
    {
        IReadOnlyList<string>? names;
        try
        {
            names = disk.List(directory);
        }
        catch (IOException error)
        {
            throw new JournalException($"{directory} cannot be read as a journal: {error.Message}", error);
        }

        bool isArchive = names is not null && !names.Contains(JournalDirectory.LockName);
        var reader = new JournalReader(disk, directory, archive, isArchive);
        reader.FindLanes();
        if (names is null || (reader._lanes.Count == 0 && !names.Contains(JournalDirectory.LockName)))
        {
            throw new JournalException(
                $"{directory} holds no journal. Name the directory that the kernel was given.");
        }

        foreach (LaneReader lane in reader._lanes)
        {
            JournalRecovery.Inspect(disk, lane.Directory, lane.Lane);
        }

        return reader;
    }

    /// <summary>The records up to the present end of every lane. A later call goes on from there.</summary>
    public IEnumerable<JournalEntry> Read()
    {
        FindLanes();
        foreach (LaneReader lane in _lanes)
        {
            Advance(lane);
        }

        while (Choose() is { } next)
        {
            yield return Take(next);
        }
    }

    /// <summary>Releases the files.</summary>
    public void Dispose()
    {
        foreach (LaneReader lane in _lanes)
        {
            lane.Dispose();
        }
    }

    private void FindLanes()
    {
        foreach (string name in _disk.List(_directory) ?? [])
        {
            if (JournalSegment.TryParseLane(name, out int number) && _laneByNumber[number] is null)
            {
                var lane = new LaneReader(
                    _disk, Path.Combine(_directory, name), number,
                    _archive is null ? null : Path.Combine(_archive, name), _isArchive);
                _laneByNumber[number] = lane;
                _lanes.Add(lane);
            }
        }

        _lanes.Sort(static (left, right) => left.Lane.CompareTo(right.Lane));
    }

    private JournalEntry Take(LaneReader lane)
    {
        var entry = new JournalEntry(lane, _names);
        lane.TryRead();
        NoteHead(lane);
        return entry;
    }

    // A lane keeps its record at hand until that is taken.
    private unsafe void Advance(LaneReader lane)
    {
        if (lane.Record is null && lane.TryRead())
        {
            _found = true;
            NoteHead(lane);
        }
    }

    private unsafe void NoteHead(LaneReader lane)
    {
        if (lane.Record is not null)
        {
            _names.Note(lane);
        }
    }

    private unsafe LaneReader? Choose()
    {
        while (true)
        {
            LaneReader? ready = null, any = null;
            _found = false;
            foreach (LaneReader lane in _lanes)
            {
                if (lane.Record is not null)
                {
                    any = Earlier(any, lane);
                    ready = Earlier(ready, lane) == lane && IsReady(lane) ? lane : ready;
                }
            }

            if (ready is not null || !_found)
            {
                return ready ?? any;      // causes in a circle: no kernel wrote that, but no reason to stop
            }
        }
    }

    private static LaneReader Earlier(LaneReader? left, LaneReader right) =>
        left is null || (right.Run, right.UtcTicks).CompareTo((left.Run, left.UtcTicks)) < 0 ? right : left;

    private unsafe bool IsReady(LaneReader lane)
    {
        if (!IsPast(lane, lane.Record->Cause))
        {
            return false;
        }

        if (lane.Record->Kind == JournalKind.Consumed)
        {
            foreach (ConsumedEntry entry in MemoryMarshal.Cast<byte, ConsumedEntry>(lane.Payload))
            {
                if (!IsPast(lane, entry.Position))
                {
                    return false;
                }
            }
        }

        return true;
    }

    // What a record names was written before it: if its lane has no record at hand, one more look decides.
    private unsafe bool IsPast(LaneReader asking, long position)
    {
        if (position <= 0 || _laneByNumber[RecordHeader.LaneOf(position)] is not { } lane || lane == asking)
        {
            return true;
        }

        if (lane.Record is null && (lane.End is not { } end || position >= end.Position))
        {
            Advance(lane);
        }

        return lane.Record is null || lane.Position > position;
    }
}
