namespace Outheis;

/// <summary>
/// A moment of one agent's life: after it handled the message at a position, or after all that it took up to a time. A
/// turn is over, with all that came of it, when the next one begins: so the fold goes on until then.
/// </summary>
internal sealed record LedgerEnd(string Name, long? Position, DateTimeOffset? Time)
{
    /// <summary>Not of one agent: before whoever takes it takes the message at a position.</summary>
    public long? Taking { get; init; }

    /// <summary>Whether the fold is not to take the record at hand in.</summary>
    public bool IsReached(JournalLedger ledger, LaneReader next)
    {
        if (Taking is { } taking)
        {
            return JournalLedger.IsTaken(taking, next);
        }

        if (!ledger.IsStepOf(Name, next))
        {
            return false;
        }

        return Time is { } time ? next.UtcTicks > time.UtcTicks : ledger.NewestTaken(Name) == Position;
    }
}
