namespace Outheis.Cli;

/// <summary>Runs a command that reads a journal: what is wrong with its input is one sentence, and signals and closed
/// pipes end it.</summary>
internal static class JournalRun
{
    /// <summary>Runs it on a thread that may block.</summary>
    public static async Task<int> Of(Func<CancellationToken, Task<int>> command)
    {
        using var interrupt = new Interrupt();
        try
        {
            return await Task.Run(() => command(interrupt.Token)).ConfigureAwait(false);
        }
        catch (OutputClosedException)
        {
            return ExitCode.Done;
        }
        catch (OperationCanceledException) when (interrupt.ExitCode != 0)
        {
            return interrupt.ExitCode;
        }
        catch (JournalInUseException failure)
        {
            Console.Error.WriteLine(failure.Message);
            return ExitCode.Failed;
        }
        catch (Exception failure) when (
            failure is BadInputException or JournalException or UnauthorizedAccessException)
        {
            Console.Error.WriteLine(failure.Message);
            return ExitCode.BadInput;
        }
        catch (IOException failure)
        {
            Console.Error.WriteLine(failure.Message);
            return ExitCode.Failed;
        }
    }

    /// <summary>Tells where lanes end early and what was lost.</summary>
    /// <returns>The exit status for what was read.</returns>
    public static int ReportEnds(JournalReader journal) => ReportEnds(journal.Ends, journal.Losses);

    public static int ReportEnds(IReadOnlyList<LaneEnd> ends, IReadOnlyList<LaneLoss> losses)
    {
        LaneEnd[] early = [.. ends.Where(static end => end.Kind != LaneEndKind.End)];
        Array.ForEach(early, Report);
        foreach (LaneLoss loss in losses) Report(loss);
        return early.Length == 0 && losses.Count == 0 ? ExitCode.Done : ExitCode.DoneInPart;
    }

    public static void Report(LaneEnd end) =>
        Console.Error.WriteLine($"Lane {end.Lane} ends early, at {Place.Of(end.Position)}: {end.Reason}.");

    public static void Report(LaneLoss loss) => Console.Error.WriteLine(
        $"Lane {loss.Lane}: {Numbers.Bytes(loss.Bytes)} were given up before they were read, "
        + $"from {Place.Of(loss.From)} to {Place.Of(loss.To)}.");
}
