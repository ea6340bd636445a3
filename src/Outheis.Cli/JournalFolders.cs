using System.CommandLine;

namespace Outheis.Cli;

/// <summary>Where a command reads: the journal's folder and, if it was told one, the archive.</summary>
/// <param name="Directory">Of the journal, or of an archive that is read by itself.</param>
/// <param name="Archive">Where the journal's older segments went; null: nobody said.</param>
internal sealed record JournalFolders(string Directory, string? Archive)
{
    private static readonly Option<string?> ArchiveOption = new("--archive")
    {
        Description = "The archive that the journal was given: what the journal has given up is read there.",
        HelpName = "DIR",
    };

    /// <summary>For a command that reads both.</summary>
    public static Option[] Both { get; } = [Options.Journal, ArchiveOption];

    /// <summary>Throws a <see cref="BadInputException"/> for an archive that is no folder.</summary>
    public static JournalFolders Read(ParseResult parsed)
    {
        string? archive = parsed.GetValue(ArchiveOption);
        return archive is null || System.IO.Directory.Exists(archive)
            ? new JournalFolders(parsed.GetRequiredValue(Options.Journal), archive)
            : throw new BadInputException(
                $"{archive} is no folder. --archive takes the one that the kernel was given.");
    }

    public JournalReader Open() => JournalReader.Open(Directory, new JournalQuery { Archive = Archive });

    /// <summary>Every segment of both, each once: where both have it, the journal's.</summary>
    /// <param name="count">Also counts what no index tells.</param>
    /// <param name="progress">Hears bytes done and bytes in all.</param>
    /// <param name="token">Ends it.</param>
    public IReadOnlyList<JournalSegmentInfo> List(
        bool count = false, Action<long, long>? progress = null, CancellationToken token = default)
    {
        long before = 0;
        long beside = count && progress is not null ? Archived(token: token).Sum(static one => one.Bytes) : 0;
        IReadOnlyList<JournalSegmentInfo> here = JournalCatalog.List(
            Directory, count, (done, all) => progress?.Invoke(done, (before = all) + beside), token);
        IReadOnlyList<JournalSegmentInfo> there = Archived(
            count, (done, all) => progress?.Invoke(before + done, before + all), token);
        return there.Count == 0 ? here
            : [.. here.UnionBy(there, NumberOf).OrderBy(static one => one.Lane).ThenBy(static one => one.Sequence)];
    }

    /// <summary>The segments that the archive has; none without one.</summary>
    public IReadOnlyList<JournalSegmentInfo> Archived(
        bool count = false, Action<long, long>? progress = null, CancellationToken token = default) =>
        Archive is null || !System.IO.Directory.EnumerateDirectories(Archive, "lane-*").Any()
            ? [] : JournalCatalog.List(Archive, count, progress, token);

    /// <summary>About how much there is to read.</summary>
    public long Bytes() => List().Sum(static segment => segment.UsedBytes ?? segment.Bytes);

    public static (int Lane, long Sequence) NumberOf(JournalSegmentInfo segment) => (segment.Lane, segment.Sequence);
}
