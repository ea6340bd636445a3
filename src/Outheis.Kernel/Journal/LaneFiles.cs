namespace Outheis;

/// <summary>Where the segments of one lane are: in its directory and, those that it gave up, in its archive.</summary>
/// <param name="disk">Of both.</param>
/// <param name="lane">Its number.</param>
/// <param name="directory">Of the lane.</param>
/// <param name="archive">Of the same lane; null: nothing is looked for elsewhere.</param>
internal sealed class LaneFiles(IJournalDisk disk, int lane, string directory, string? archive = null)
{
    public IJournalDisk Disk => disk;

    public int Lane => lane;

    public string Directory => directory;

    /// <summary>The directory is an archive: it may end with any segment, with nobody to go on.</summary>
    public bool IsArchive { get; init; }

    /// <summary>Where to look for a segment, in this order.</summary>
    public IReadOnlyList<string> Places { get; } = archive is null ? [directory] : [directory, archive];

    /// <summary>Every lane of a journal.</summary>
    public static IEnumerable<LaneFiles> Find(IJournalDisk disk, string journal, string? archive = null)
    {
        IReadOnlyList<string> names = disk.List(journal) ?? [];
        bool isArchive = !names.Contains(JournalDirectory.LockName);
        foreach (string name in names)
        {
            if (JournalSegment.TryParseLane(name, out int lane))
            {
                string? archived = archive is null ? null : Path.Combine(archive, name);
                yield return new LaneFiles(disk, lane, Path.Combine(journal, name), archived)
                {
                    IsArchive = isArchive,
                };
            }
        }
    }

    /// <summary>The numbers of all that there are now, in order.</summary>
    public List<long> Sequences() =>
        JournalSegment.Sequences(Places.SelectMany(place => disk.List(place) ?? []).Distinct());

    /// <summary>Whether the lane itself has begun a newer segment and has this one no more, or never had it.</summary>
    public bool HasGivenUp(long sequence) =>
        JournalSegment.Sequences(disk.List(directory) ?? []) is [long oldest, ..] && oldest > sequence;

    /// <summary>Whether it is the last one of an archive that is read by itself.</summary>
    public bool EndsWith(long sequence) => IsArchive && Sequences() is [.., long newest] && newest <= sequence;
}
