using System.CommandLine;

namespace Outheis.Cli;

/// <summary>outheis journal export: every record as a line of JSON.</summary>
internal static class ExportCommand
{
    private const int RecordsPerLook = 4096;

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
        using JournalReader journal =
            JournalReader.Open(folders.Directory, QueryOptions.Read(parsed, everything: true));
        long all = folders.Bytes();
        using var output = new OutputStream();
        using var lines = new EntryJson(output);
        var progress = new SlowProgress("Exporting");
        await using (progress.ConfigureAwait(false))
        {
            Write(journal, lines, (bytes) => progress.Show(bytes, all), token);
        }

        return JournalRun.ReportEnds(journal);
    }

    private static void Write(JournalReader journal, EntryJson lines, Action<long> progress, CancellationToken token)
    {
        long bytes = 0;
        for (long records = 0; journal.TryRead(out JournalRecord record); records++)
        {
            lines.Write(record.ToEntry());
            bytes += record.Bytes;
            if (records % RecordsPerLook == 0)
            {
                token.ThrowIfCancellationRequested();
                progress(bytes);
            }
        }

        lines.Flush();
    }
}
