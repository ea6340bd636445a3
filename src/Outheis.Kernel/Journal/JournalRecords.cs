using System.Buffers.Binary;
using System.Runtime.InteropServices;

namespace Outheis;

/// <summary>
/// The payloads of system records, shared by writer and reader. Little endian, fixed part first, then text in
/// UTF-8 up to the payload's end, cut to <see cref="JournalLimits.TextBytesMax"/>. New fields may only be
/// added between runs of a higher format version. <see cref="Bytes"/> is what <see cref="Write"/> fills
/// exactly.
/// </summary>
internal interface IJournalRecord<TSelf>
    where TSelf : struct, IJournalRecord<TSelf>
{
    int Bytes { get; }

    void Write(Span<byte> to);

    /// <summary>False when the payload is too short to be one.</summary>
    static abstract bool TryRead(ReadOnlySpan<byte> from, out TSelf record);
}

/// <summary>Opened. The number of a run is one more than the highest before it in the directory.</summary>
internal readonly record struct OpenedRecord(uint Run, int ProcessId, long UtcTicks, string Version)
    : IJournalRecord<OpenedRecord>
{
    public int Bytes => 16 + JournalText.Bytes(Version);

    public void Write(Span<byte> to)
    {
        BinaryPrimitives.WriteUInt32LittleEndian(to, Run);
        BinaryPrimitives.WriteInt32LittleEndian(to[4..], ProcessId);
        BinaryPrimitives.WriteInt64LittleEndian(to[8..], UtcTicks);
        JournalText.Write(Version, to[16..]);
    }

    public static bool TryRead(ReadOnlySpan<byte> from, out OpenedRecord record)
    {
        bool fits = from.Length >= 16;
        record = !fits ? default : new OpenedRecord(
            BinaryPrimitives.ReadUInt32LittleEndian(from), BinaryPrimitives.ReadInt32LittleEndian(from[4..]),
            BinaryPrimitives.ReadInt64LittleEndian(from[8..]), JournalText.Read(from[16..]));
        return fits;
    }
}

/// <summary>Closed. Ends the run of that number in its lane.</summary>
internal readonly record struct ClosedRecord(uint Run, long UtcTicks) : IJournalRecord<ClosedRecord>
{
    public int Bytes => 16;

    public void Write(Span<byte> to)
    {
        BinaryPrimitives.WriteUInt64LittleEndian(to, Run);
        BinaryPrimitives.WriteInt64LittleEndian(to[8..], UtcTicks);
    }

    public static bool TryRead(ReadOnlySpan<byte> from, out ClosedRecord record)
    {
        bool fits = from.Length >= 16;
        record = !fits ? default : new ClosedRecord(
            BinaryPrimitives.ReadUInt32LittleEndian(from), BinaryPrimitives.ReadInt64LittleEndian(from[8..]));
        return fits;
    }
}

/// <summary>Tick: UTC in ticks of 100 ns since the year 1.</summary>
internal readonly record struct TickRecord(long UtcTicks) : IJournalRecord<TickRecord>
{
    public int Bytes => 8;

    public void Write(Span<byte> to) => BinaryPrimitives.WriteInt64LittleEndian(to, UtcTicks);

    public static bool TryRead(ReadOnlySpan<byte> from, out TickRecord record)
    {
        bool fits = from.Length >= 8;
        record = fits ? new TickRecord(BinaryPrimitives.ReadInt64LittleEndian(from)) : default;
        return fits;
    }
}

