using System.Buffers;
using System.Globalization;
using System.Runtime.InteropServices;
using System.Text.Json;

namespace Outheis;

/// <summary>One record of the journal, as a reader sees it. Ids are those of its run.</summary>
public sealed class JournalEntry
{
    private const long MaxTicks = 3_155_378_975_999_999_999;      // the end of the year 9999

    private readonly RecordHeader _header;
    private readonly JournalNames _names;
    private readonly RecordExtension _extension;
    private readonly ArmedRecord _armed;

    internal unsafe JournalEntry(LaneReader lane, JournalNames names)
    {
        _header = *lane.Record;
        _names = names;
        Position = lane.Position;
        Run = lane.Run;
        Time = new DateTimeOffset(Math.Clamp(lane.UtcTicks, 0, MaxTicks), TimeSpan.Zero);
        ReadOnlySpan<byte> payload = lane.Payload;
        if (_header.Flags.HasFlag(RecordFlags.Extended) && payload.Length >= RecordExtension.Bytes)
        {
            _extension = MemoryMarshal.Read<RecordExtension>(payload);
            payload = payload[RecordExtension.Bytes..];
        }

        if (_header.Kind == JournalKind.Armed && ArmedRecord.TryRead(payload, out _armed))
        {
            payload = ArmedRecord.MessageOf(payload);
        }

        Payload = payload.ToArray();
        Consumed = _header.Kind == JournalKind.Consumed ? ReadConsumed(payload)
            : _header.Flags.HasFlag(RecordFlags.Takes)
                ? [new ConsumedMessage(Sender, names.Incarnation(lane.Run, _header.Sender), Cause)]
            : [];
    }

    /// <summary>Names this record for ever: the lane in the top 8 bits, its place in the lane
    /// below.</summary>
    public long Position { get; }

    /// <summary>The core that wrote it.</summary>
    public int Lane => RecordHeader.LaneOf(Position);

    /// <summary>The run of the kernel that wrote it, counted from 1.</summary>
    public long Run { get; }

    /// <summary>What it says.</summary>
    public JournalKind Kind => _header.Kind;

    /// <summary>Wall time, to the newest tick of the lane. Data, not order.</summary>
    public DateTimeOffset Time { get; }

    /// <summary>Who sent, granted, supervised.</summary>
    public AgentId Sender => new(_header.Sender);

    /// <summary>Its name; null when no record read so far tells it.</summary>
    public string? SenderName => _names.Agent((uint)Run, _header.Sender);

    /// <summary>Whom it is about.</summary>
    public AgentId Target => new(_header.Target);

    /// <summary>Its name; null when no record read so far tells it.</summary>
    public string? TargetName => _names.Agent((uint)Run, _header.Target);

    /// <summary>The number of the message type in this run; 0: none.</summary>
    public int TypeId => _header.TypeId;

    /// <summary>The message type, without namespace and outer types; null when there is none or no record read so far
    /// tells it.</summary>
    public string? TypeName => Type?.SimpleName;

    /// <summary>The message type as the journal has it: the full name, or what <see cref="MessageNameAttribute"/>
    /// says.</summary>
    public string? TypeFullName => Type?.Schema.Name;

    /// <summary>The version of the message type, from 1; 0 when the type is not known.</summary>
    public int TypeVersion => Type?.Schema.Version ?? 0;

    /// <summary>How to read <see cref="Payload"/> of a Sent or Replied record.</summary>
    public PayloadEncoding Encoding => Type?.Schema.Encoding ?? PayloadEncoding.Opaque;

    /// <summary>The message, or the system record's own content.</summary>
    public ReadOnlyMemory<byte> Payload { get; }

    /// <summary>The message as JSON, as in <c>{"Cents":100,"Kind":"Green"}</c>, read by the layout that the journal has
    /// of its type. Null if this record has no message in it, if the layout is not known, or if what should be JSON is
    /// none. Written anew at each call.</summary>
    public string? PayloadText
    {
        get
        {
            var text = new ArrayBufferWriter<byte>();
            using var writer = new Utf8JsonWriter(text);
            bool written = TryWritePayload(writer);
            writer.Flush();
            return written ? System.Text.Encoding.UTF8.GetString(text.WrittenSpan) : null;
        }
    }

    /// <summary>What the capability's giver wanted the receiver to know.</summary>
    public ulong Badge => _header.Badge;

    /// <summary>Joins request, reply and timeout; 0: none.</summary>
    public ulong Correlation => _extension.Correlation;

    /// <summary>Position of the message being handled when this happened; 0: it came from outside.</summary>
    public long Cause => _header.Cause;

    /// <summary>The chain of messages it belongs to.</summary>
    public uint Chain => _header.Chain;

    /// <summary>The capability that was used or is the subject; 0: none.</summary>
    public uint Capability => _header.Capability;

