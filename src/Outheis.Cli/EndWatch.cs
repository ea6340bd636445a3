namespace Outheis.Cli;

/// <summary>Tells, beside a reader that goes on and on, which lanes end early and what was lost, each once. The thread
/// of the reader.</summary>
internal sealed class EndWatch(JournalReader journal)
{
    private readonly HashSet<LaneEnd> _told = [];
    private HashSet<LaneEnd> _seen = [];
    private int _losses;

    /// <summary>Where everything was read. What ends early is told if it did so at the last look, too: a recovery may
    /// be at it.</summary>
    public void Look()
    {
        TellLosses();
        HashSet<LaneEnd> early = Early();
        foreach (LaneEnd end in early.Where(_seen.Contains)) Tell(end);
        _seen = early;
    }

    public void TellLosses()
    {
        IReadOnlyList<LaneLoss> lost = journal.Losses;
        for (; _losses < lost.Count; _losses++) JournalRun.Report(lost[_losses]);
    }

    /// <summary>Nobody looks again.</summary>
    /// <returns>The exit status for what was read.</returns>
    public int Finish()
    {
        TellLosses();
        HashSet<LaneEnd> early = Early();
        foreach (LaneEnd end in early) Tell(end);
        return early.Count == 0 && _losses == 0 ? ExitCode.Done : ExitCode.DoneInPart;
    }

    private HashSet<LaneEnd> Early() => [.. journal.Ends.Where(static end => end.Kind != LaneEndKind.End)];

    private void Tell(LaneEnd end)
    {
        if (_told.Add(end)) JournalRun.Report(end);
    }
}
