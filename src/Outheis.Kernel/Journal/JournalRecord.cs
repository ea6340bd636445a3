namespace Outheis;

/// <summary>
/// One record of the journal where it lies in the reader's memory: valid until the reader goes on. Reading it
/// allocates nothing; <see cref="ToEntry"/> makes the comfortable form, which stays.
/// </summary>
public readonly unsafe ref struct JournalRecord
{
    private readonly LaneReader _lane;
    private readonly JournalNames _names;

    internal JournalRecord(LaneReader lane, JournalNames names) => (_lane, _names) = (lane, names);

    private RecordHeader* Header => _lane.Record;

    /// <summary>Names this record for ever: the lane in the top 8 bits, its place in the lane
    /// below.</summary>
    public long Position => _lane.Position;

    /// <summary>The core that wrote it.</summary>
    public int Lane => _lane.Lane;

    /// <summary>The run of the kernel that wrote it, counted from 1.</summary>
    public long Run => _lane.Run;

    /// <summary>Wall time in units of 100 ns since the year 1, UTC; to the newest tick of the lane.</summary>
    public long UtcTicks => _lane.UtcTicks;

    /// <summary>Bytes that it takes in its segment.</summary>
    public int Bytes => RecordHeader.Aligned(Header->Length - RecordHeader.Bytes);

    /// <summary>What it says.</summary>
    public JournalKind Kind => Header->Kind;

    /// <summary>Who sent, granted, supervised.</summary>
    public AgentId Sender => new(Header->Sender);

    /// <summary>Whom it is about.</summary>
    public AgentId Target => new(Header->Target);

    /// <summary>The number of the message type in this run; 0: none.</summary>
    public int TypeId => Header->TypeId;

    /// <summary>What the capability's giver wanted the receiver to know.</summary>
    public ulong Badge => Header->Badge;

    /// <summary>Position of the message being handled when this happened; 0: it came from outside.</summary>
    public long Cause => Header->Cause;

    /// <summary>The capability that was used or is the subject; 0: none.</summary>
    public uint Capability => Header->Capability;

    /// <summary>The chain of messages it belongs to.</summary>
    public uint Chain => Header->Chain;

    /// <summary>Quality of service.</summary>
    public Qos Qos => (Qos)Header->Qos;

    /// <summary>Whether a Replied record carries a failure.</summary>
    public bool IsFailure => (Header->Flags & RecordFlags.Failed) != 0;

    /// <summary>Its sender took its cause, and nothing before it says so.</summary>
    internal bool Takes => (Header->Flags & RecordFlags.Takes) != 0;

    internal bool IsOfItsRun =>
        Kind == JournalKind.Sent && SignalCodecs.IsOfItsRun(Header->Flags, Cause, Capability, Type);

    /// <summary>Labels of the message, or what came of an effect.</summary>
    internal ulong Labels => _lane.Labels;

    /// <summary>What is known of its message type.</summary>
    internal JournalType? Type => TypeId == 0 ? null : _names.Type(_lane.Run, TypeId);

    /// <summary>Joins request, reply and timeout; 0: none.</summary>
    public ulong Correlation => _lane.Correlation;

    /// <summary>The message, or the system record's own content.</summary>
    public ReadOnlySpan<byte> Payload => _lane.Content;

    /// <summary>The name of its sender; null when no record read so far tells it.</summary>
    public string? SenderName => _names.Agent(_lane.Run, Header->Sender);

    /// <summary>The name of its target; null when no record read so far tells it.</summary>
    public string? TargetName => _names.Agent(_lane.Run, Header->Target);

    /// <summary>The name of its message type; null when there is none or no record read so far tells it.</summary>
    public string? TypeName => _names.Type(_lane.Run, TypeId)?.SimpleName;

    /// <summary>A copy that outlives the reader's next step.</summary>
    public JournalEntry ToEntry() => new(_lane, _names);
}
