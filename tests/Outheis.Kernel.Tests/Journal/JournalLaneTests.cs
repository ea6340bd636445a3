using Outheis.Testing;
using Xunit;

namespace Outheis.Tests.Journal;

public sealed class JournalLaneTests
{
    private readonly SimulatedDisk _disk = new();

    [Fact]
    public void Append_Some_ReadsBackInOrderWithPositions()
    {
        List<long> positions = [];
        using (JournalDirectory journal = Journals.Open(_disk))
        {
            positions.AddRange(Journals.Range(100).Select(i => journal.Lane(0).Append(i, (int)i)));
        }

        List<JournalEntry> entries = Journals.ReadAll(_disk, out IReadOnlyList<LaneEnd> ends);
        Assert.Equal(JournalKind.Opened, entries[0].Kind);
        Assert.Equal(JournalKind.Closed, entries[^1].Kind);
        Assert.Equal(positions, entries[1..^1].Select(entry => entry.Position));
        Assert.All(entries[1..^1], entry => Assert.True(Journals.IsIntact(entry)));
        Assert.Equal(LaneEndKind.End, Assert.Single(ends).Kind);
    }

    [Fact]
    public void Begin_NeverCommitted_LeavesNothing()
    {
        using (JournalDirectory journal = Journals.Open(_disk))
        {
            JournalLane lane = journal.Lane(0);
            Assert.True(lane.TryReserve(64));
            unsafe
            {
                lane.Begin(64)->Describe(JournalKind.Sent, 0, RecordFlags.None, 0);
            }

            lane.Append(5);
        }

        Assert.Equal([5ul], Journals.Numbers(_disk));
    }

    [Fact]
    public void Append_WarmedUp_AllocatesNothing()
    {
        using JournalDirectory journal = Journals.Open(_disk, Journals.Settings(segmentBytes: 16 << 20));
        JournalLane lane = journal.Lane(0);
        for (int i = 0; i < 1000; i++)
        {
            Assert.True(lane.TryAppend((ulong)i, 64));      // what is measured: its first call is compiled
        }

        // A window that the preparer has not come to yet takes another path, which is compiled at its first call.
        long[] allocated = new long[5];
        for (int round = 0; round < allocated.Length; round++)
        {
            long before = GC.GetAllocatedBytesForCurrentThread();
            for (int i = 0; i < 10_000; i++)
            {
                if (!lane.TryAppend((ulong)i, 64))
                {
                    break;
                }
            }

            allocated[round] = GC.GetAllocatedBytesForCurrentThread() - before;
        }

        Assert.True(allocated.Count(static bytes => bytes == 0) >= 3, string.Join(' ', allocated));
    }

    [Fact]
    public void Append_BeyondASegment_GoesOnInTheNext()
    {
        using (JournalDirectory journal = Journals.Open(_disk))
        {
            foreach (ulong i in Journals.Range(5000))
            {
                journal.Lane(0).Append(i, (int)(i % 300));
            }
        }

        Assert.Equal(Journals.Range(5000), Journals.Numbers(_disk));
        Assert.True(_disk.Files.Count(file => file.EndsWith(".seg", StringComparison.Ordinal)) > 5);
    }

    [Fact]
    public void Append_EveryFill_LeavesRoomForPaddingAndClosing()
    {
        for (int last = 0; last < 400; last += 8)
        {
            var disk = new SimulatedDisk();
            using (JournalDirectory journal = Journals.Open(disk))
            {
                JournalLane lane = journal.Lane(0);
                lane.Append(0, lane.PayloadBytesMax - 1000 - last);
                lane.Append(1, 500);
                disk.Free = 0;
                ulong next = 2;
                while (lane.TryAppend(next, 8))
                {
                    next++;
                }
            }

            Assert.Equal(JournalKind.Closed, Journals.ReadAll(disk, out _)[^1].Kind);
        }
    }

    [Fact]
    public void TryReserve_LongestPayload_FitsAnEmptySegmentAndLongerThrows()
    {
        using (JournalDirectory journal = Journals.Open(_disk))
        {
            JournalLane lane = journal.Lane(0);
            lane.Append(0, lane.PayloadBytesMax);
            lane.Append(1, lane.PayloadBytesMax);
            Assert.Throws<ArgumentOutOfRangeException>(() => lane.TryReserve(lane.PayloadBytesMax + 1));
        }

        Assert.Equal([0, 1], Journals.Numbers(_disk));
    }

    [Fact]
    public void TryReserve_DiskFull_RefusesWritesNothingAndGoesOnWhenThereIsRoom()
    {
        JournalDirectory journal = Journals.Open(_disk);
        JournalLane lane = journal.Lane(0);
        _disk.Free = 0;
        ulong next = 0;
        while (lane.TryAppend(next, 1000))
        {
            next++;
        }

        long position = lane.Position;
        Assert.Contains("space", lane.Refusal!.Message, StringComparison.Ordinal);
        Assert.False(lane.TryReserve(1000));
        Assert.Equal(position, lane.Position);
        Assert.Equal(Journals.Range((int)next), Journals.Numbers(_disk));

        _disk.Free = long.MaxValue;
        Thread.Sleep(JournalLimits.RetryAfterRefusal + TimeSpan.FromMilliseconds(20));
        lane.Append(next, 1000);
        Assert.Null(lane.Refusal);
        journal.Close();
        Assert.Equal(Journals.Range((int)next + 1), Journals.Numbers(_disk));
    }