/// <summary>
/// Schema. The type's number is the header's typeId. PayloadBytes is 0 when payloads vary in length. The text is the
/// name and, where the fields are known, a line feed and <see cref="LayoutText"/>; so Fields is null when they are not,
/// and empty when there are none. In the journals of the first kernels the version is 0, which means 1.
/// </summary>
internal readonly record struct SchemaRecord(
    PayloadEncoding Encoding, int PayloadBytes, string Name, ushort Version = 1, string? Fields = null)
    : IJournalRecord<SchemaRecord>
{
    private const int TextOffset = 8;

    public int Bytes => TextOffset + JournalText.Bytes(Name)
        + (Fields is null ? 0 : 1 + System.Text.Encoding.UTF8.GetByteCount(Fields));

    public void Write(Span<byte> to)
    {
        BinaryPrimitives.WriteUInt16LittleEndian(to, (ushort)Encoding);
        BinaryPrimitives.WriteUInt16LittleEndian(to[2..], Version);
        BinaryPrimitives.WriteInt32LittleEndian(to[4..], PayloadBytes);
        Span<byte> text = to[TextOffset..];
        int nameBytes = JournalText.Bytes(Name);
        JournalText.Write(Name, text[..nameBytes]);
        if (Fields is not null)
        {
            text[nameBytes] = (byte)'\n';
            System.Text.Encoding.UTF8.GetBytes(Fields, text[(nameBytes + 1)..]);
        }
    }

    public static bool TryRead(ReadOnlySpan<byte> from, out SchemaRecord record)
    {
        if (from.Length < TextOffset)
        {
            record = default;
            return false;
        }

        ReadOnlySpan<byte> text = from[TextOffset..];
        int end = text.IndexOf((byte)'\n');
        ReadOnlySpan<byte> fields = text[(end + 1)..];
        record = new SchemaRecord(
            (PayloadEncoding)from[0], BinaryPrimitives.ReadInt32LittleEndian(from[4..]),
            JournalText.Read(end < 0 ? text : text[..end]),
            Math.Max((ushort)1, BinaryPrimitives.ReadUInt16LittleEndian(from[2..])),
            end < 0 ? null : JournalText.Read(fields[..Math.Min(fields.Length, JournalLimits.LayoutBytesMax)]));
        return true;
    }
}

/// <summary>Spawned, of the header's target. Qos as in <see cref="Outheis.Qos"/>.</summary>
internal readonly record struct SpawnedRecord(uint Incarnation, uint Supervisor, byte Qos, string Name)
    : IJournalRecord<SpawnedRecord>
{
    public int Bytes => 12 + JournalText.Bytes(Name);

    public void Write(Span<byte> to)
    {
        BinaryPrimitives.WriteUInt32LittleEndian(to, Incarnation);
        BinaryPrimitives.WriteUInt32LittleEndian(to[4..], Supervisor);
        BinaryPrimitives.WriteUInt32LittleEndian(to[8..], Qos);
        JournalText.Write(Name, to[12..]);
    }

    public static bool TryRead(ReadOnlySpan<byte> from, out SpawnedRecord record)
    {
        bool fits = from.Length >= 12;
        record = !fits ? default : new SpawnedRecord(
            BinaryPrimitives.ReadUInt32LittleEndian(from), BinaryPrimitives.ReadUInt32LittleEndian(from[4..]),
            from[8], JournalText.Read(from[12..]));
        return fits;
    }
}

/// <summary>Started and Restarted, of the header's target.</summary>
internal readonly record struct StartedRecord(uint Incarnation) : IJournalRecord<StartedRecord>
{
    public int Bytes => 4;

    public void Write(Span<byte> to) => BinaryPrimitives.WriteUInt32LittleEndian(to, Incarnation);

    public static bool TryRead(ReadOnlySpan<byte> from, out StartedRecord record)
    {
        bool fits = from.Length >= 4;
        record = fits ? new StartedRecord(BinaryPrimitives.ReadUInt32LittleEndian(from)) : default;
        return fits;
    }
}

/// <summary>Exited, of the header's target. Reason is the kernel's exit kind as a number.</summary>
internal readonly record struct ExitedRecord(uint Incarnation, byte Reason, string Message)
    : IJournalRecord<ExitedRecord>
{
    public int Bytes => 8 + JournalText.Bytes(Message);

    public void Write(Span<byte> to)
    {
        BinaryPrimitives.WriteUInt32LittleEndian(to, Incarnation);
        BinaryPrimitives.WriteUInt32LittleEndian(to[4..], Reason);
        JournalText.Write(Message, to[8..]);
    }

    public static bool TryRead(ReadOnlySpan<byte> from, out ExitedRecord record)
    {
        bool fits = from.Length >= 8;
        record = !fits ? default : new ExitedRecord(
            BinaryPrimitives.ReadUInt32LittleEndian(from), from[4], JournalText.Read(from[8..]));
        return fits;
    }
}

