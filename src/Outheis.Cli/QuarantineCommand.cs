using System.CommandLine;
using System.Globalization;

namespace Outheis.Cli;

/// <summary>outheis journal quarantine: the messages that ended their agent or their process too often.</summary>
internal static class QuarantineCommand
{
    private static readonly Argument<string> PositionArgument = new("POSITION")
    {
        Description = "The message: LANE/OFFSET, as 'list' prints it, or as one number.",
    };

    public static Command Create()
    {
        var list = new Command("list", "Prints what is in quarantine.");
        list.SetAction((parsed, _) => JournalRun.Of(token => List(parsed, token)));
        var retry = new Command("retry", "Delivers it again when its agent is spawned next, with fresh attempts.")
        {
            PositionArgument,
        };
        retry.SetAction((parsed, _) => JournalRun.Of(token => Release(parsed, drop: false, token)));
        var drop = new Command("drop", "Gives it up. Its record stays in the journal.")
        {
            PositionArgument,
        };
        drop.SetAction((parsed, _) => JournalRun.Of(token => Release(parsed, drop: true, token)));
        Array.ForEach([list, retry, drop], static command => Array.ForEach(JournalFolders.Both, command.Options.Add));
        return new Command("quarantine", "Messages that ended their agent or their process too often.")
        {
            list, retry, drop,
        };
    }

    private static async Task<int> List(ParseResult parsed, CancellationToken token)
    {
        var folders = JournalFolders.Read(parsed);
        IReadOnlyList<QuarantinedMessage> messages;
        var progress = new SlowProgress("Reading");
        await using (progress.ConfigureAwait(false))
        {
            messages = JournalQuarantine.List(
                folders.Directory, folders.Archive, progress.Of(folders).Report, token);
        }

        using StreamWriter output = OutputStream.OpenText();
        foreach (QuarantinedMessage message in messages)
        {
            string reason = message.Reason.Length > 0 ? message.Reason : "the process ended";
            output.WriteLine(EntryLine.Printable(string.Create(CultureInfo.InvariantCulture,
                $"{Place.Of(message.Message.Position)} to {message.AgentName ?? "?"}, {message.Attempts} attempts: "
                + $"{message.Message.TypeName} {PayloadWords.Of(message.Message)}. The last: {reason}")));
        }

        if (messages.Count == 0) output.WriteLine("Nothing is in quarantine.");
        output.Flush();
        return ExitCode.Done;
    }

    private static async Task<int> Release(ParseResult parsed, bool drop, CancellationToken token)
    {
        long position = Place.Parse(parsed.GetRequiredValue(PositionArgument));
        var folders = JournalFolders.Read(parsed);
        bool isReleased;
        var progress = new SlowProgress("Reading");
        await using (progress.ConfigureAwait(false))
        {
            isReleased = JournalQuarantine.Release(
                folders.Directory, position, drop, folders.Archive, progress.Of(folders).Report, token);
        }

        if (!isReleased)
        {
            throw new BadInputException(
                $"No message at {Place.Of(position)} is in quarantine. 'outheis journal quarantine list' names them.");
        }

        Console.WriteLine(drop
            ? $"{Place.Of(position)} is dropped."
            : $"{Place.Of(position)} will be delivered again when its agent is spawned.");
        return ExitCode.Done;
    }
}
