using System.CommandLine;

namespace Outheis.Cli;

/// <summary>outheis journal tail: the last records, and those that come.</summary>
internal static class TailCommand
{
    private const long FirstBytes = 256 << 10;      // of each lane
    private const int Further = 8;                  // times as much, when too few records fitted

    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(50);      // between two looks for more

    private static readonly Option<int> CountOption = new("--lines", "-n")
    {
        Description = "How many records to begin with.",
        HelpName = "N",
        DefaultValueFactory = static _ => 20,
        CustomParser = Options.ParseNumber,
    };

    private static readonly Option<bool> FollowOption = new("--follow", "-f")
    {
        Description = "Go on with what is written, until Ctrl-C.",
    };

    public static Command Create()
    {
        var command = new Command("tail", "Prints the last records of the journal.")
        {
            CountOption, FollowOption,
        };
        Array.ForEach(QueryOptions.ForLines, command.Options.Add);
        command.SetAction((parsed, _) => JournalRun.Of(token => Run(parsed, token)));
        return command;
    }

    private static async Task<int> Run(ParseResult parsed, CancellationToken token)
    {
        int count = parsed.GetValue(CountOption);
        if (count < 0) throw new BadInputException("--lines takes a number that is not below 0.");
        (JournalReader opened, Queue<JournalEntry> last) =
            await OpenAtEnd(parsed, count, token).ConfigureAwait(false);
        using JournalReader journal = opened;
        using StreamWriter output = OutputStream.OpenText();
        foreach (JournalEntry entry in last) output.WriteLine(EntryLine.Of(entry));
        output.Flush();
        return parsed.GetValue(FollowOption) ? await Follow(journal, output, token).ConfigureAwait(false)
            : JournalRun.ReportEnds(journal);
    }

    // Reads more and more of the end until that holds enough of what was asked for.
    private static async Task<(JournalReader Journal, Queue<JournalEntry> Last)> OpenAtEnd(
        ParseResult parsed, int count, CancellationToken token)
    {
        var folders = JournalFolders.Read(parsed);
        var progress = new SlowProgress("Reading");
        await using (progress.ConfigureAwait(false))
        {
            long all = folders.List(token: token).Sum(static segment => segment.Bytes);
            for (long bytes = FirstBytes; ; bytes *= Further)
            {
                bool isAll = bytes >= all;
                JournalReader journal = progress.Open(
                    folders, QueryOptions.Read(parsed, lastBytes: isAll ? null : bytes));
                try
                {
                    Queue<JournalEntry> last = ReadLast(journal, count, token);
                    if (isAll || last.Count == count) return (journal, last);
                }
                catch
                {
                    journal.Dispose();
                    throw;
                }

                journal.Dispose();
            }
        }
    }

    private static Queue<JournalEntry> ReadLast(JournalReader journal, int count, CancellationToken token)
    {
        var last = new Queue<JournalEntry>();
        while (journal.TryRead(out JournalRecord record, token))
        {
            token.ThrowIfCancellationRequested();
            if (count == 0) continue;
            if (last.Count == count) last.Dequeue();
            last.Enqueue(record.ToEntry());
        }

        return last;
    }

    // Ctrl-C is how following ends.
    private static async Task<int> Follow(JournalReader journal, StreamWriter output, CancellationToken token)
    {
        output.AutoFlush = true;
        var ends = new EndWatch(journal);
        try
        {
            while (true)
            {
                Print(journal, ends, output, token);
                ends.Look();
                OutputStream.RequireReader();
                await Task.Delay(Pause, token).ConfigureAwait(false);
            }
        }
        catch (OperationCanceledException) when (token.IsCancellationRequested)
        {
            return ends.Finish();
        }
    }

    private static void Print(JournalReader journal, EndWatch ends, StreamWriter output, CancellationToken token)
    {
        while (journal.TryRead(out JournalRecord record, token))
        {
            token.ThrowIfCancellationRequested();
            ends.TellLosses();
            output.WriteLine(EntryLine.Of(record.ToEntry()));
        }
    }
}