/// <summary>Granted, Derived and Revoked. Sender is the granter; target, badge, typeId and capability id of
/// the header are the capability's own. Parent is 0 unless derived.</summary>
internal readonly record struct CapabilityRecord(uint Parent, uint Holder, byte Rights, string Purpose)
    : IJournalRecord<CapabilityRecord>
{
    public int Bytes => 12 + JournalText.Bytes(Purpose);

    public void Write(Span<byte> to)
    {
        BinaryPrimitives.WriteUInt32LittleEndian(to, Parent);
        BinaryPrimitives.WriteUInt32LittleEndian(to[4..], Holder);
        BinaryPrimitives.WriteUInt32LittleEndian(to[8..], Rights);
        JournalText.Write(Purpose, to[12..]);
    }

    public static bool TryRead(ReadOnlySpan<byte> from, out CapabilityRecord record)
    {
        bool fits = from.Length >= 12;
        record = !fits ? default : new CapabilityRecord(
            BinaryPrimitives.ReadUInt32LittleEndian(from), BinaryPrimitives.ReadUInt32LittleEndian(from[4..]),
            from[8], JournalText.Read(from[12..]));
        return fits;
    }
}

/// <summary>DeadLetter. Reason is the kernel's number; message is the position of what was not handled, or
/// 0.</summary>
internal readonly record struct DeadLetterRecord(byte Reason, long Message) : IJournalRecord<DeadLetterRecord>
{
    public int Bytes => 16;

    public void Write(Span<byte> to)
    {
        BinaryPrimitives.WriteUInt64LittleEndian(to, Reason);
        BinaryPrimitives.WriteInt64LittleEndian(to[8..], Message);
    }

    public static bool TryRead(ReadOnlySpan<byte> from, out DeadLetterRecord record)
    {
        bool fits = from.Length >= 16;
        record = !fits ? default : new DeadLetterRecord(
            from[0], BinaryPrimitives.ReadInt64LittleEndian(from[8..]));
        return fits;
    }
}

/// <summary>BuiltOn: where lanes of earlier runs ended, as positions.</summary>
internal readonly record struct BuiltOnRecord(long[] Ends) : IJournalRecord<BuiltOnRecord>
{
    public int Bytes => Ends.Length * sizeof(long);

    public void Write(Span<byte> to) => MemoryMarshal.AsBytes<long>(Ends).CopyTo(to);

    public static bool TryRead(ReadOnlySpan<byte> from, out BuiltOnRecord record)
    {
        record = new BuiltOnRecord(MemoryMarshal.Cast<byte, long>(from).ToArray());
        return true;
    }
}

/// <summary>Supervised: what the header's sender decided about its target, and whether the target was its to decide
/// about.</summary>
internal readonly record struct SupervisedRecord(byte Verdict, bool IsTaken) : IJournalRecord<SupervisedRecord>
{
    public const byte Restart = 1;
    public const byte Stop = 2;
    public const byte Suspend = 3;
    public const byte Resume = 4;

    public int Bytes => 8;

    public string Words => Verdict switch
    {
        Restart => "restart",
        Stop => "stop",
        Suspend => "suspend",
        Resume => "resume",
        _ => "do something unknown to",
    };

    public void Write(Span<byte> to) =>
        BinaryPrimitives.WriteUInt64LittleEndian(to, Verdict | (IsTaken ? 1UL << 8 : 0));

    public static bool TryRead(ReadOnlySpan<byte> from, out SupervisedRecord record)
    {
        bool fits = from.Length >= 8;
        record = fits ? new SupervisedRecord(from[0], from[1] != 0) : default;
        return fits;
    }
}

