using System.Runtime.InteropServices;

namespace Outheis;

/// <summary>
/// The front of an index file, little endian; after it the places, then the facts.
///
///  0       8         12     16           20    24         28     32        36      40         48          52
///  | magic | version | crc32c | segmentCrc | end | records | places | facts | run | maxTicks | firstTime | lastTime |
///  56           64
///  | tailDigest | zero |
///
///  crc32c covers the whole file, itself taken as zero.
/// </summary>
[StructLayout(LayoutKind.Explicit, Size = Bytes)]
internal struct SegmentIndexHeader
{
    public const int Bytes = 64;
    public const ulong MagicNumber = 0x58444E49_4854554F;    // "OUTHINDX"
    public const int CurrentVersion = 1;

    [FieldOffset(0)] public ulong Magic;
    [FieldOffset(8)] public int Version;
    [FieldOffset(12)] public uint Crc;
    [FieldOffset(16)] public uint SegmentCrc;       // of the segment's header
    [FieldOffset(20)] public int End;               // offset of the segment's padding
    [FieldOffset(24)] public int Records;
    [FieldOffset(28)] public int Places;
    [FieldOffset(32)] public int Facts;
    [FieldOffset(36)] public uint Run;              // at the end
    [FieldOffset(40)] public long MaxTicks;         // the latest time that the segment names; 0: none
    [FieldOffset(48)] public int FirstTime;         // offset of the first Tick, Opened or Closed; 0: none
    [FieldOffset(52)] public int LastTime;          // of the last one
    [FieldOffset(56)] public uint TailDigest;       // of the records from the last place on

    public static SegmentIndexHeader Of(in SegmentHeader segment) => new()
    {
        Magic = MagicNumber,
        Version = CurrentVersion,
        SegmentCrc = segment.Crc,
        Run = segment.Run,
    };
}
