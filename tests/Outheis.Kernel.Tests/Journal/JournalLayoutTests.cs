using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using Xunit;

namespace Outheis.Tests.Journal;

public sealed class JournalLayoutTests
{
    [Theory]
    [InlineData(nameof(RecordHeader.Length), 0)]
    [InlineData(nameof(RecordHeader.Crc), 4)]
    [InlineData(nameof(RecordHeader.Position), 8)]
    [InlineData(nameof(RecordHeader.Kind), 16)]
    [InlineData(nameof(RecordHeader.Qos), 17)]
    [InlineData(nameof(RecordHeader.Flags), 18)]
    [InlineData(nameof(RecordHeader.TypeId), 20)]
    [InlineData(nameof(RecordHeader.Sender), 24)]
    [InlineData(nameof(RecordHeader.Target), 28)]
    [InlineData(nameof(RecordHeader.Badge), 32)]
    [InlineData(nameof(RecordHeader.Correlation), 40)]
    [InlineData(nameof(RecordHeader.Cause), 48)]
    [InlineData(nameof(RecordHeader.Capability), 56)]
    [InlineData(nameof(RecordHeader.Chain), 60)]
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
        Assert.Equal(64, Unsafe.SizeOf<RecordHeader>());
        Assert.Equal(16, Unsafe.SizeOf<RecordExtension>());
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
    [InlineData(0, 64)]
    [InlineData(1, 96)]
    [InlineData(32, 96)]
    [InlineData(33, 128)]
    [InlineData(64, 128)]
    public void Aligned_PayloadBytes_RoundsUpTo32(int payload, int bytes) =>
        Assert.Equal(bytes, RecordHeader.Aligned(payload));
}