    /// <summary>Quality of service.</summary>
    public Qos Qos => (Qos)_header.Qos;

    /// <summary>Whether a Replied record carries a failure.</summary>
    public bool IsFailure => _header.Flags.HasFlag(RecordFlags.Failed);

    /// <summary>When the message loses its meaning; null: never.</summary>
    public DateTimeOffset? Deadline =>
        _extension.Deadline is > 0 and <= MaxTicks ? new(_extension.Deadline, TimeSpan.Zero) : null;

    /// <summary>Whether a timer of the target's own sent it; then <see cref="Labels"/> says how often that was due, and
    /// a <see cref="Cause"/> is the record that armed it.</summary>
    public bool IsTimer => Kind == JournalKind.Sent && _header.Flags.HasFlag(RecordFlags.Timer);

    /// <summary>Whether it is what the target's offloaded work came to.</summary>
    public bool IsOffload => Kind == JournalKind.Sent && _header.Flags.HasFlag(RecordFlags.Offload);

    /// <summary>A group or a source told it.</summary>
    public bool IsTold => Kind == JournalKind.Sent && _header.Flags.HasFlag(RecordFlags.Told);

    /// <summary>Labels of the message; 0: none.</summary>
    public ulong Labels => _extension.Labels;

    /// <summary>What had been taken by then, in order: what a Consumed record lists, or the cause of a Sent or Replied
    /// record if nothing before tells that it was taken.</summary>
    public IReadOnlyList<ConsumedMessage> Consumed { get; }

    /// <summary>The content of a system record in words; empty for messages.</summary>
    public string Detail => Describe(Payload.Span);

    /// <summary>Whether a message, a state or an outcome is its content.</summary>
    internal bool HasMessage => !IsFailure && TypeId != 0 && Kind is JournalKind.Sent
        or JournalKind.Replied or JournalKind.Snapshot or JournalKind.EffectEnded or JournalKind.Armed;

    /// <summary>Of an Armed record, what is before the message that the timer will say.</summary>
    internal ref readonly ArmedRecord Armed => ref _armed;

    /// <summary>What the kernel told a supervisor, or a timer or offloaded work its agent: it means something in its
    /// own run only.</summary>
    internal bool IsOfItsRun =>
        Kind == JournalKind.Sent && SignalCodecs.IsOfItsRun(_header.Flags, Cause, Capability, Type);

    internal JournalType? Type => TypeId == 0 ? null : _names.Type((uint)Run, TypeId);

    /// <summary>Writes what <see cref="PayloadText"/> says as one value.</summary>
    /// <param name="writer">At a place for a value.</param>
    /// <returns>False where that is null; nothing was written then.</returns>
    public bool TryWritePayload(Utf8JsonWriter writer)
    {
        ArgumentNullException.ThrowIfNull(writer);
        return HasMessage && !Payload.IsEmpty && Type is { } type && type.Schema.Encoding switch
        {
            PayloadEncoding.Json => PayloadJson.TryWriteJson(writer, Payload.Span),
            PayloadEncoding.Raw when type.Fields is { } fields =>
                PayloadJson.TryWriteFields(writer, fields, Payload.Span),
            _ => false,
        };
    }

