namespace Outheis;

/// <summary>A message that waits for its agent, or for a person.</summary>
internal sealed class LedgerMessage(JournalEntry entry, LedgerAgent agent, long number)
{
    public JournalEntry Entry => entry;

    public long Position => entry.Position;

    /// <summary>Of the agent that it is for.</summary>
    public string Name => agent.Name;

    /// <summary>Its place in the order of acceptance.</summary>
    public long Number => number;

    /// <summary>How often an attempt to handle it ended an agent or the process.</summary>
    public uint Attempts { get; set; }

    public bool IsQuarantined { get; set; }

    /// <summary>It had been taken, and is to be handled once more before anything else.</summary>
    public bool IsRetry { get; init; }

    /// <summary>Why, in words.</summary>
    public string Reason { get; set; } = "";
}
