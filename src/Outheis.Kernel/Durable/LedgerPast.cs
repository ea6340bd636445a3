namespace Outheis;

/// <summary>What a ledger knows of a name: where the records are that make the state of a durable agent.</summary>
internal sealed class LedgerPast(string name)
{
    public string Name => name;

    /// <summary>The newest run that had it.</summary>
    public uint Run { get; set; }

    /// <summary>That run ended as it should.</summary>
    public bool IsClosed { get; set; }

    /// <summary>How many messages waited for it until the journal gave them up.</summary>
    public int GivenUp { get; set; }

    /// <summary>Its newest snapshot; null: it is not durable.</summary>
    public RecordPlace? Snapshot { get; private set; }

    /// <summary>What it took since, in order.</summary>
    public List<LedgerTurn> Turns { get; } = [];

    /// <summary>What came back to it since, by correlation.</summary>
    public Dictionary<ulong, RecordPlace> Replies { get; } = [];

    /// <summary>What it has armed.</summary>
    public LedgerTimers Timers { get; } = new();

    public void Begin(in RecordPlace snapshot)
    {
        Snapshot = snapshot;
        Timers.Settle();
        Turns.Clear();
        Replies.Clear();
    }

    /// <param name="message">What it took.</param>
    /// <param name="effects">Of attempts at it that failed.</param>
    public void NoteTaken(in RecordPlace message, IReadOnlyList<RecordPlace> effects)
    {
        if (Snapshot is not null)
        {
            var turn = new LedgerTurn(message);      // attempts before it are over: this one came further
            turn.Earlier.AddRange(effects);
            Turns.Add(turn);
        }
    }

    /// <summary>It goes on with what a killed run left half done.</summary>
    public void NoteResumed(long position, uint attempt)
    {
        if (IndexOf(position) is >= 0 and int at)
        {
            Turns[at].Attempts = attempt;
        }
    }

    /// <summary>Its handler threw: the state is what it was before. Null: it took no such message.</summary>
    public LedgerTurn? NoteFailed(long position)
    {
        Timers.NoteFailed(position);
        int at = IndexOf(position);
        if (at < 0)
        {
            return null;
        }

        LedgerTurn failed = Turns[at];
        Turns.RemoveAt(at);
        return failed;
    }

    /// <summary>The run ended, as it should, while the agent awaited something in it: so it did not end the run.
    /// </summary>
    public void NoteCutOff(long position)
    {
        if (IndexOf(position) is >= 0 and int at)
        {
            (Turns[at].IsCutOff, Turns[at].Attempts) = (true, 0);
        }
    }

    /// <summary>The run was killed, perhaps while the agent was in the newest.</summary>
    public void NoteKilled()
    {
        if (Turns is [.., { } newest])
        {
            newest.IsCutOff = true;
        }
    }

    public void NoteOutput(long cause, bool isEffect, in RecordPlace output)
    {
        if (IndexOf(cause) is >= 0 and int at)
        {
            Turns[at].Outputs.Add(output);
            if (isEffect)
            {
                Turns[at].Effects.Add(output);
            }
        }
    }

    /// <summary>Every record that it consists of.</summary>
    public IEnumerable<RecordPlace> Places => Turns
        .SelectMany(static turn => turn.Outputs.Concat(turn.Earlier).Prepend(turn.Message))
        .Concat(Replies.Values).Concat(Timers.Places).Concat(Snapshot is { } snapshot ? [snapshot] : []);

    public void Write(BinaryWriter to)
    {
        to.Write(Name);
        to.Write(Run);
        to.Write(IsClosed);
        to.Write(GivenUp);
        to.Write(Snapshot is not null);
        if (Snapshot is { } snapshot)
        {
            snapshot.Write(to);
        }

        to.Write(Turns.Count);
        Turns.ForEach(turn => turn.Write(to));
        to.Write(Replies.Count);
        foreach ((ulong correlation, RecordPlace reply) in Replies)
        {
            to.Write(correlation);
            reply.Write(to);
        }

        Timers.Write(to);
    }

    public static LedgerPast Read(BinaryReader from)
    {
        var past = new LedgerPast(from.ReadString())
        {
            Run = from.ReadUInt32(), IsClosed = from.ReadBoolean(), GivenUp = from.ReadInt32(),
        };
        past.Snapshot = from.ReadBoolean() ? RecordPlace.Read(from) : null;
        for (int turns = from.ReadInt32(); turns > 0; turns--)
        {
            past.Turns.Add(LedgerTurn.Read(from));
        }

        for (int replies = from.ReadInt32(); replies > 0; replies--)
        {
            past.Replies.Add(from.ReadUInt64(), RecordPlace.Read(from));
        }

        past.Timers.ReadAll(from);
        return past;
    }

    // Nearly always the newest.
    private int IndexOf(long position) =>
        position == 0 ? -1 : Turns.FindLastIndex(turn => turn.Message.Position == position);
}

/// <summary>One message that a durable agent took, and what it did about it.</summary>
internal sealed class LedgerTurn(RecordPlace message)
{
    public RecordPlace Message => message;

    public List<RecordPlace> Outputs { get; } = [];

    /// <summary>What attempts at the message that failed did about the world outside.</summary>
    public List<RecordPlace> Earlier { get; } = [];

    /// <summary>What this one did about it, among the outputs.</summary>
    public List<RecordPlace> Effects { get; } = [];

    public bool IsCutOff { get; set; }

    /// <summary>How many processes in a row have gone on with it, and not come to its end.</summary>
    public uint Attempts { get; set; }

    public void Write(BinaryWriter to)
    {
        Message.Write(to);
        to.Write(IsCutOff);
        to.Write(Attempts);
        RecordPlace.Write(to, Outputs);
        RecordPlace.Write(to, Earlier);
        RecordPlace.Write(to, Effects);
    }

    public static LedgerTurn Read(BinaryReader from)
    {
        var turn = new LedgerTurn(RecordPlace.Read(from))
        {
            IsCutOff = from.ReadBoolean(), Attempts = from.ReadUInt32(),
        };
        RecordPlace.Read(from, turn.Outputs);
        RecordPlace.Read(from, turn.Earlier);
        RecordPlace.Read(from, turn.Effects);
        return turn;
    }
}
