using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace Outheis;

/// <summary>
/// The fixed front of every journal record, little endian, at a multiple of <see cref="Alignment"/> in its
/// file.
///
///  0        4        8    9   10     12       16       20       24      32      40           44      48
///  | length | crc32c |kind|qos|flags| typeId | sender | target | badge | cause | capability | chain |
///  extension? payload, padded
///
///  length  > 0: the record exists; header, extension and payload in bytes, without the padding.
///  length  = 0: not written yet.
///  length  &lt; 0: nothing more in this segment; minus the bytes up to its end. Only length and crc are there.
///  length is written last, together with crc32c (R10), after the length word of the following slot was zeroed.
///  crc32c  over the record's position, bytes 8..47, the CRC32C of extension and payload, and length (see
///  Crc32C.OfRecord).
///  position: not stored. Lane in the top 8 bits, below it the byte offset since the lane began. Never repeats in
///  a lane, so a record that an earlier lap of a recycled file left behind has a wrong checksum.
/// </summary>
[StructLayout(LayoutKind.Explicit, Size = Bytes)]
internal struct RecordHeader
{
    public const int Bytes = 48;
    public const int Alignment = 16;      // a message of up to 16 bytes takes one cache line
    public const int LaneShift = 56;
    public const long OffsetMask = (1L << LaneShift) - 1;

    [FieldOffset(0)] public int Length;
    [FieldOffset(4)] public uint Crc;
    [FieldOffset(8)] public JournalKind Kind;
    [FieldOffset(9)] public byte Qos;
    [FieldOffset(10)] public RecordFlags Flags;
    [FieldOffset(12)] public int TypeId;
    [FieldOffset(16)] public uint Sender;
    [FieldOffset(20)] public uint Target;
    [FieldOffset(24)] public ulong Badge;
    [FieldOffset(32)] public long Cause;
    [FieldOffset(40)] public uint Capability;
    [FieldOffset(44)] public uint Chain;

    // The same bytes by words. The checksum reads words; a word that was just written in pieces cannot be
    // forwarded from the store buffer and costs a stall, so whoever is in a hurry writes words (Describe,
    // Route).
    [FieldOffset(8)] private ulong _what;
    [FieldOffset(16)] private ulong _who;
    [FieldOffset(40)] private ulong _right;

    /// <summary>Kind, Qos, Flags, TypeId in one store.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Describe(JournalKind kind, byte qos, RecordFlags flags, int typeId) =>
        _what = What(kind, qos, flags, typeId);

    /// <summary>Sender and Target in one store, Capability and Chain in another.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Route(uint sender, uint target, uint capability, uint chain)
    {
        _who = Pair(sender, target);
        _right = Pair(capability, chain);
    }

    /// <summary>The word at 8.</summary>
    public static ulong What(JournalKind kind, byte qos, RecordFlags flags, int typeId) =>
        Pair((uint)kind | ((uint)qos << 8) | ((uint)flags << 16), (uint)typeId);

    /// <summary>A word of two fields: those at 0, 16 and 40.</summary>
    public static ulong Pair(uint low, uint high) => low | ((ulong)high << 32);

    /// <summary>Bytes that a record takes in the segment.</summary>
    public static int Aligned(int payloadBytes) => (Bytes + payloadBytes + Alignment - 1) & -Alignment;

    public static int LaneOf(long position) => (int)(position >>> LaneShift);

    public static long OffsetOf(long position) => position & OffsetMask;
}

[Flags]
internal enum RecordFlags : ushort
{
    None = 0,

    /// <summary>A <see cref="RecordExtension"/> stands between header and payload; it counts as
    /// payload.</summary>
    Extended = 1,

    /// <summary>A Replied record that carries a failure instead of a reply.</summary>
    Failed = 2,

    /// <summary>The sender wrote this while it handled its cause, and nothing before says that it had taken that: a
    /// message and the consumption of another in one record.</summary>
    Takes = 4,

    /// <summary>A Sent record of what a timer of the target says; its labels are how often that was due. With a cause
    /// that is the Armed record of a durable one.</summary>
    Timer = 8,

    /// <summary>A Sent record in which the kernel tells a supervisor about a child.</summary>
    Signal = 16,

    /// <summary>A Sent record of what the target had offloaded.</summary>
    Offload = 32,

    /// <summary>A Sent record of what the kernel told the target: a group was empty, a source had something or was
    /// cancelled.</summary>
    Told = 256,

    /// <summary>All that this version writes.</summary>
    All = Extended | Failed | Takes | Timer | Signal | Offload | Told,
}

/// <summary>Optional, announced by <see cref="RecordFlags.Extended"/>: what most messages do not have.</summary>
[StructLayout(LayoutKind.Explicit, Size = Bytes)]
internal struct RecordExtension
{
    public const int Bytes = 24;

    [FieldOffset(0)] public ulong Correlation;
    [FieldOffset(8)] public long Deadline;      // UTC ticks; 0: none
    [FieldOffset(16)] public ulong Labels;
}
