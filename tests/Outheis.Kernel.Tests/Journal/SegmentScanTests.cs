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

        using var segment = new JournalSegment(disk.OpenSegment(Journals.Segment(0)));
        ScanResult scan = SegmentScan.Run(segment, trustClosed: false);
        Assert.Contains(scan.End, ends);
        Assert.True(scan.End >= ends.Last(end => end <= hit), $"ends at {scan.End}, hit at {hit}");
        Assert.NotEqual(RecordState.Whole, scan.Stop);
        (int last, int count) = SegmentScan.Beyond(segment, scan.End);
        Assert.True(last == 0 || (ends.Contains(last) && last > scan.End), $"a record ends at {last}");
        Assert.True(count <= ends.Count(end => end > scan.End), $"{count} records beyond {scan.End}");
    }

    [Property(MaxTest = 300)]
    public bool Glance_AnyLength_NeverReachesBeyondTheSegment(int length, ushort available)
    {
        int room = RecordHeader.Alignment * (1 + available);
        RecordState state = SegmentScan.Glance(length, room, out int needed);
        return state switch
        {
            RecordState.Whole => needed == length && length >= RecordHeader.Bytes && length <= room,
            RecordState.Padding => -(long)length == room && needed <= room,
            RecordState.Unwritten => length == 0,
            _ => true,
        };
    }
}
