using System.Diagnostics.CodeAnalysis;

namespace Outheis;

/// <summary>
/// Reads a journal, also while a kernel writes it: takes no lock, changes nothing, stalls nobody. One thread
/// at a time.
/// </summary>
/// <remarks>Order: a record comes after the record named by its cause, and Consumed after the messages it
/// lists, as far as those are read; records of one lane keep their order; otherwise run, time and
/// lane decide.</remarks>
public sealed class JournalReader : IDisposable
{
    private readonly IJournalDisk _disk;
    private readonly string _directory;
    private readonly string? _archive;
    private readonly JournalNames _names = new();
    private readonly LaneMerge _lanes;
    private readonly RandomReader _random;
    private RecordFilter? _filter;       // null: everything
    private long _bytesRead;
    private bool _isAtEnd = true;        // the next call looks at all lanes again

    private JournalReader(IJournalDisk disk, string directory, string? archive)
    {
        _disk = disk;
        _directory = directory;
        _archive = archive;
        _lanes = new LaneMerge(_names);
        _random = new RandomReader(Files);
    }

    /// <summary>Where and why each lane ended, as far as it has been read.</summary>
    public IReadOnlyList<LaneEnd> Ends =>
        [.. _lanes.Lanes.Select(static lane => lane.End).Where(static end => end is not null)];

    /// <summary>What the writer gave up before this reader came to it. Reading went on with the oldest there
    /// was.</summary>
    public IReadOnlyList<LaneLoss> Losses => [.. _lanes.Lanes.SelectMany(static lane => lane.Losses)];

    /// <summary>Bytes of the records read so far, those included that were not asked for. Any thread, about.</summary>
    public long BytesRead => Interlocked.Read(ref _bytesRead);

    /// <summary>Opens the journal in a directory, to read all of it.</summary>
    /// <param name="directory">The directory that the kernel was given, or its archive.</param>
    /// <exception cref="JournalException">There is no journal, or its format is newer than this
    /// program.</exception>
    public static JournalReader Open(string directory)
    {
        ArgumentException.ThrowIfNullOrEmpty(directory);
        return Open(Path.GetFullPath(directory), SystemJournalDisk.Instance);
    }

    /// <summary>Opens the journal in a directory, to read some of it.</summary>
    /// <param name="directory">The directory that the kernel was given.</param>
    /// <param name="query">Which records.</param>
    /// <exception cref="JournalException">There is no journal, its format is newer than this program, or it has not
    /// the lane that the query begins in.</exception>
    /// <remarks>Cost: what lies before is not read where segments have their indexes; one without is read once.
    /// </remarks>
    public static JournalReader Open(string directory, JournalQuery query)
    {
        ArgumentException.ThrowIfNullOrEmpty(directory);
        return Open(Path.GetFullPath(directory), SystemJournalDisk.Instance, query);
    }

    internal static JournalReader Open(string directory, IJournalDisk disk, JournalQuery? query = null)
    {
        NamesIn(directory, disk);
        string? archive = query?.Archive is { } path ? Path.GetFullPath(path) : null;
        var reader = new JournalReader(disk, directory, archive);
        reader.FindLanes();
        foreach (LaneReader lane in reader._lanes.Lanes)
        {
            JournalRecovery.Inspect(disk, lane.Files.Directory, lane.Lane);
        }

        reader.Begin(query);
        return reader;
    }

    /// <summary>Goes to the next record. False at the present end of every lane; a later call looks again.</summary>
    /// <param name="record">Valid until the next call.</param>
    /// <remarks>Cost: allocates nothing, except for what tells a name. Every record is verified by its
    /// checksum.</remarks>
    public bool TryRead(out JournalRecord record) => TryRead(out record, CancellationToken.None);

    /// <summary>Likewise, until a token fires.</summary>
    /// <param name="record">Valid until the next call.</param>
    /// <param name="cancellationToken">Looked at for each record that is not asked for; a later call goes on.</param>
    /// <exception cref="OperationCanceledException">The token fired.</exception>
    public bool TryRead(out JournalRecord record, CancellationToken cancellationToken)
    {
        if (_isAtEnd)
        {
            FindLanes();
            _lanes.LookAgain();
        }

        _isAtEnd = true;      // unless there is one; also when the disk fails in between

        while (_lanes.Take() is { } lane)
        {
            _bytesRead += RecordHeader.Aligned(lane.Payload.Length);
            if (_filter is null || _filter.Accepts(lane))
            {
                _isAtEnd = false;
                record = new JournalRecord(lane, _names);
                return true;
            }

            if (cancellationToken.IsCancellationRequested)
            {
                _isAtEnd = false;
                cancellationToken.ThrowIfCancellationRequested();
            }
        }

        record = default;
        return false;
    }

    /// <summary>The records up to the present end of every lane. A later call goes on from there.</summary>
    /// <param name="cancellationToken">As for <see cref="TryRead(out JournalRecord, CancellationToken)"/>.</param>
    public IEnumerable<JournalEntry> Read(CancellationToken cancellationToken = default)
    {
        cancellationToken.ThrowIfCancellationRequested();
        while (ReadEntry(cancellationToken) is { } entry)
        {
            yield return entry;
            cancellationToken.ThrowIfCancellationRequested();
        }
    }

    /// <summary>The records up to the present end of every lane, and then those that are written, until the token
    /// fires.</summary>
    /// <param name="cancellationToken">Ends it.</param>
    /// <remarks>Cost: beside a lane in which nothing happens, a few small reads, twenty times a second. What is given
    /// up before it is read is told by <see cref="Losses"/>.</remarks>
    public IAsyncEnumerable<JournalEntry> FollowAsync(CancellationToken cancellationToken = default) =>
        JournalFollow.Entries(this, cancellationToken);

    /// <summary>Reads one record, wherever this reader is, and whatever it was asked for.</summary>
    /// <param name="position">Where the record begins.</param>
    /// <param name="entry">The record.</param>
    /// <returns>False when no record begins there, it is damaged, or it is no longer there.</returns>
    /// <remarks>Cost: some hundred microseconds where the segment has its index; else the segment is read once.
    /// </remarks>
    public bool TryRead(long position, [NotNullWhen(true)] out JournalEntry? entry) =>
        _random.TryRead(position, out entry);

    /// <summary>Releases the files.</summary>
    public void Dispose()
    {
        _lanes.Dispose();
        _random.Dispose();
    }

    /// <summary>What is in the directory of a journal; throws when it is none.</summary>
    internal static IReadOnlyList<string> NamesIn(string directory, IJournalDisk disk)
    {
        try
        {
            IReadOnlyList<string> names = disk.List(directory) ?? [];
            return names.Any(static name =>
                name == JournalDirectory.LockName || JournalSegment.TryParseLane(name, out _))
                ? names
                : throw new JournalException(
                    $"{directory} holds no journal. Name the directory that the kernel was given.");
        }
        catch (Exception error) when (error is not JournalException and (IOException or UnauthorizedAccessException))
        {
            throw new JournalException($"{directory} cannot be read as a journal: {error.Message}", error);
        }
    }

    /// <summary>What the records so far tell of agents and types.</summary>
    internal JournalNames Names => _names;

    internal JournalEntry? ReadEntry(CancellationToken cancellationToken = default) =>
        TryRead(out JournalRecord record, cancellationToken) ? record.ToEntry() : null;

    private void Begin(JournalQuery? query)
    {
        if (query is not null)
        {
            var start = new JournalStart(_lanes, _names);
            _filter = new RecordFilter(query, start.Seek(query), _names);
        }
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
