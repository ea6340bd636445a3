namespace Outheis;

/// <summary>A message that waits for its agent, or for a person.</summary>
/// <param name="entry">Its record.</param>
/// <param name="name">Of the agent that it is for; empty: the journal does not tell.</param>
/// <param name="number">Its place in the order of acceptance.</param>
/// <param name="verdict">What became of earlier attempts; null: there were none.</param>
/// <param name="effects">What they did about the world outside.</param>
internal sealed class LedgerMessage(
    JournalEntry entry, string name, long number, LedgerVerdict? verdict, IReadOnlyList<JournalEntry> effects)
{
    public IReadOnlyList<JournalEntry> Effects => effects;

    public JournalEntry Entry => entry;

    public long Position => entry.Position;

    public string Name => name;

    public long Number => number;

    public uint Attempts => verdict?.Attempts ?? 0;

    public bool IsRetry => verdict?.IsRetry ?? false;

    public string Reason => verdict?.Reason ?? "";
}

/// <summary>What became of the attempts to handle a message.</summary>
internal sealed class LedgerVerdict
{
    /// <summary>How often an attempt to handle it ended an agent or the process.</summary>
    public uint Attempts { get; set; }

    public bool IsQuarantined { get; set; }

    /// <summary>It had been taken, and is to be handled once more before anything else.</summary>
    public bool IsRetry { get; init; }

    /// <summary>Why, in words.</summary>
    public string Reason { get; set; } = "";

    /// <summary>What they did about the world outside.</summary>
    public List<RecordPlace> Effects { get; } = [];

    public void Write(BinaryWriter to)
    {
        to.Write(Attempts);
        to.Write(IsQuarantined);
        to.Write(IsRetry);
        to.Write(Reason);
        RecordPlace.Write(to, Effects);
    }

    public static LedgerVerdict Read(BinaryReader from)
    {
        var verdict = new LedgerVerdict
        {
            Attempts = from.ReadUInt32(), IsQuarantined = from.ReadBoolean(), IsRetry = from.ReadBoolean(),
            Reason = from.ReadString(),
        };
        RecordPlace.Read(from, verdict.Effects);
        return verdict;
    }
}
