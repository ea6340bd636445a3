using System.CommandLine;

namespace Outheis.Cli;

/// <summary>outheis journal stats: how much of what.</summary>
internal static class StatsCommand
{
    public static Command Create()
    {
        const string description = "Counts records and bytes by kind, type, agent and lane.";
        var command = new Command("stats", description);
        Array.ForEach(QueryOptions.ForAll, command.Options.Add);
        command.SetAction((parsed, _) => JournalRun.Of(token => Run(parsed, token)));
        return command;
    }

    private static async Task<int> Run(ParseResult parsed, CancellationToken token)
    {
        var folders = JournalFolders.Read(parsed);
        JournalQuery query = QueryOptions.Read(parsed, everything: true);
        var stats = new JournalStats();
        var progress = new SlowProgress("Counting");
        await using (progress.ConfigureAwait(false))
        {
            using JournalReader journal = progress.Open(folders, query);
            Count(journal, stats, token);
            await progress.DisposeAsync().ConfigureAwait(false);
            using StreamWriter output = OutputStream.OpenText();
            stats.Print(output);
            output.Flush();
            return JournalRun.ReportEnds(journal);
        }
    }

    private static void Count(JournalReader journal, JournalStats stats, CancellationToken token)
    {
        while (journal.TryRead(out JournalRecord record, token))
        {
            token.ThrowIfCancellationRequested();
            stats.Add(in record);
        }
    }
}
