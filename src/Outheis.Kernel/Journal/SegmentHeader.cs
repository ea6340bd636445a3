using System.Runtime.InteropServices;

namespace Outheis;

/// <summary>
/// The first page of every segment file, little endian.
///
///  0       8         12     16         24              32             36    40       44       48
///  | magic | version | lane | sequence | firstPosition | segmentBytes | run | crc32c | (free) | utcTicks |
///  56                                72       | zero up to 4096: records start there
///  | boot id (16 bytes)              | closed | syncFailed |
///
///  crc32c covers bytes 0..71, itself taken as zero. FirstPosition belongs to the file's first byte: a record's
///  position is firstPosition plus its offset in the file. Closed (bytes 72..75) may be changed later and is not
///  covered: the offset of the newest Closed record, a hint where a scan may start, believed only if such a
///  record is there. SyncFailed likewise (76..79): not 0 when a sync failed while this segment was the newest, see
///  JournalRecovery.
/// </summary>
[StructLayout(LayoutKind.Explicit, Size = Bytes)]
internal unsafe struct SegmentHeader
{
    public const int Bytes = 80;
    public const ulong MagicNumber = 0x4C4E524A_4854554F;    // "OUTHJRNL"

    [FieldOffset(0)] public ulong Magic;
    [FieldOffset(8)] public int Version;
    [FieldOffset(12)] public int Lane;
    [FieldOffset(16)] public long Sequence;
    [FieldOffset(24)] public long FirstPosition;
    [FieldOffset(32)] public int SegmentBytes;
    [FieldOffset(36)] public uint Run;              // that prepared the file; later runs may append to it
    [FieldOffset(40)] public uint Crc;
    [FieldOffset(48)] public long UtcTicks;         // of the preparation: no record in it is older
    [FieldOffset(56)] public Guid Boot;             // of the machine, when the file was prepared
    [FieldOffset(72)] public int Closed;
    [FieldOffset(76)] public int SyncFailed;

    /// <summary>Of a file, whatever it is.</summary>
    public static SegmentHeader Read(ISegmentFile file)
    {
        SegmentHeader header = default;
        file.Read(0, new Span<byte>(&header, Bytes));
        return header;
    }

    public readonly uint ComputeCrc()
    {
        SegmentHeader copy = this;
        copy.Crc = 0;
        copy.Closed = 0;
        copy.SyncFailed = 0;
        return Crc32C.Of((byte*)&copy, 72);
    }

    /// <summary>Written by a newer program, and not damaged.</summary>
    public readonly bool IsNewer =>
        Magic == MagicNumber && Version > JournalLimits.FormatVersion && Crc == ComputeCrc();

    /// <summary>Why this cannot be the header of segment <paramref name="sequence"/>, or null.</summary>
    public readonly string? Fault(int lane, long sequence, long fileBytes) =>
        Magic != MagicNumber ? "it does not begin like a segment of an Outheis journal"
        : Version > JournalLimits.FormatVersion ?
            $"its format is version {Version}, this program knows up to {JournalLimits.FormatVersion}; use a "
            + "newer version of the program"
        : Crc != ComputeCrc() ? "its header is damaged"
        : Lane != lane || Sequence != sequence ? $"it says it is segment {Sequence} of lane {Lane}"
        : SegmentBytes != fileBytes ? $"it has {fileBytes} bytes instead of {SegmentBytes}"
        : null;
}
