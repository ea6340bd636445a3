using System.CommandLine;

namespace Outheis.Cli;

/// <summary>outheis journal cat: what was exchanged, message by message.</summary>
internal static class CatCommand
{
    public static Command Create()
    {
        var command = new Command("cat", "Prints the journal, message by message.");
        Array.ForEach(QueryOptions.ForLines, command.Options.Add);
        command.SetAction((parsed, _) => JournalRun.Of(token => Run(parsed, token)));
        return command;
    }

    private static async Task<int> Run(ParseResult parsed, CancellationToken token)
    {
        var folders = JournalFolders.Read(parsed);
        JournalQuery query = QueryOptions.Read(parsed);
        using StreamWriter output = OutputStream.OpenText();
        var progress = new SlowProgress("Reading");
        await using (progress.ConfigureAwait(false))
        {
            using JournalReader journal = progress.Open(folders, query);
            foreach (JournalEntry entry in journal.Read(token))
            {
                if (!Console.IsOutputRedirected) await progress.DisposeAsync().ConfigureAwait(false);
                await output.WriteLineAsync(EntryLine.Of(entry)).ConfigureAwait(false);
            }

            output.Flush();
            await progress.DisposeAsync().ConfigureAwait(false);
            return JournalRun.ReportEnds(journal);
        }
    }
}
