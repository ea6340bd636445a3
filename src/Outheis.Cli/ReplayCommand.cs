using System.CommandLine;
using System.Globalization;

namespace Outheis.Cli;

/// <summary>outheis replay: handles the messages of a journal once more, and says where that differs.</summary>
internal static class ReplayCommand
{
    private static readonly Option<string?> Agent = new("--agent")
    {
        Description = "Replay this agent alone.", HelpName = "NAME",
    };

    private static readonly Option<string?> Until = new("--until")
    {
        Description = "Stop before the message at this position is handled.", HelpName = "POSITION",
    };

    private static readonly Option<bool> Step = new("--step")
    {
        Description = "One turn for each line of input: press Enter.",
    };

    public static Command Create()
    {
        const string description =
            "Handles the messages of a journal once more, offline, and says where that first differs.";
        var command = new Command("replay", description) { Agent, Until, Step };
        Array.ForEach(JournalFolders.Both, command.Options.Add);
        Array.ForEach(ReplayProgram.Options, command.Options.Add);
        command.SetAction((parsed, _) => JournalRun.Of(token => Run(parsed, token)));
        return command;
    }

    private static async Task<int> Run(ParseResult parsed, CancellationToken token)
    {
        var folders = JournalFolders.Read(parsed);
        long? until = parsed.GetValue(Until) is { } place ? Place.Parse(place) : null;
        string? agent = parsed.GetValue(Agent);
        using JournalReplay replay = ReplayProgram.Open(folders, ReplayProgram.Load(parsed), agent);
        using StreamWriter output = OutputStream.OpenText();
        bool isStopped = await Forward(replay, folders, until, token).ConfigureAwait(false);
        if (parsed.GetValue(Step) && replay.Divergence is null && (until is null || isStopped))
        {
            await Walk(replay, output, token).ConfigureAwait(false);
        }

        Print(replay, output, agent);
        if (until is not null && !isStopped && replay.Divergence is null)
        {
            Console.Error.WriteLine($"Nothing that was replayed stands at or behind {Place.Of(until.Value)}.");
            return ExitCode.BadInput;
        }

        output.Flush();
        return replay.Divergence is not null ? ExitCode.Diverged : JournalRun.ReportEnds(replay.Ends, replay.Losses);

        // Without --until and with --step there is nothing to run before the first step.
        async Task<bool> Forward(JournalReplay replay, JournalFolders folders, long? until, CancellationToken token)
        {
            var progress = new SlowProgress("Replaying");
            await using (progress.ConfigureAwait(false))
            {
                IProgress<long> heard = progress.Of(folders);
                if (until is { } position) return replay.RunUntil(position, heard, token);
                if (!parsed.GetValue(Step)) replay.Run(heard, token);
                return false;
            }
        }
    }

    private static async Task Walk(JournalReplay replay, StreamWriter output, CancellationToken token)
    {
        bool isSeen = !Console.IsInputRedirected && !Console.IsErrorRedirected;
        if (isSeen) Console.Error.WriteLine("Enter handles the next message, the end of the input ends.");
        while (await Task.Run(Console.In.ReadLine, CancellationToken.None).WaitAsync(token).ConfigureAwait(false)
            is not null && replay.Step() is { } step)
        {
            await output.WriteLineAsync(Line(step)).ConfigureAwait(false);
            await output.FlushAsync(token).ConfigureAwait(false);
        }
    }

    private static string Line(ReplayStep step)
    {
        string what = step.TypeName is { } type ? $"took {type}"
            : string.Create(CultureInfo.InvariantCulture, $"begins, incarnation {step.Incarnation}");
        return $"{Colours.Dim(Numbers.Time(step.Time))} {Colours.Cyan(Place.Of(step.Position))} "
            + EntryLine.Printable($"{step.Agent} {what}");
    }

    private static void Print(JournalReplay replay, StreamWriter output, string? agent)
    {
        ReplayReport report = replay.Report;
        foreach ((string name, string why) in report.NotReplayed.OrderBy(static one => one.Key, StringComparer.Ordinal))
        {
            output.WriteLine(EntryLine.Printable($"{name} is not replayed: {why}."));
        }

        if (agent is not null && replay.DescribeState(agent) is { } state)
        {
            output.WriteLine(EntryLine.Printable(state));
        }

        output.WriteLine($"{Numbers.Count(report.Turns)} messages handled by {report.Agents.Count} agents, "
            + $"{Numbers.Count(report.Records)} records read"
            + (replay.Position == 0 ? "." : $", the last at {Place.Of(replay.Position)}."));
        if (report.Divergence is { } divergence)
        {
            string[] lines = divergence.ToString().Split('\n');
            Array.ForEach(lines, line => output.WriteLine(Colours.Red(EntryLine.Printable(line))));
        }
        else
        {
            output.WriteLine("Nothing differs.");
        }

        output.Flush();
    }
}
