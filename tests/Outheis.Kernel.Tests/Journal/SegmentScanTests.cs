using FsCheck.Xunit;
using Outheis.Testing;
using Xunit;

namespace Outheis.Tests.Journal;

/// <summary>The scan of one segment against the list of what was written into it.</summary>
public sealed unsafe class SegmentScanTests
{
    /// <summary>Bytes of any value are changed anywhere behind the first record. The scan ends at the end of a record
    /// that was written, not before the first one that was hit, and nothing behind its end counts as part of it.
    /// </summary>
    [Property(MaxTest = 200, EndSize = 60)]
    public void Run_AnyBytesChanged_EndsBehindAWholeRecordNotBeforeTheDamage(
        byte[] payloads, (ushort Where, byte By)[] damage)
    {
        var disk = new SimulatedDisk();
        JournalDirectory journal = Journals.Open(disk);
        int first = (int)RecordHeader.OffsetOf(journal.Lane(0).Position);
        List<int> ends = [first];
        foreach (byte payload in payloads)
        {
            journal.Lane(0).Append((ulong)ends.Count, payload);
            ends.Add((int)RecordHeader.OffsetOf(journal.Lane(0).Position));
        }

        journal.Abandon();
        Span<byte> bytes = disk.Bytes(Journals.Segment(0));
        int hit = ends[^1];
        foreach ((ushort where, byte by) in damage)
        {
            int offset = first + where % (ends[^1] + sizeof(int) - first);
            bytes[offset] ^= by;
            hit = by == 0 ? hit : Math.Min(hit, offset);
        }

        using var segment = new JournalSegment(((IJournalDisk)disk).OpenSegment(Journals.Segment(0)));
        ScanResult scan = SegmentScan.Run(segment, trustClosed: false);
        Assert.Contains(scan.End, ends);
        Assert.True(scan.End >= ends.Last(end => end <= hit), $"ends at {scan.End}, hit at {hit}");
        Assert.NotEqual(RecordState.Whole, scan.Stop);
        (int last, int count) = SegmentScan.Beyond(segment, scan.End);
        Assert.True(last == 0 || (ends.Contains(last) && last > scan.End), $"a record ends at {last}");
        Assert.True(count <= ends.Count(end => end > scan.End), $"{count} records beyond {scan.End}");
    }

    [Fact]
    public void MayBegin_EveryKindThatThisVersionWrites_IsLookedAt()
    {
        JournalKind[] kinds = [.. Enum.GetValues<JournalKind>().Where(static kind => kind != JournalKind.None)];
        foreach (JournalKind kind in (JournalKind[])[.. kinds, kinds.Max() + 1])
        {
            var header = new RecordHeader { Length = RecordHeader.Bytes, Kind = kind };
            Assert.Equal(kind <= kinds.Max(), SegmentScan.MayBegin(&header));
        }
    }

    [Fact]
    public void MayBegin_EveryFlagThatThisVersionWrites_IsLookedAt()
    {
        foreach (RecordFlags flag in Enum.GetValues<RecordFlags>())
        {
            var header = new RecordHeader { Length = RecordHeader.Bytes, Kind = JournalKind.Sent, Flags = flag };
            Assert.True(SegmentScan.MayBegin(&header), $"{flag} is overlooked");
        }

        var later = new RecordHeader
        {
            Length = RecordHeader.Bytes, Kind = JournalKind.Sent, Flags = (RecordFlags)(1 << 15),
        };
        Assert.False(SegmentScan.MayBegin(&later));
    }

    /// <summary>Every slot claims to be a long record, so that each costs a long checksum: the search gives up and
    /// takes everything for lost records.</summary>
    [Fact]
    public void Beyond_EverySlotClaimsToBeALongRecord_GivesUpBeforeTheEnd()
    {
        var disk = new SimulatedDisk();
        JournalDirectory journal = Journals.Open(disk);
        int end = (int)RecordHeader.OffsetOf(journal.Lane(0).Position);
        journal.Abandon();
        int last = Journals.ClaimRecords(disk.Bytes(Journals.Segment(0)), end + RecordHeader.Alignment);
        using var segment = new JournalSegment(((IJournalDisk)disk).OpenSegment(Journals.Segment(0)));
        (int lost, int count) = SegmentScan.Beyond(segment, end);
        Assert.Equal((SegmentScan.LastNonZero(segment, end), 0), (lost, count));
        Assert.InRange(lost, last - RecordHeader.Alignment, last + RecordHeader.Alignment);
    }

    /// <summary>Lengths around the one that just fits: a record leaves the slot behind it in the segment, padding ends
    /// exactly with it.</summary>
    [Property(MaxTest = 500)]
    public bool Glance_AnyLengthAroundTheRoom_IsWholeOrPaddingOnlyIfItFits(byte slots, sbyte beyond, bool isPadding)
    {
        int room = RecordHeader.Alignment * (1 + slots);
        int length = isPadding ? -(room + beyond / 32) : room + beyond;
        int taken = (length + RecordHeader.Alignment - 1) / RecordHeader.Alignment * RecordHeader.Alignment;
        RecordState expected =
            length == 0 ? RecordState.Unwritten
            : length < 0 ? (-length == room ? RecordState.Padding : RecordState.Invalid)
            : length >= RecordHeader.Bytes && taken + RecordHeader.Alignment <= room ? RecordState.Whole
            : RecordState.Invalid;
        RecordState state = SegmentScan.Glance(length, room, out int needed);
        return state == expected && (state != RecordState.Whole || needed == length);
    }
}
