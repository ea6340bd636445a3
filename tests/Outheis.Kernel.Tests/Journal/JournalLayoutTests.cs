using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using Xunit;

namespace Outheis.Tests.Journal;

public sealed class JournalLayoutTests
{
    [Theory]
    [InlineData(nameof(RecordHeader.Length), 0)]
    [InlineData(nameof(RecordHeader.Crc), 4)]
    [InlineData(nameof(RecordHeader.Kind), 8)]
    [InlineData(nameof(RecordHeader.Qos), 9)]
    [InlineData(nameof(RecordHeader.Flags), 10)]
    [InlineData(nameof(RecordHeader.TypeId), 12)]
    [InlineData(nameof(RecordHeader.Sender), 16)]
    [InlineData(nameof(RecordHeader.Target), 20)]
    [InlineData(nameof(RecordHeader.Badge), 24)]
    [InlineData(nameof(RecordHeader.Cause), 32)]
    [InlineData(nameof(RecordHeader.Capability), 40)]
    [InlineData(nameof(RecordHeader.Chain), 44)]
    public void RecordHeader_Field_IsWhereTheFormatSays(string field, int offset) =>
        Assert.Equal(offset, (int)Marshal.OffsetOf<RecordHeader>(field));

    [Theory]
    [InlineData(nameof(SegmentHeader.Magic), 0)]
    [InlineData(nameof(SegmentHeader.Version), 8)]
    [InlineData(nameof(SegmentHeader.Lane), 12)]
    [InlineData(nameof(SegmentHeader.Sequence), 16)]
    [InlineData(nameof(SegmentHeader.FirstPosition), 24)]
    [InlineData(nameof(SegmentHeader.SegmentBytes), 32)]
    [InlineData(nameof(SegmentHeader.Run), 36)]
    [InlineData(nameof(SegmentHeader.Crc), 40)]
    [InlineData(nameof(SegmentHeader.UtcTicks), 48)]
    [InlineData(nameof(SegmentHeader.Boot), 56)]
    [InlineData(nameof(SegmentHeader.Closed), 72)]
    public void SegmentHeader_Field_IsWhereTheFormatSays(string field, int offset) =>
        Assert.Equal(offset, (int)Marshal.OffsetOf<SegmentHeader>(field));

    [Fact]
    public void Structs_Sizes_AreThoseOfTheFormat()
    {
        Assert.Equal(48, Unsafe.SizeOf<RecordHeader>());
        Assert.Equal(24, Unsafe.SizeOf<RecordExtension>());
        Assert.Equal(16, Unsafe.SizeOf<ConsumedEntry>());
        Assert.Equal(80, Unsafe.SizeOf<SegmentHeader>());
        Assert.True(RecordHeader.Aligned(new ClosedRecord(1, 2).Bytes) <= JournalLimits.ClosedRecordBytes);
    }

    [Fact]
    public void DescribeAndRoute_Words_AreTheFields()
    {
        RecordHeader header = default;
        header.Describe(JournalKind.TimedOut, 4, RecordFlags.Failed, -5);
        header.Route(uint.MaxValue, 2, 3, uint.MaxValue - 1);
        Assert.Equal((JournalKind.TimedOut, (byte)4, RecordFlags.Failed, -5),
            (header.Kind, header.Qos, header.Flags, header.TypeId));
        Assert.Equal((uint.MaxValue, 2u, 3u, uint.MaxValue - 1),
            (header.Sender, header.Target, header.Capability, header.Chain));
    }

    [Theory]
    [InlineData(0, 48)]
    [InlineData(1, 64)]
    [InlineData(16, 64)]
    [InlineData(17, 80)]
    [InlineData(64, 112)]
    public void Aligned_PayloadBytes_RoundsUpTo16(int payload, int bytes) =>
        Assert.Equal(bytes, RecordHeader.Aligned(payload));
}
