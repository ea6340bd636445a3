using System.CommandLine;
using System.Globalization;

namespace Outheis.Cli;

/// <summary>outheis why: what led to a record, back to what came from outside, and all that followed.</summary>
internal static class WhyCommand
{
    private static readonly Argument<string> PositionArgument = new("POSITION")
    {
        Description = "The record: LANE/OFFSET, as 'outheis journal cat' prints it, or as one number.",
    };

    private static readonly Option<int> LimitOption = new("--limit")
    {
        Description = "How many records to print at most.",
        HelpName = "N",
        DefaultValueFactory = static _ => 500,
        CustomParser = Options.ParseNumber,
    };

    public static Command Create()
    {
        const string description = "Prints what led to a record of the journal, and what else followed from that.";
        var command = new Command("why", description)
        {
            PositionArgument, LimitOption,
        };
        Array.ForEach(JournalFolders.Both, command.Options.Add);
        command.SetAction((parsed, _) => JournalRun.Of(token => Run(parsed, token)));
        return command;
    }

    private static async Task<int> Run(ParseResult parsed, CancellationToken token)
    {
        long position = Place.Parse(parsed.GetRequiredValue(PositionArgument));
        int limit = parsed.GetValue(LimitOption);
        if (limit < 1) throw new BadInputException("--limit takes a number above 0.");
        var folders = JournalFolders.Read(parsed);
        CausationTree tree;
        (IReadOnlyList<LaneEnd> Lanes, IReadOnlyList<LaneLoss> Losses) ends;
        var progress = new SlowProgress("Following what it caused");
        await using (progress.ConfigureAwait(false))
        {
            using JournalReader journal = folders.Open();
            if (!journal.TryRead(position, out JournalEntry? asked))
            {
                throw new BadInputException(string.Create(CultureInfo.InvariantCulture,
                    $"No record begins at {Place.Of(position)} of {folders.Directory}."));
            }

            tree = new CausationTree(folders, CausePath.Of(journal, folders, asked, token), limit);
            ends = tree.Fill(progress.Show, token);
        }

        using StreamWriter output = OutputStream.OpenText();
        tree.Print(output);
        output.Flush();
        int status = JournalRun.ReportEnds(ends.Lanes, ends.Losses);
        return tree.IsWhole ? status : ExitCode.DoneInPart;
    }
}
