using System.CommandLine;
using System.Globalization;

namespace Outheis.Cli;

/// <summary>outheis journal ls: the files of a journal and what is in them.</summary>
internal static class LsCommand
{
    private static readonly Option<bool> CountOption = new("--count")
    {
        Description = "Counts the records of every segment; reads those once whose index is not there.",
    };

    public static Command Create()
    {
        const string description = "Lists lanes and segments: runs, sizes, times, records, seals.";
        var command = new Command("ls", description) { CountOption };
        Array.ForEach(JournalFolders.Both, command.Options.Add);
        command.SetAction((parsed, _) => JournalRun.Of(token => Run(
            JournalFolders.Read(parsed), parsed.GetValue(CountOption), token)));
        return command;
    }

    private static async Task<int> Run(JournalFolders folders, bool count, CancellationToken token)
    {
        IReadOnlyList<JournalSegmentInfo> segments;
        var progress = new SlowProgress("Counting");
        await using (progress.ConfigureAwait(false))
        {
            segments = folders.List(count, progress.Show, token);
        }

        HashSet<(int, long)> archived = [.. folders.Archived(token: token).Select(JournalFolders.NumberOf)];
        using StreamWriter output = OutputStream.OpenText();
        foreach (var lane in segments.GroupBy(static segment => segment.Lane)) Print(output, [.. lane], archived);
        if (segments.Count == 0) output.WriteLine("The journal is empty.");
        output.Flush();
        return segments.All(static segment => segment.IsReadable) ? ExitCode.Done : ExitCode.DoneInPart;
    }

    private static void Print(StreamWriter output, JournalSegmentInfo[] segments, HashSet<(int, long)> archived)
    {
        string bytes = Numbers.Bytes(segments.Sum(static segment => segment.Bytes));
        bool isCounted = segments.All(static segment => segment.Records is not null);
        string records = isCounted ? $", {Numbers.Count(segments.Sum(static s => s.Records ?? 0))} records" : "";
        output.WriteLine(Colours.Bold(Line($"lane {segments[0].Lane}: {segments.Length} segments, {bytes}{records}")));
        foreach (JournalSegmentInfo segment in segments)
        {
            output.WriteLine(Row(segment, archived.Contains(JournalFolders.NumberOf(segment))));
        }
    }

    private static string Row(JournalSegmentInfo segment, bool isArchived)
    {
        if (!segment.IsReadable)
        {
            return Colours.Red($"  {segment.File}  {Numbers.Bytes(segment.Bytes),10}  cannot be read as a segment");
        }

        string used = segment.UsedBytes is { } bytes ? Numbers.Bytes(bytes) : "?";
        string records = segment.Records is { } count ? Numbers.Count(count) : "?";
        string runs = segment.FirstRun == segment.LastRun ? Line($"run {segment.FirstRun}")
            : Line($"runs {segment.FirstRun}-{segment.LastRun}");
        return Line($"  {segment.File}  {Place.Of(segment.FirstPosition),-16} {Numbers.Bytes(segment.Bytes),10} ")
            + Line($"{used,10} used {records,12} records  {runs,-10} {Times(segment)}")
            + (segment.IsSealed ? ", sealed" : "") + (isArchived ? ", archived" : "");
    }

    private static string Times(JournalSegmentInfo segment) =>
        segment is { FirstTime: { } first, LastTime: { } last } ? $"{Numbers.Time(first)} to {Numbers.Time(last)}"
        : segment.Prepared is { } prepared ? $"prepared {Numbers.Time(prepared)}"
        : "";

    private static string Line(FormattableString text) => text.ToString(CultureInfo.InvariantCulture);
}
