using Outheis.Testing;
using Xunit;

namespace Outheis.Tests.Journal;

public sealed class JournalRecoveryTests
{
    private readonly SimulatedDisk _disk = new();

    [Fact]
    public void Open_AfterClose_IsCleanAndGoesOnInTheSameSegment()
    {
        for (ulong i = 0; i < 5; i++)
        {
            using JournalDirectory journal = Journals.Open(_disk, out RecoveryReport report);
            Assert.True(report.Clean);
            Assert.False(report.Repaired);
            Assert.Equal(i + 1, journal.Run);
            journal.Lane(0).Append(i);
        }

        Assert.Equal(Journals.Range(5), Journals.Numbers(_disk));
        Assert.Single(_disk.Files, file => file.EndsWith(".seg", StringComparison.Ordinal));
    }

    [Fact]
    public void Open_AfterKill_KeepsEveryCommittedRecordAndReportsNotClean()
    {
        JournalDirectory killed = Journals.Open(_disk);
        killed.Lane(0).Append(0);
        killed.Abandon();
        using JournalDirectory journal = Journals.Open(_disk, out RecoveryReport report);
        journal.Lane(0).Append(1);
        Assert.False(report.Clean);
        Assert.False(report.Repaired);
        Assert.Equal([0, 1], Journals.Numbers(_disk));
    }

    [Fact]
    public void Open_AfterKillInsideAnAppend_OverwritesWhatWasNeverCommitted()
    {
        JournalDirectory killed = Journals.Open(_disk);
        JournalLane lane = killed.Lane(0);
        lane.Append(0);
        unsafe
        {
            new Span<byte>(lane.Begin(64), 128)[4..].Fill(0xAB);
        }

        killed.Abandon();
        using JournalDirectory journal = Journals.Open(_disk, out RecoveryReport report);
        journal.Lane(0).Append(1);
        Assert.False(report.Repaired);
        Assert.Equal([0, 1], Journals.Numbers(_disk));
    }

    /// <summary>A file that is filled anew has its last lap behind the cursor, and that may look like
    /// anything.</summary>
    [Fact]
    public void Open_AfterKillBeforeAnOldLapThatLooksLikeRecords_SetsNothingAside()
    {
        JournalDirectory killed = Journals.Open(_disk);
        killed.Lane(0).Append(0);
        int end = (int)RecordHeader.OffsetOf(killed.Lane(0).Position);
        killed.Abandon();
        Journals.ClaimRecords(_disk.Bytes(Journals.Segment(0)), end + RecordHeader.Alignment);
        using JournalDirectory journal = Journals.Open(_disk, out RecoveryReport report);
        journal.Lane(0).Append(1);
        Assert.False(report.Repaired);
        Assert.Equal([0, 1], Journals.Numbers(_disk));
    }

    [Fact]
    public void Open_GarbageTail_IsSetAsideAndReported()
    {
        JournalDirectory killed = Journals.Open(_disk);
        JournalLane lane = killed.Lane(0);
        lane.Append(0);
        int offset = (int)RecordHeader.OffsetOf(lane.Position);
        byte[] garbage = new byte[1000];
        new Random(3).NextBytes(garbage);
        garbage.CopyTo(_disk.Bytes(Journals.Segment(0))[offset..]);
        killed.Abandon();
        using (JournalDirectory journal = Journals.Open(_disk, out RecoveryReport report))
        {
            Assert.True(report.Repaired);
            Assert.Equal(1000, report.BytesDropped);
            Assert.Contains("1000 damaged bytes", report.ToString(), StringComparison.Ordinal);
            journal.Lane(0).Append(1);
        }

        string torn = Assert.Single(_disk.Files, file => file.EndsWith(".torn", StringComparison.Ordinal));
        Assert.Equal(garbage, _disk.Bytes(torn).ToArray());
        Assert.Equal([0, 1], Journals.Numbers(_disk));
    }

    [Fact]
    public void Open_WholeRecordOfAnotherPlaceAtTheEnd_IsNotARecord()
    {
        JournalDirectory killed = Journals.Open(_disk);
        int from = (int)RecordHeader.OffsetOf(killed.Lane(0).Append(0));
        killed.Lane(0).Append(1);
        int end = (int)RecordHeader.OffsetOf(killed.Lane(0).Position);
        Span<byte> segment = _disk.Bytes(Journals.Segment(0));
        segment.Slice(from, 128).CopyTo(segment[end..]);      // as an earlier lap, without the zero
        killed.Abandon();
        Assert.Equal([0, 1], Journals.Numbers(_disk));
        using JournalDirectory journal = Journals.Open(_disk, out RecoveryReport report);
        Assert.True(report.Repaired);
        Assert.Equal([0, 1], Journals.Numbers(_disk));
    }

