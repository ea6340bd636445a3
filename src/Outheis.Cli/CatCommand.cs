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
        using JournalReader journal = JournalReader.Open(folders.Directory, QueryOptions.Read(parsed));
        using StreamWriter output = OutputStream.OpenText();
        var progress = new SlowProgress("Reading", journal, folders);
        await using (progress.ConfigureAwait(false))
        {
            foreach (JournalEntry entry in journal.Read(token))
            {
                if (!Console.IsOutputRedirected) await progress.DisposeAsync().ConfigureAwait(false);
                await output.WriteLineAsync(EntryLine.Of(entry)).ConfigureAwait(false);
            }
        }

        output.Flush();
        return JournalRun.ReportEnds(journal);
    }
}
