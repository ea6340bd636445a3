namespace Outheis;

internal enum ReplayWork : byte
{
    /// <summary>An incarnation begins.</summary>
    Start,

    /// <summary>A message is handled.</summary>
    Message,

    /// <summary>The state was written down: it is to be the same now.</summary>
    Snapshot,

    /// <summary>The incarnation ended.</summary>
    End,
}

/// <summary>A message on its way to a replayed agent, from the record that sent it to the one that took it.</summary>
internal sealed class ReplayMessage
{
    public RecordedRun Run = null!;
    public RunType Type = null!;
    public long Position;
    public long Ticks;
    public long Order;                // in which it was read, as turns are numbered
    public long SentBy;               // the number of the turn that sent it; 0: none that is replayed
    public uint Sender;
    public uint Target;
    public ulong Badge;
    public Qos Qos;
    public uint Chain;
    public ulong Correlation;
    public ulong Labels;
    public bool IsRedelivered;
    public bool IsOfItsRun;           // a signal, a timer's, or of offloaded work
    public bool IsStranger;           // for somebody whose name was not known when it was sent
    public JournalEntry? Entry;       // in place of the bytes, where they are not the message itself
    public byte[] Bytes = [];
    public int Length;

    public ReadOnlySpan<byte> Payload => Bytes.AsSpan(0, Length);

    public void Keep(RecordedRun run, in JournalRecord record)
    {
        (Run, Type, Position, Ticks) = (run, run.TypeOf(in record), record.Position, record.UtcTicks);
        (Sender, Badge, Qos, Chain) = (record.Sender.Value, record.Badge, record.Qos, record.Chain);
        (Correlation, Labels, Target) = (record.Correlation, record.Labels, record.Target.Value);
        IsRedelivered = false;
        IsOfItsRun = record.IsOfItsRun;
        Entry = Type.IsRaw ? null : record.ToEntry();
        Length = 0;
        if (Type.IsRaw)
        {
            ReadOnlySpan<byte> payload = record.Payload;
            if (Bytes.Length < payload.Length)
            {
                Bytes = new byte[Math.Max(64, payload.Length)];
            }

            payload.CopyTo(Bytes);
            Length = payload.Length;
        }
    }
}

/// <summary>Something that a handler did, or was told beyond its message, as the journal has it.</summary>
internal struct RecordedAct
{
    public JournalKind Kind;
    public bool IsTaken;
    public RecordedRun Run;
    public RunType Type;
    public uint Target;
    public ulong Badge;
    public long Position;
    public ulong Correlation;
    public int Offset;
    public int Length;
    public JournalEntry? Entry;       // of an effect or an armed timer
    public JournalEntry? Reply;       // what ended an ask

    public readonly bool IsAsk => Kind == JournalKind.Sent && Correlation != 0;
}

/// <summary>
/// One piece of work for a replayed agent, with all that came of it then. It grows while records are read and is run
/// when it is known to be whole: when its agent's next one begins, or the next one of its core if it cannot await.
/// </summary>
internal sealed class ReplayTurn
{
    private byte[] _bytes = new byte[256];
    private int _used;

    public ReplayedAgent Agent { get; private set; } = null!;

    public ReplayWork Work { get; private set; }

    public RecordedRun Run { get; private set; } = null!;

    /// <summary>Its place in the order of taking; another one with each use of this object.</summary>
    public long Number { get; private set; }

    /// <summary>Of the message; of the record for other work.</summary>
    public long Position { get; private set; }

    /// <summary>What the records of its acts name as their cause.</summary>
    public long Cause => Work == ReplayWork.Message ? Position : 0;

    /// <summary>Wall time when it was taken, as good as the journal knows it.</summary>
    public long Ticks { get; private set; }

    public uint Incarnation { get; set; }

    public uint Id { get; set; }

    public ReplayMessage? Message { get; set; }

    public Route? Route { get; set; }

    public JournalEntry? Snapshot { get; set; }

    /// <summary>How it failed, in the words of the record.</summary>
    public string Failure { get; set; } = "";

    public bool IsFailed { get; set; }

    /// <summary>Nothing more belongs to it.</summary>
    public bool IsSealed { get; set; }

    public bool IsOffered { get; set; }

    /// <summary>It may await: others of its core are handled meanwhile.</summary>
    public bool IsAsync => Work == ReplayWork.Message && Route is null or { IsAsync: true };

    /// <summary>The end of the process, or a stop, came in between: it did more than the journal has.</summary>
    public bool IsCut { get; set; }

    /// <summary>It was taken, and not handled: its asker had given up before. Or it was set aside, half done.</summary>
    public bool IsAbandoned { get; set; }

    public bool IsRedelivered { get; set; }

    /// <summary>The message will be taken once more.</summary>
    public bool KeepsMessage { get; set; }

    /// <summary>Asks whose end has not been read.</summary>
    public int Unanswered { get; set; }

    public RecordedAct[] Acts { get; private set; } = new RecordedAct[4];

    public int Count { get; private set; }

    public bool IsRunnable => IsSealed && Unanswered == 0;

    public void Begin(ReplayedAgent agent, ReplayWork work, RecordedRun run, long number, long position, long ticks)
    {
        (Agent, Work, Run, Number, Position, Ticks) = (agent, work, run, number, position, ticks);
        (Message, Route, Snapshot, Failure) = (null, null, null, "");
        (IsFailed, IsSealed, IsOffered, IsCut, IsAbandoned) = (false, false, false, false, false);
        (IsRedelivered, KeepsMessage, Unanswered, Incarnation, Id) = (false, false, 0, 0, 0);
        Array.Clear(Acts, 0, Count);
        (Count, _used) = (0, 0);
    }

    public ReadOnlySpan<byte> PayloadOf(in RecordedAct act) => _bytes.AsSpan(act.Offset, act.Length);

    public ref RecordedAct Add(RecordedRun run, in JournalRecord record)
    {
        if (Count == Acts.Length)
        {
            RecordedAct[] longer = new RecordedAct[Count * 2];
            Acts.CopyTo(longer, 0);
            Acts = longer;
        }

        bool isArmed = record.Kind == JournalKind.Armed;
        ReadOnlySpan<byte> payload = isArmed ? ArmedRecord.MessageOf(record.Payload) : record.Payload;
        if (_used + payload.Length > _bytes.Length)
        {
            Array.Resize(ref _bytes, Math.Max(_bytes.Length * 2, _used + payload.Length));
        }

        payload.CopyTo(_bytes.AsSpan(_used));
        ref RecordedAct act = ref Acts[Count++];
        act.Kind = record.Kind;
        act.Run = run;
        act.Type = run.TypeOf(in record);
        act.Target = record.Target.Value;
        act.Badge = record.Badge;
        act.Position = record.Position;
        act.Correlation = record.Correlation;
        (act.Offset, act.Length) = (_used, payload.Length);
        act.Entry = isArmed || record.Kind is JournalKind.EffectBegun or JournalKind.EffectEnded
            ? record.ToEntry() : null;
        _used += payload.Length;
        return ref act;
    }
}
