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
        const string description = "Prints a durable agent's state: with the program that wrote the journal the state "
            + "itself, made again; without, the newest snapshot, and how many messages it took since.";
        var command = new Command("state", description) { AgentArgument, At };
        Array.ForEach(JournalFolders.Both, command.Options.Add);
        Array.ForEach(ReplayProgram.Options, command.Options.Add);
        command.SetAction((parsed, _) => JournalRun.Of(token => Run(parsed, token)));
        return command;
    }

    private static async Task<int> Run(ParseResult parsed, CancellationToken token)
    {
        string name = parsed.GetRequiredValue(AgentArgument);
        var folders = JournalFolders.Read(parsed);
        DateTimeOffset? until = QueryOptions.ReadTime(At, parsed);
        if (ReplayProgram.IsNamed(parsed))
        {
            return await Replay(folders, ReplayProgram.Load(parsed), name, until, token).ConfigureAwait(false);
        }

        JournalEntry snapshot = await Newest(folders, name, until, token).ConfigureAwait(false)
            ?? throw NoState(folders, name, until, "has no snapshot of");
        long taken = await TakenSince(folders, snapshot, until, token).ConfigureAwait(false);
        using StreamWriter output = OutputStream.OpenText();
        output.WriteLine(EntryLine.Printable(PayloadWords.Of(snapshot)));
        output.WriteLine(string.Create(CultureInfo.InvariantCulture,
            $"{snapshot.TypeName} at {Place.Of(snapshot.Position)}, {snapshot.Time:yyyy-MM-dd HH:mm:ss.fff}; "
            + $"{(taken == 0 ? "nothing" : taken == 1 ? "1 message" : $"{taken} messages")} taken since"
            + $"{(taken == 0 ? "" : ", which only its program can add (--program)")}."));
        output.Flush();
        return ExitCode.Done;
    }

    private static BadInputException NoState(
        JournalFolders folders, string name, DateTimeOffset? until, string what) => new(
        $"{folders.Directory} {what} {name}{(until is null ? "" : " at that time")}: it is no durable agent, or did "
        + "not live then.");

    private static async Task<int> Replay(
        JournalFolders folders, IReplayProgram program, string name, DateTimeOffset? until, CancellationToken token)
    {
        using JournalReplay replay = ReplayProgram.Open(folders, program, name);
        bool isStopped = false;
        var progress = new SlowProgress("Replaying");
        await using (progress.ConfigureAwait(false))
        {
            IProgress<long> heard = progress.Of(folders);
            if (until is { } time) isStopped = replay.RunUntilTime(time, heard, token);
            else replay.Run(heard, token);
        }

        string? why = replay.Divergence?.ToString() ?? replay.Report.NotReplayed.GetValueOrDefault(name);
        if (why is not null)
        {
            Console.Error.WriteLine(EntryLine.Printable($"{name} cannot be replayed: {why}"));
            return replay.Divergence is null ? ExitCode.DoneInPart : ExitCode.Diverged;
        }

        string state = replay.DescribeState(name) ?? throw NoState(folders, name, until, "tells nothing of");
        Console.WriteLine(EntryLine.Printable(state));
        return JournalRun.ReportEnds(isStopped ? [] : replay.Ends, replay.Losses);
    }

    private static async Task<JournalEntry?> Newest(
        JournalFolders folders, string name, DateTimeOffset? until, CancellationToken token)
    {
        var progress = new SlowProgress("Finding its snapshots");
        await using (progress.ConfigureAwait(false))
        {
            using JournalReader journal = progress.Open(folders, new JournalQuery
            {
                Archive = folders.Archive, AgentName = name, Until = until, Kinds = [JournalKind.Snapshot],
            });
            return journal.Read(token).LastOrDefault();
        }
    }

    private static async Task<long> TakenSince(
        JournalFolders folders, JournalEntry snapshot, DateTimeOffset? until, CancellationToken token)
    {
        var progress = new SlowProgress("Counting what it took since");
        await using (progress.ConfigureAwait(false))
        {
            using JournalReader journal = progress.Open(folders, new JournalQuery
            {
                Archive = folders.Archive, From = snapshot.Position, Until = until,
            });
            return journal.Read(token).Where(IsLater).Sum(entry => (long)entry.Consumed.Count(IsTaken));
        }

        bool IsLater(JournalEntry entry) => entry.Run == snapshot.Run
            && (entry.Lane != snapshot.Lane || entry.Position > snapshot.Position);
        bool IsTaken(ConsumedMessage taken) => taken.Target == snapshot.Target;
    }
}
