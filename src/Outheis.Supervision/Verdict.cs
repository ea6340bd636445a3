namespace Outheis.Supervision;

/// <summary>What a supervisor does about an exit.</summary>
internal enum Verdict : byte
{
    /// <summary>Start the child again.</summary>
    Restart,

    /// <summary>Let it go.</summary>
    Forget,

    /// <summary>Too many restarts: end all children, then itself.</summary>
    Escalate,
}

/// <summary>The decision, as a pure function.</summary>
internal static class Decision
{
    /// <param name="restart">The child's kind.</param>
    /// <param name="exit">How it ended.</param>
    /// <param name="restartsInPeriod">Restarts within the period that ends now, this one not counted.</param>
    /// <param name="intensity">Restarts allowed in a period.</param>
    public static Verdict On(Restart restart, ExitKind exit, int restartsInPeriod, int intensity) =>
        (restart, exit) switch
        {
            (Restart.Temporary, _) => Verdict.Forget,
            (Restart.Transient, not ExitKind.Error) => Verdict.Forget,
            _ when restartsInPeriod >= intensity => Verdict.Escalate,
            _ => Verdict.Restart,
        };
}

/// <summary>Counts restarts within a sliding window.</summary>
internal sealed class RestartWindow(TimeSpan period)
{
    private readonly Queue<TimeSpan> _restarts = new();

    /// <summary>Restarts that are younger than the period. A restart as old as the period still counts
    /// (OT-40).</summary>
    public int CountAt(TimeSpan now)
    {
        while (_restarts.TryPeek(out TimeSpan oldest) && now - oldest > period)
        {
            _restarts.Dequeue();
        }

        return _restarts.Count;
    }

    public void Add(TimeSpan now) => _restarts.Enqueue(now);
}
