using System.CommandLine;
using System.Globalization;

namespace Outheis.Cli;

/// <summary>outheis state: what the journal has of a durable agent's state, without its program.</summary>
internal static class StateCommand
{
    private static readonly Argument<string> AgentArgument = new("AGENT") { Description = "Its name." };

    private static readonly Option<string?> At = new("--at")
    {
        Description = "The state of then: 2026-05-17T14:03:00Z, or 10m, 2h, 3d ago. Default: now.",
        HelpName = "TIME",
    };

    public static Command Create()
    {
        const string description = "Prints the newest snapshot of a durable agent, and what it took since.";
        var command = new Command("state", description) { AgentArgument, At };
        Array.ForEach(JournalFolders.Both, command.Options.Add);
        command.SetAction((parsed, _) => JournalRun.Of(token => Task.FromResult(Run(parsed, token))));
        return command;
    }

    private static int Run(ParseResult parsed, CancellationToken token)
    {
        string name = parsed.GetRequiredValue(AgentArgument);
        var folders = JournalFolders.Read(parsed);
        DateTimeOffset? until = QueryOptions.ReadTime(At, parsed);
        JournalEntry snapshot = Newest(folders, name, until, token) ?? throw new BadInputException(
            $"{folders.Directory} has no snapshot of {name}{(until is null ? "" : " at that time")}: it is no durable "
            + "agent, or did not live then.");
        long taken = TakenSince(folders, snapshot, until, token);
        using StreamWriter output = OutputStream.OpenText();
        output.WriteLine(EntryLine.Printable(PayloadWords.Of(snapshot)));
        output.WriteLine(string.Create(CultureInfo.InvariantCulture,
            $"{snapshot.TypeName} at {Place.Of(snapshot.Position)}, {snapshot.Time:yyyy-MM-dd HH:mm:ss.fff}; "
            + $"{(taken == 0 ? "nothing" : taken == 1 ? "1 message" : $"{taken} messages")} taken since."));
        output.Flush();
        return ExitCode.Done;
    }

    private static JournalEntry? Newest(
        JournalFolders folders, string name, DateTimeOffset? until, CancellationToken token)
    {
        JournalEntry? newest = null;
        using JournalReader journal = JournalReader.Open(folders.Directory, new JournalQuery
        {
            Archive = folders.Archive, AgentName = name, Until = until, Kinds = [JournalKind.Snapshot],
        });
        foreach (JournalEntry entry in journal.Read())
        {
            token.ThrowIfCancellationRequested();
            newest = entry;
        }

        return newest;
    }

    private static long TakenSince(
        JournalFolders folders, JournalEntry snapshot, DateTimeOffset? until, CancellationToken token)
    {
        long taken = 0;
        using JournalReader journal = JournalReader.Open(folders.Directory, new JournalQuery
        {
            Archive = folders.Archive, From = snapshot.Position, Until = until,
        });
        foreach (JournalEntry entry in journal.Read())
        {
            token.ThrowIfCancellationRequested();
            bool isLater = entry.Run == snapshot.Run
                && (entry.Lane != snapshot.Lane || entry.Position > snapshot.Position);
            taken += isLater ? entry.Consumed.Count(one => one.Target == snapshot.Target) : 0;
        }

        return taken;
    }
}
