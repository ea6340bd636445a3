namespace Outheis;

/// <summary>A piece of work in words.</summary>
internal static class ReplayWords
{
    /// <summary>What the agent was doing.</summary>
    public static string Of(ReplayTurn turn, JournalReader journal) => turn.Work switch
    {
        ReplayWork.Start => $"in OnStart of incarnation {turn.Incarnation}",
        ReplayWork.Snapshot => "after all that it had taken",
        _ => $"took {What(turn, journal)}",
    };

    private static string What(ReplayTurn turn, JournalReader journal)
    {
        string type = turn.Message!.Type.Schema?.SimpleName ?? "?";
        string place = ReplayDivergence.Place(turn.Position);
        return journal.TryRead(turn.Position, out JournalEntry? entry) && entry.PayloadText is { } text
            ? $"{type} {text} at {place}" : $"{type} at {place}";
    }
}
