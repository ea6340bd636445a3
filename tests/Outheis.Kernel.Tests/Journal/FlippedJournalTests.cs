using Outheis.Testing;
using Xunit;

namespace Outheis.Tests.Journal;

public sealed class FlippedJournalTests
{
    private readonly SimulatedDisk _disk = new();

    /// <summary>Every byte up to the last record, one at a time: whatever is read was written, in its place,
    /// and what stood before the flipped byte survives recovery.</summary>
    [Fact]
    public void FlipAnyByte_ReaderAndRecovery_SurfaceOnlyWhatWasWritten()
    {
        const int count = 6;
        JournalDirectory killed = Journals.Open(_disk);
        JournalLane lane = killed.Lane(0);
        long[] ends = [.. Journals.Range(count).Select(
            i => lane.Append(i, 40 + (int)i) + RecordHeader.Aligned(40 + (int)i))];
        killed.Abandon();
        byte[] original = _disk.Bytes(Journals.Segment(0)).ToArray();
        int end = (int)RecordHeader.OffsetOf(ends[^1]);
        IEnumerable<int> offsets = Enumerable.Range(0, SegmentHeader.Bytes)
            .Concat(Enumerable.Range(4096, end + 8 - 4096));
        foreach (int offset in offsets)
        {
            foreach (byte flip in (byte[])[0x01, 0x80, 0xFF])
            {
                original.CopyTo(_disk.Bytes(Journals.Segment(0)));
                _disk.Bytes(Journals.Segment(0))[offset] ^= flip;
                int before = ends.Count(recordEnd => RecordHeader.OffsetOf(recordEnd) <= offset);
                CheckFlipped(offset, before, count);
                foreach (string torn in _disk.Files.Where(file => file != Journals.Segment(0)
                    && file.Contains("lane", StringComparison.Ordinal)).ToArray())
                {
                    _disk.Delete(torn);
                }

                _disk.WriteAside(Journals.Segment(0), original);
            }
        }
    }

    private void CheckFlipped(int offset, int before, int count)
    {
        List<ulong> read, recovered;
        try
        {
            read = Journals.Numbers(_disk);
            Journals.Open(_disk).Dispose();
            recovered = Journals.Numbers(_disk);
        }
        catch (JournalException) when (offset < 12)
        {
            return;      // magic or version: refused, nothing touched
        }

        // Only prefixes. A flip in padding bytes that nobody reads changes nothing; one in the header page of
        // the segment sets it aside whole.
        Assert.Equal(Journals.Range(read.Count), read);
        Assert.True(Journals.Range(recovered.Count).SequenceEqual(recovered), $"offset {offset}");
        if (offset >= JournalLimits.SegmentHeaderBytes)
        {
            Assert.InRange(read.Count, before, count);
            Assert.Equal(read.Count, recovered.Count);
        }
    }
}
