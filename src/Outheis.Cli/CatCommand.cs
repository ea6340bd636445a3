using System.CommandLine;

namespace Outheis.Cli;

/// <summary>outheis journal cat: what was exchanged, message by message.</summary>
internal static class CatCommand
{
    public static Command Create()
    {
        var command = new Command("cat", "Prints the journal, message by message.");
        Array.ForEach(QueryOptions.ForLines, command.Options.Add);
        command.SetAction((parsed, _) => JournalRun.Of(token => Task.FromResult(Run(parsed, token))));
        return command;
    }

    private static int Run(ParseResult parsed, CancellationToken token)
    {
        JournalQuery query = QueryOptions.Read(parsed);
        using JournalReader journal = JournalReader.Open(parsed.GetRequiredValue(Options.Journal), query);
        using StreamWriter output = OutputStream.OpenText();
        foreach (JournalEntry entry in journal.Read())
        {
            token.ThrowIfCancellationRequested();
            output.WriteLine(EntryLine.Of(entry));
        }

        output.Flush();
        return JournalRun.ReportEnds(journal);
    }
}
