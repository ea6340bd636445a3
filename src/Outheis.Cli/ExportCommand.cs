using System.CommandLine;

namespace Outheis.Cli;

/// <summary>outheis journal export: every record as a line of JSON.</summary>
internal static class ExportCommand
{
    private static readonly Option<bool> LinesOption = new("--jsonl")
    {
        Description = "One JSON object a line (docs/cli.md); the only format so far.",
    };

    public static Command Create()
    {
        var command = new Command("export", "Writes the journal as JSON, one object a line.")
        {
            LinesOption,
        };
        Array.ForEach(QueryOptions.ForAll, command.Options.Add);
        command.SetAction((parsed, _) => JournalRun.Of(token => Run(parsed, token)));
        return command;
    }

    private static async Task<int> Run(ParseResult parsed, CancellationToken token)
    {
        var folders = JournalFolders.Read(parsed);
        JournalQuery query = QueryOptions.Read(parsed, everything: true);
        using var output = new OutputStream();
        using var lines = new EntryJson(output);
        var progress = new SlowProgress("Exporting");
        await using (progress.ConfigureAwait(false))
        {
            using JournalReader journal = progress.Open(folders, query);
            Write(journal, lines, token);
            await progress.DisposeAsync().ConfigureAwait(false);
            return JournalRun.ReportEnds(journal);
        }
    }

    private static void Write(JournalReader journal, EntryJson lines, CancellationToken token)
    {
        foreach (JournalEntry entry in journal.Read(token)) lines.Write(entry);
        lines.Flush();
    }
}
