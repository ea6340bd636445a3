using System.Buffers.Binary;

namespace Outheis;

/// <summary>
/// Armed: a durable timer of the header's sender. What it will say follows, as the Schema of the header's typeId has
/// it. A key has one timer at a time: the newest Armed counts.
///
///  0           8              16       24      26         28     32
///  | dueTicks | uptimeTicks  | period | flags | keyBytes | zero | key, then the message …
///
///  dueTicks     UTC: what a later run goes by
///  uptimeTicks  since the kernel of this run started: what this run goes by, however the wall clock is set; may be
///               negative. Without meaning with flag 1
///  period       ticks; 0: it is due once
///  flags        1: by the wall clock in every run. 2: the kernel wrote anew what was armed before
/// </summary>
internal readonly record struct ArmedRecord(
    long DueTicks, long UptimeTicks, long PeriodTicks, ArmedFlags Flags, string Key) : IJournalRecord<ArmedRecord>
{
    private const int FixedBytes = 32;
    private const int KeyBytesOffset = 26;

    public int Bytes => FixedBytes + JournalText.Bytes(Key);

    public bool IsWall => (Flags & ArmedFlags.Wall) != 0;

    public bool IsAnew => (Flags & ArmedFlags.Anew) != 0;

    public void Write(Span<byte> to)
    {
        BinaryPrimitives.WriteInt64LittleEndian(to, DueTicks);
        BinaryPrimitives.WriteInt64LittleEndian(to[8..], UptimeTicks);
        BinaryPrimitives.WriteInt64LittleEndian(to[16..], PeriodTicks);
        BinaryPrimitives.WriteUInt16LittleEndian(to[24..], (ushort)Flags);
        BinaryPrimitives.WriteUInt16LittleEndian(to[KeyBytesOffset..], (ushort)JournalText.Bytes(Key));
        BinaryPrimitives.WriteUInt32LittleEndian(to[28..], 0);
        JournalText.Write(Key, to[FixedBytes..Bytes]);
    }

    public static bool TryRead(ReadOnlySpan<byte> from, out ArmedRecord record)
    {
        int end = EndOf(from);
        record = end == 0 ? default : new ArmedRecord(
            BinaryPrimitives.ReadInt64LittleEndian(from), BinaryPrimitives.ReadInt64LittleEndian(from[8..]),
            Math.Max(0, BinaryPrimitives.ReadInt64LittleEndian(from[16..])),
            (ArmedFlags)BinaryPrimitives.ReadUInt16LittleEndian(from[24..]), JournalText.Read(from[FixedBytes..end]));
        return end != 0;
    }

    /// <summary>What the timer will say: the rest of the payload.</summary>
    public static ReadOnlySpan<byte> MessageOf(ReadOnlySpan<byte> payload) => payload[EndOf(payload)..];

    // 0: it is none.
    private static int EndOf(ReadOnlySpan<byte> from)
    {
        int end = from.Length < FixedBytes ? int.MaxValue
            : FixedBytes + BinaryPrimitives.ReadUInt16LittleEndian(from[KeyBytesOffset..]);
        return end <= from.Length ? end : 0;
    }
}

[Flags]
internal enum ArmedFlags : ushort
{
    None = 0,
    Wall = 1,
    Anew = 2,
}

/// <summary>Disarmed: the sender has no timer of this key any more, if it had one.</summary>
internal readonly record struct DisarmedRecord(string Key) : IJournalRecord<DisarmedRecord>
{
    public int Bytes => JournalText.Bytes(Key);

    public void Write(Span<byte> to) => JournalText.Write(Key, to);

    public static bool TryRead(ReadOnlySpan<byte> from, out DisarmedRecord record)
    {
        record = new DisarmedRecord(JournalText.Read(from));
        return true;
    }
}
