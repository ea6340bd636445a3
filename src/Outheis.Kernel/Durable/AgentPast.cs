namespace Outheis;

/// <summary>What a named agent's earlier lives left.</summary>
internal sealed class AgentPast(string name)
{
    private readonly Dictionary<ulong, JournalEntry> _replies = [];
    private readonly Dictionary<long, PastTurn> _byPosition = [];

    public string Name => name;

    /// <summary>The newest run that had it.</summary>
    public long Run { get; set; }

    /// <summary>That run did not end as it should: its newest message may have been handled in part only.</summary>
    public bool IsCut { get; set; }

    /// <summary>Its newest message was handled in part only, in a run that ended as it should.</summary>
    public bool EndsCutOff => Turns is [.., { IsCutOff: true }];

    /// <summary>What is to be gone on with; null: everything was handled to its end.</summary>
    public PastTurn? Open => IsCut && Turns is [.., { } newest] ? newest : null;

    /// <summary>Its newest snapshot; null: it is not durable.</summary>
    public JournalEntry? Snapshot { get; private set; }

    /// <summary>What it took since, in order.</summary>
    public List<PastTurn> Turns { get; } = [];

    /// <summary>What it was sent and did not take, in order.</summary>
    public List<LedgerMessage> Waiting { get; } = [];

    /// <summary>How many more there were, of which the journal has not kept the records.</summary>
    public int GivenUp { get; set; }

    /// <summary>What it has armed, and not disarmed, in turns that did not fail.</summary>
    public List<PastTimer> Timers { get; } = [];

    public void Begin(JournalEntry snapshot)
    {
        Snapshot = snapshot;
        Turns.Clear();
        _byPosition.Clear();
        _replies.Clear();
    }

    public void NoteTaken(JournalEntry message, IReadOnlyList<JournalEntry> earlier, uint attempts)
    {
        if (Snapshot is not null)
        {
            var turn = new PastTurn(message, earlier, attempts);
            Turns.Add(turn);
            _byPosition[message.Position] = turn;
        }
    }

    /// <summary>The run ended while the agent awaited something in it.</summary>
    public void NoteCutOff(long position)
    {
        if (_byPosition.TryGetValue(position, out PastTurn? turn))
        {
            turn.IsCutOff = true;
        }
    }

    public void NoteOutput(JournalEntry entry)
    {
        if (_byPosition.TryGetValue(entry.Cause, out PastTurn? turn))
        {
            turn.Outputs.Add(entry);
        }
    }

    /// <summary>A reply or a failure that came back to it.</summary>
    public void NoteReply(JournalEntry entry)
    {
        _replies[entry.Correlation] = entry;
    }

    /// <summary>It was not handled.</summary>
    public void SetAside(long position)
    {
        if (_byPosition.Remove(position, out PastTurn? turn))
        {
            Turns.Remove(turn);
        }
    }

    /// <summary>Whether the message is among those taken since the snapshot.</summary>
    public bool Has(long position) => _byPosition.ContainsKey(position);

    public JournalEntry? ReplyTo(ulong correlation) => _replies.GetValueOrDefault(correlation);
}

/// <summary>A timer that a durable agent has armed.</summary>
/// <param name="Entry">Its newest Armed record.</param>
/// <param name="Taken">How often it was due, and the agent took that, since.</param>
internal readonly record struct PastTimer(JournalEntry Entry, long Taken);

/// <summary>One message that a durable agent took, and what it did about it.</summary>
internal sealed class PastTurn(JournalEntry message, IReadOnlyList<JournalEntry> earlier, uint attempts)
{
    public JournalEntry Message => message;

    /// <summary>What attempts at the message that failed did about the world outside.</summary>
    public IReadOnlyList<JournalEntry> Earlier => earlier;

    /// <summary>How many processes in a row have gone on with it, and not come to its end.</summary>
    public uint Attempts => attempts;

    public List<JournalEntry> Outputs { get; } = [];

    public bool IsCutOff { get; set; }
}