    private string Describe(ReadOnlySpan<byte> payload) => Kind switch
    {
        JournalKind.Opened when OpenedRecord.TryRead(payload, out OpenedRecord opened) =>
            Invariant($"run {opened.Run}, process {opened.ProcessId}, kernel {opened.Version}"),
        JournalKind.Schema when SchemaRecord.TryRead(payload, out SchemaRecord schema) =>
            Invariant($"{JournalType.Simple(schema.Name)}, {schema.Encoding}, {schema.PayloadBytes} bytes")
                + (schema.Version == 1 ? "" : Invariant($", version {schema.Version}")),
        JournalKind.Spawned when SpawnedRecord.TryRead(payload, out SpawnedRecord spawned) =>
            Invariant($"{spawned.Name}, {(Qos)spawned.Qos}, incarnation {spawned.Incarnation}, ")
            + Invariant($"under #{spawned.Supervisor}"),
        JournalKind.Started or JournalKind.Restarted
            when StartedRecord.TryRead(payload, out StartedRecord started) =>
            Invariant($"incarnation {started.Incarnation}"),
        JournalKind.Exited when ExitedRecord.TryRead(payload, out ExitedRecord exited) =>
            Invariant($"incarnation {exited.Incarnation}, ")
                + (exited.Message.Length > 0 ? exited.Message : ((ExitKind)exited.Reason).ToString()),
        JournalKind.Granted or JournalKind.Derived or JournalKind.Revoked
            when CapabilityRecord.TryRead(payload, out CapabilityRecord right) => Invariant(
                $"holder #{right.Holder}, rights {(Rights)right.Rights}, parent {right.Parent}, {right.Purpose}"),
        JournalKind.BuiltOn when BuiltOnRecord.TryRead(payload, out BuiltOnRecord built) => string.Join(
            ", ", built.Ends.Select(static end =>
                Invariant($"{RecordHeader.LaneOf(end)}/{RecordHeader.OffsetOf(end)}"))),
        JournalKind.Forked when ForkedRecord.TryRead(payload, out ForkedRecord forked) =>
            Invariant($"from {forked.Parent} before {RecordHeader.LaneOf(forked.Position)}/")
                + Invariant($"{RecordHeader.OffsetOf(forked.Position)}"),
        JournalKind.Observed when ObservedRecord.TryRead(payload, out ObservedRecord observed) =>
            observed.What == ObservedRecord.Clock && observed.Value is > 0 and <= MaxTicks
                ? Invariant($"the time {new DateTime(observed.Value, DateTimeKind.Utc):O}")
                : observed.What == ObservedRecord.Uptime ? $"the uptime {new TimeSpan(observed.Value):c}"
                : observed.What == ObservedRecord.Offload ? $"an offload was {(OffloadResult)observed.Value}"
                : observed.What == ObservedRecord.Reserved ? $"a reservation was {(ReserveResult)observed.Value}"
                : observed.What == ObservedRecord.Child ? ChildRecord.From(observed.Value).ToString()
                : Invariant($"the random number {(ulong)observed.Value}"),
        JournalKind.Attempted or JournalKind.Quarantined or JournalKind.Resumed
            when AttemptRecord.TryRead(payload, out AttemptRecord attempt) =>
                Invariant($"attempt {attempt.Number}") + (attempt.Reason.Length > 0 ? ", " + attempt.Reason : ""),
        JournalKind.Released when AttemptRecord.TryRead(payload, out AttemptRecord released) =>
            released.Verdict == AttemptRecord.Drop ? "dropped" : "to be tried again",
        JournalKind.Refused when RefusedRecord.TryRead(payload, out RefusedRecord refused) =>
            refused.What == RefusedRecord.Arm
                ? $"a timer: {(ArmResult)refused.Answer}" : ((SendResult)refused.Answer).ToString(),
        JournalKind.Armed when _armed.Key is not null => DescribeArmed(),
        JournalKind.Disarmed => JournalText.Read(payload),
        JournalKind.EffectBegun => Invariant($"effect {Correlation}, {JournalText.Read(payload)}"),
        JournalKind.EffectEnded => Invariant($"effect {Correlation}, {(EffectOutcome)Labels}")
            + ((EffectOutcome)Labels == EffectOutcome.Failed ? ", " + JournalText.Read(payload) : ""),
        JournalKind.Supervised when SupervisedRecord.TryRead(payload, out SupervisedRecord supervised) =>
            supervised.Words + (supervised.IsTaken ? "" : ", which it does not supervise"),
        JournalKind.Moved when MovedRecord.TryRead(payload, out MovedRecord moved) =>
            Invariant($"{(Cause == 0 ? "leaves for" : "is on")} core {moved.To}"),
        JournalKind.DeadLetter when DeadLetterRecord.TryRead(payload, out DeadLetterRecord letter) =>
            Invariant($"{(DeadLetterReason)letter.Reason}, message at {letter.Message}"),
        _ => "",
    };

    private string DescribeArmed() => _armed.Key
        + (_armed.DueTicks is > 0 and <= MaxTicks
            ? Invariant($", due {new DateTime(_armed.DueTicks, DateTimeKind.Utc):O}") : "")
        + (_armed.PeriodTicks > 0 ? $", every {new TimeSpan(_armed.PeriodTicks):c}" : "")
        + (_armed.IsAnew ? ", written anew" : "");

    private static string Invariant(FormattableString text) => text.ToString(CultureInfo.InvariantCulture);

    private static ConsumedMessage[] ReadConsumed(ReadOnlySpan<byte> payload)
    {
        ReadOnlySpan<ConsumedEntry> entries = MemoryMarshal.Cast<byte, ConsumedEntry>(payload);
        var consumed = new ConsumedMessage[entries.Length];
        for (int i = 0; i < entries.Length; i++)
        {
            consumed[i] = new ConsumedMessage(
                new AgentId(entries[i].Target), entries[i].Incarnation, entries[i].Position);
        }

        return consumed;
    }
}

/// <summary>One message that an agent took.</summary>
/// <param name="Target">Who took it.</param>
/// <param name="Incarnation">In which incarnation.</param>
/// <param name="Position">The Sent or Replied record; 0 if that was never journaled.</param>
public readonly record struct ConsumedMessage(AgentId Target, uint Incarnation, long Position);