/// <summary>Observed by the header's sender. What: 1 wall time, 2 random number, 3 the kernel's uptime, 4 why work was
/// not taken, 5 what came of making an agent (see ChildRecord), 6 what became of the wish to reserve.</summary>
internal readonly record struct ObservedRecord(byte What, long Value) : IJournalRecord<ObservedRecord>
{
    public const byte Clock = 1;
    public const byte Random = 2;
    public const byte Uptime = 3;
    public const byte Offload = 4;      // was not accepted: an OffloadResult
    public const byte Child = 5;
    public const byte Reserved = 6;     // a ReserveResult

    public int Bytes => 16;

    public void Write(Span<byte> to)
    {
        BinaryPrimitives.WriteUInt64LittleEndian(to, What);
        BinaryPrimitives.WriteInt64LittleEndian(to[8..], Value);
    }

    public static bool TryRead(ReadOnlySpan<byte> from, out ObservedRecord record)
    {
        bool fits = from.Length >= 16;
        record = !fits ? default : new ObservedRecord(from[0], BinaryPrimitives.ReadInt64LittleEndian(from[8..]));
        return fits;
    }
}

/// <summary>Attempted, Quarantined, Released and Resumed, all about the message at the header's cause. Number: which
/// attempt it is, or was the last. Verdict, of Released: 0 try again, 1 drop.</summary>
internal readonly record struct AttemptRecord(uint Number, byte Verdict, string Reason) : IJournalRecord<AttemptRecord>
{
    public const byte Retry = 0;
    public const byte Drop = 1;

    public int Bytes => 8 + JournalText.Bytes(Reason);

    public void Write(Span<byte> to)
    {
        BinaryPrimitives.WriteUInt32LittleEndian(to, Number);
        BinaryPrimitives.WriteUInt32LittleEndian(to[4..], Verdict);
        JournalText.Write(Reason, to[8..]);
    }

    public static bool TryRead(ReadOnlySpan<byte> from, out AttemptRecord record)
    {
        bool fits = from.Length >= 8;
        record = !fits ? default : new AttemptRecord(
            BinaryPrimitives.ReadUInt32LittleEndian(from), from[4], JournalText.Read(from[8..]));
        return fits;
    }
}

/// <summary>Refused, of the header's sender and target: the result as the kernel's number. What: 0 a send, 1 an ask, 2
/// the arming of a timer, of which the result is an ArmResult.</summary>
internal readonly record struct RefusedRecord(byte Answer, byte What = 0) : IJournalRecord<RefusedRecord>
{
    public const byte Send = 0;
    public const byte Ask = 1;
    public const byte Arm = 2;

    public int Bytes => 8;

    public void Write(Span<byte> to) => BinaryPrimitives.WriteUInt64LittleEndian(to, Answer | ((ulong)What << 8));

    public static bool TryRead(ReadOnlySpan<byte> from, out RefusedRecord record)
    {
        bool fits = from.Length >= 8;
        record = fits ? new RefusedRecord(from[0], from[1]) : default;
        return fits;
    }
}

/// <summary>The extension of a record that has no more to say than its correlation.</summary>
internal readonly record struct CorrelationRecord(ulong Correlation) : IJournalRecord<CorrelationRecord>
{
    public int Bytes => RecordExtension.Bytes;

    public void Write(Span<byte> to)
    {
        to[..RecordExtension.Bytes].Clear();
        BinaryPrimitives.WriteUInt64LittleEndian(to, Correlation);
    }

    public static bool TryRead(ReadOnlySpan<byte> from, out CorrelationRecord record)
    {
        bool fits = from.Length >= RecordExtension.Bytes;
        record = fits ? new CorrelationRecord(BinaryPrimitives.ReadUInt64LittleEndian(from)) : default;
        return fits;
    }
}

/// <summary>One entry of a Consumed payload, which is an array of them in the order of the taking.</summary>
[StructLayout(LayoutKind.Explicit, Size = Bytes)]
internal struct ConsumedEntry
{
    public const int Bytes = 16;

    [FieldOffset(0)] public uint Target;
    [FieldOffset(4)] public uint Incarnation;
    [FieldOffset(8)] public long Position;      // of what was taken; 0 if never journaled
}