    [Fact]
    public void TryReserve_SyncOfANewSegmentFails_RefusesAndSaysSo()
    {
        using JournalDirectory journal = Journals.Open(_disk);
        JournalLane lane = journal.Lane(0);
        _disk.FailSyncs();
        ulong next = 0;
        while (lane.TryAppend(next, 1000))
        {
            next++;
        }

        Assert.Contains("Input/output error", lane.Refusal!.Message, StringComparison.Ordinal);
        Assert.Single(_disk.Files, file => file.EndsWith(".seg", StringComparison.Ordinal));
    }

    [Fact]
    public void Sync_SegmentsWereLeftSinceTheLastOne_MakesThemDurableToo()
    {
        using JournalDirectory journal = Journals.Open(_disk);
        JournalLane lane = journal.Lane(0);
        ulong count = 0;
        while (RecordHeader.OffsetOf(lane.Position) < 3 * Journals.SmallSegment)
        {
            lane.Append(count++, payloadBytes: 1000);
        }

        lane.Sync();
        var cut = SimulatedDisk.From(_disk.PowerCutLosingAll());
        Assert.Equal(Journals.Range((int)count), Journals.Numbers(cut));
    }

    [Fact]
    public void Sync_DiskFails_ReachesTheCallerAndIsNeverForgotten()
    {
        JournalDirectory journal = Journals.Open(_disk);
        journal.Lane(0).Append(0);
        _disk.FailSyncs();
        Assert.Throws<JournalException>(journal.Lane(0).Sync);
        _disk.FailSyncs(0);      // as a system that reports each failure only once
        Assert.Throws<JournalException>(journal.Lane(0).Sync);
        Assert.Throws<JournalException>(journal.Close);
        Journals.Open(_disk, out RecoveryReport report).Close();
        Assert.False(report.Clean);
        Assert.False(report.Repaired);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(3)]
    public void Append_WithRetention_KeepsTheLastSegmentsAndNeverSurfacesAnOldLap(int retain)
    {
        JournalSettings settings = Journals.Settings(retain: retain);
        using JournalDirectory journal = Journals.Open(_disk, settings);
        JournalLane lane = journal.Lane(0);
        for (ulong i = 0; i < 20_000; i++)
        {
            lane.Append(i, (int)(i * 7 % 200));
            if (i % 997 == 0)
            {
                List<ulong> numbers = Journals.Numbers(_disk);
                Assert.Equal(i, numbers[^1]);
                Assert.Equal(numbers.Count, (int)(numbers[^1] - numbers[0]) + 1);
            }
        }

        int segments = _disk.Files.Count(file => file.EndsWith(".seg", StringComparison.Ordinal));
        Assert.InRange(segments, retain, retain + JournalLimits.SparesMax + 1);
    }

    [Fact]
    public void Append_ReopenedWithFewerAndLongerSegments_KeepsThatManyAndNoGap()
    {
        const int Each = 20_000;
        JournalDirectory before = Journals.Open(_disk, Journals.Settings(retain: 6));
        Array.ForEach([.. Journals.Range(Each)], i => before.Lane(0).Append(i, 100));
        before.Close();
        JournalSettings longer = Journals.Settings(segmentBytes: 2 * Journals.SmallSegment, retain: 2);
        using JournalDirectory journal = Journals.Open(_disk, longer);
        Array.ForEach([.. Journals.Range(Each)], i => journal.Lane(0).Append(Each + i, 100));
        List<ulong> kept = Journals.Numbers(_disk);
        Assert.Equal(Journals.Range(kept.Count).Select(i => i + kept[0]), kept);
        Assert.Equal(2ul * Each - 1, kept[^1]);
        string[] segments = [.. _disk.Files.Where(file => file.EndsWith(".seg", StringComparison.Ordinal))];
        Assert.InRange(segments.Length, 2, 2 + JournalLimits.SparesMax + 1);
        Assert.All(segments, segment => Assert.Equal(2 * Journals.SmallSegment, _disk.Bytes(segment).Length));
    }

    [Fact]
    public void TryReserve_AfterDispose_Throws()
    {
        JournalDirectory journal = Journals.Open(_disk);
        JournalLane lane = journal.Lane(0);
        journal.Close();
        Assert.Throws<ObjectDisposedException>(() => lane.TryReserve(0));
    }

    [Fact]
    public void Append_LargeSegment_AsksForPagesAndTheNextSegmentAhead()
    {
        using JournalDirectory journal = Journals.Open(_disk, Journals.Settings(segmentBytes: 16 << 20));
        JournalLane lane = journal.Lane(0);
        for (ulong i = 0; i < 2500; i++)
        {
            lane.Append(i, 4000);
        }

        Assert.True(SpinWait.SpinUntil(() => _disk.Files.Contains(Journals.Segment(1)), 5000));
        Assert.True(SpinWait.SpinUntil(() => _disk.Populates > 2, 5000));
    }
}