    [Fact]
    public void Open_GapBeforeWholeRecords_KeepsThePrefixAndNeverMeetsTheOthersAgain()
    {
        JournalDirectory killed = Journals.Open(_disk);
        JournalLane lane = killed.Lane(0);
        long lost = lane.Append(0);
        lost = lane.Append(1);
        lane.Append(2);
        lane.Append(3);
        Span<byte> segment = _disk.Bytes(Journals.Segment(0));
        segment.Slice((int)RecordHeader.OffsetOf(lost), RecordHeader.Aligned(64)).Clear();      // never on the disk
        killed.Abandon();
        using (JournalDirectory journal = Journals.Open(_disk, out RecoveryReport report))
        {
            Assert.Equal(2, report.RecordsDropped);
            // Opened and BuiltOn took some of the gap; this fills it, so that 3 would be the next record again.
            journal.Lane(0).Append(10, 32);
            Assert.Equal(lost + (2 * RecordHeader.Aligned(64)), journal.Lane(0).Position);
            Assert.Equal([0, 10], Journals.Numbers(_disk));
            int end = (int)RecordHeader.OffsetOf(journal.Lane(0).Position);
            Assert.Equal(-1, _disk.Bytes(Journals.Segment(0))[end..].IndexOfAnyExcept((byte)0));
        }

        Assert.Equal([0, 10], Journals.Numbers(_disk));
    }

    [Fact]
    public void Open_PreparedSegmentNeverBegun_IsDroppedAndPositionsGoOn()
    {
        JournalDirectory killed = Journals.Open(_disk, Journals.Settings(segmentBytes: 16 << 20));
        JournalLane lane = killed.Lane(0);
        for (ulong i = 0; i < 2500; i++)
        {
            lane.Append(i, 4000);
        }

        Assert.True(SpinWait.SpinUntil(() => _disk.Files.Contains(Journals.Segment(1)), 5000));
        killed.Abandon();
        using JournalDirectory journal = Journals.Open(_disk, out RecoveryReport report);
        journal.Lane(0).Append(2500);
        Assert.False(report.Repaired);
        Assert.Equal(Journals.Range(2501), Journals.Numbers(_disk));
    }

    [Fact]
    public void Open_EndedExactlyWithPadding_GoesOnInTheNextSegment()
    {
        JournalDirectory first = Journals.Open(_disk);
        while (!_disk.Files.Contains(Journals.Segment(2)))
        {
            first.Lane(0).Append(0, 1000);
        }

        first.Abandon();
        _disk.Delete(Journals.Segment(1));
        int before = Journals.Numbers(_disk).Count;
        using JournalDirectory journal = Journals.Open(_disk, out _);
        journal.Lane(0).Append(7);
        Assert.Equal(before + 1, Journals.Numbers(_disk).Count);
    }

    [Fact]
    public void Open_AfterPowerFailure_ChecksEarlierSegmentsAndSetsTheRestAside()
    {
        JournalDirectory killed = Journals.Open(_disk);
        JournalLane lane = killed.Lane(0);
        foreach (ulong i in Journals.Range(200))
        {
            lane.Append(i, 2000);
        }

        _disk.Bytes(Journals.Segment(2)).Slice(8192, 4096).Clear();
        killed.Abandon();
        _disk.Reboot();
        List<ulong> readable = Journals.Numbers(_disk);
        using JournalDirectory journal = Journals.Open(_disk, out RecoveryReport report);
        Assert.True(report.Repaired);
        Assert.Equal(readable, Journals.Numbers(_disk));
        journal.Lane(0).Append(1000);
        Assert.Equal([.. readable, 1000], Journals.Numbers(_disk));
        Assert.Contains(_disk.Files, file => file.EndsWith($"{3:D12}.run2.torn", StringComparison.Ordinal));
    }

    [Fact]
    public void Open_MiddleSegmentMissing_GoesOnAfterThePrefixAndSetsTheRestAside()
    {
        JournalDirectory killed = Journals.Open(_disk);
        foreach (ulong i in Journals.Range(200))
        {
            killed.Lane(0).Append(i, 2000);
        }

        killed.Abandon();
        _disk.Delete(Journals.Segment(2));
        _disk.Reboot();
        List<ulong> readable = Journals.Numbers(_disk);
        using JournalDirectory journal = Journals.Open(_disk, out RecoveryReport report);
        Assert.True(report.BytesDropped >= 3 * Journals.SmallSegment);
        journal.Lane(0).Append(1000);
        Assert.Equal([.. readable, 1000], Journals.Numbers(_disk));
    }

    [Fact]
    public void Open_AfterPowerFailure_DropsARecycledFileThatKeptItsOldName()
    {
        JournalDirectory killed = Journals.Open(_disk);
        JournalLane lane = killed.Lane(0);
        foreach (ulong i in Journals.Range(100))
        {
            lane.Append(i, 2000);
        }

        ref SegmentHeader header = ref Journals.Header(_disk, Journals.Segment(0));
        header.Sequence = 9;
        header.Crc = header.ComputeCrc();
        killed.Abandon();
        _disk.Reboot();
        using JournalDirectory journal = Journals.Open(_disk, out RecoveryReport report);
        Assert.False(report.Repaired);
        Assert.Equal(99ul, Journals.Numbers(_disk)[^1]);
    }

    [Fact]
    public void Open_MoreLanesThenFewer_KeepsAll()
    {
        Journals.Open(_disk, Journals.Settings(lanes: 1)).Close();
        using (JournalDirectory three = Journals.Open(_disk, Journals.Settings(lanes: 3)))
        {
            three.Lane(2).Append(5);
        }

        Journals.Open(_disk, out RecoveryReport report, Journals.Settings(lanes: 2)).Close();
        Assert.Equal(3, report.Lanes.Count);
        Assert.True(report.Clean);
        Assert.Equal([5ul], Journals.Numbers(_disk));
        Assert.Equal(4u, Journals.Open(_disk, Journals.Settings(lanes: 3)).Run);
    }

    [Fact]
    public void Open_NewerFormat_RefusesAndTouchesNothing()
    {
        Journals.Open(_disk).Close();
        Journals.Header(_disk, Journals.Segment(0)).Version = 2;
        byte[] before = _disk.Bytes(Journals.Segment(0)).ToArray();
        string[] files = [.. _disk.Files];
        var error = Assert.Throws<JournalException>(() => Journals.Open(_disk));
        Assert.Contains("version 2", error.Message, StringComparison.Ordinal);
        Assert.Throws<JournalException>(() => JournalReader.Open(Journals.Path, _disk));
        Assert.Equal(before, _disk.Bytes(Journals.Segment(0)).ToArray());
        Assert.Equal(files, _disk.Files);
    }

    [Fact]
    public void Open_DirectoryOfOtherFiles_RefusesAndTouchesNothing()
    {
        _disk.CreateDirectory(Journals.Path);
        _disk.WriteAside(Journals.Path + "/notes.txt", "mine"u8);
        var error = Assert.Throws<JournalException>(() => Journals.Open(_disk));
        Assert.Contains("not a journal", error.Message, StringComparison.Ordinal);
        Assert.Equal(Journals.Path + "/notes.txt", Assert.Single(_disk.Files));
    }

    [Fact]
    public void Open_Twice_NamesTheHolder()
    {
        using JournalDirectory journal = Journals.Open(_disk);
        var error = Assert.Throws<JournalInUseException>(() => Journals.Open(_disk));
        Assert.Equal(Environment.ProcessId, error.ProcessId);
        Assert.Equal(Journals.Path, error.Directory);
    }

    [Fact]
    public void Open_DiskFullFromTheStart_ThrowsAndReleasesTheLock()
    {
        _disk.Free = 1000;
        Assert.Throws<JournalException>(() => Journals.Open(_disk));
        _disk.Free = long.MaxValue;
        Journals.Open(_disk).Close();
    }

    [Fact]
    public void Open_SyncFails_ReachesTheCaller()
    {
        _disk.FailSyncs();
        Assert.Throws<JournalException>(() => Journals.Open(_disk));
    }

    /// <summary>After a power failure any page, or any sector of it, may be an older one: zeros, or the bytes
    /// of an earlier lap. Header pages were made durable when the files were.</summary>
    [Fact]
    public void Open_AfterPowerFailureThatLostAnyPages_KeepsAPrefix()
    {
        for (int seed = 0; seed < 60; seed++)
        {
            var disk = new SimulatedDisk();
            var random = new Random(seed);
            JournalSettings settings = Journals.Settings(retain: seed % 2 == 0 ? null : 4);
            JournalDirectory killed = Journals.Open(disk, settings);
            int count = random.Next(400, 800);
            Dictionary<string, byte[]> older = [];
            foreach (ulong i in Journals.Range(count))
            {
                killed.Lane(0).Append(i, random.Next(600));
                if (i == (ulong)count / 2)
                {
                    older = Segments(disk).ToDictionary(path => path, path => disk.Bytes(path).ToArray());
                }
            }

            killed.Abandon();
            LosePages(disk, random, older);
            disk.Reboot();
            using JournalDirectory journal = Journals.Open(disk, out _);
            List<ulong> kept = Journals.Numbers(disk);
            ulong first = kept.Count == 0 ? 0 : kept[0];
            bool hasNoGap = Journals.Range(kept.Count).Select(i => i + first).SequenceEqual(kept);
            Assert.True(hasNoGap, $"seed {seed}");
            journal.Lane(0).Append(5000);
            Assert.Equal([.. kept, 5000], Journals.Numbers(disk));
        }
    }

    private static IEnumerable<string> Segments(SimulatedDisk disk) =>
        disk.Files.Where(file => file.EndsWith(".seg", StringComparison.Ordinal));

    private static void LosePages(SimulatedDisk disk, Random random, Dictionary<string, byte[]> older)
    {
        int sector = random.Next(2) == 0 ? 4096 : 512;
        foreach (string path in Segments(disk).ToArray())
        {
            Span<byte> bytes = disk.Bytes(path);
            for (int offset = 4096; offset < bytes.Length; offset += sector)
            {
                if (random.Next(100) == 0)
                {
                    byte[]? before = older.GetValueOrDefault(path);
                    Span<byte> lost = bytes.Slice(offset, sector);
                    (before is null ? new byte[sector] : before.AsSpan(offset, sector)).CopyTo(lost);
                }
            }
        }
    }
}
