using Outheis.Testing;
using Xunit;

namespace Outheis.Tests.Journal;

public sealed class JournalVerifierTests
{
    private const int Records = 12;

    private readonly SimulatedDisk _disk = new();

    private JournalVerification Verify() => JournalVerifier.Verify(Journals.Path, _disk);

    [Fact]
    public void Verify_AWholeJournal_CountsEveryRecord()
    {
        WrittenJournal journal = WrittenJournal.Write();
        JournalVerification found = JournalVerifier.Verify(Journals.Path, journal.Disk);
        Assert.Empty(found.Faults);
        Assert.Equal(journal.Read().Count, found.Records);
        Assert.Equal(journal.Disk.Files.Count(file => file.EndsWith(".seg")), found.Segments);
    }

    /// <summary>Whatever byte is hit: the verdict names the first record that was, and a reader shows those before it
    /// and no other.</summary>
    [Theory]
    [InlineData(0xFF)]
    [InlineData(0x01)]
    [InlineData(0x80)]
    public void Verify_AnyByteChanged_NamesTheFirstBadRecordAndWhatLiesBehind(byte by)
    {
        List<JournalEntry> all = WriteSome();
        Span<byte> bytes = _disk.Bytes(Journals.Segment(0));
        int end = (int)all[^1].Position + BytesOf(bytes, all[^1]);
        for (int at = 0; at < end + 64; at++)
        {
            bytes[at] ^= by;
            JournalFault? fault = Verify().Faults.SingleOrDefault();
            int hit = Hit(bytes, all, at, by, end);
            Assert.True(Expected(all, at, hit, end) == fault?.Position, $"byte {at}: {fault}");
            Assert.Equal(fault is null ? null : "lane-00/000000000000.seg", fault?.File);
            int behind = Math.Max(0, all.Count - (hit + 1));
            Assert.True(fault is null || fault.RecordsBeyond == behind, $"byte {at}: {fault}");
            AssertReads(all, fault is null ? all.Count : Math.Max(0, hit), fault);
            bytes[at] ^= by;
        }

        Assert.True(Verify().IsWhole);
    }

    [Fact]
    public void Verify_ALengthThatBecameZero_IsAHoleWithRecordsBehind()
    {
        List<JournalEntry> all = WriteSome();
        _disk.Bytes(Journals.Segment(0)).Slice((int)all[4].Position, 4).Clear();
        JournalFault fault = Assert.Single(Verify().Faults);
        Assert.Equal((LaneEndKind.Hole, all[4].Position, all.Count - 5L),
            (fault.Kind, fault.Position, fault.RecordsBeyond));
    }

    [Fact]
    public void Verify_ASegmentMissing_SaysWhich()
    {
        SimulatedDisk disk = WrittenJournal.Write(lanes: 1).Disk;
        disk.Delete(Journals.Segment(2));
        JournalFault fault = Assert.Single(JournalVerifier.Verify(Journals.Path, disk).Faults);
        Assert.Equal((LaneEndKind.Hole, 2L * WrittenJournal.SegmentBytes, "segment 2 is missing"),
            (fault.Kind, fault.Position, fault.Reason));
    }

    [Fact]
    public void Verify_ASegmentUnfinishedBeforeAnother_IsAHole()
    {
        SimulatedDisk disk = WrittenJournal.Write(lanes: 1).Disk;
        disk.Bytes(Journals.Segment(1))[(WrittenJournal.SegmentBytes / 2)..].Clear();
        JournalVerification found = JournalVerifier.Verify(Journals.Path, disk);
        Assert.NotEmpty(found.Faults);
        Assert.All(found.Faults, fault => Assert.Equal("lane-00/000000000001.seg", fault.File));
    }

    [Fact]
    public void Verify_FaultsInSeveralLanes_AreAllTold()
    {
        SimulatedDisk disk = WrittenJournal.Write().Disk;
        disk.Bytes(Journals.Segment(1, lane: 0))[4096 + 12] ^= 1;
        disk.Bytes(Journals.Segment(0, lane: 1))[4096 + 12] ^= 1;
        disk.Bytes(Journals.Segment(2, lane: 1))[30] ^= 1;
        IReadOnlyList<JournalFault> faults = JournalVerifier.Verify(Journals.Path, disk).Faults;
        Assert.Equal(
            ["lane-00/000000000001.seg", "lane-01/000000000000.seg", "lane-01/000000000002.seg"],
            faults.Select(fault => fault.File));
        Assert.All(faults, fault => Assert.True(fault.RecordsBeyond > 100, $"{fault}"));
    }

    [Fact]
    public void Verify_WhatRecoverySetAside_IsNamed()
    {
        List<JournalEntry> all = WriteSome();
        _disk.Bytes(Journals.Segment(0))[(int)all[5].Position + 9] ^= 1;
        Journals.Header(_disk, Journals.Segment(0)).Closed = 0;      // else the Closed record is believed
        _disk.Bytes($"{Journals.Path}/{JournalDirectory.LockName}").Clear();
        _disk.Reboot();
        Journals.Open(_disk).Dispose();
        JournalVerification found = Verify();
        Assert.True(found.IsWhole);
        Assert.EndsWith(".torn", Assert.Single(found.SetAside), StringComparison.Ordinal);
    }

    [Fact]
    public void Verify_BesideAWriter_FindsNothingWrong()
    {
        using JournalDirectory journal = Journals.Open(_disk, Journals.Settings(retain: 3));
        bool ends = false;
        var writer = new Thread(() =>
        {
            for (ulong i = 0; !Volatile.Read(ref ends); i++)
            {
                journal.Lane(0).Append(i, (int)(i % 90));
            }
        });
        writer.Start();
        try
        {
            for (int i = 0; i < 200; i++)
            {
                Assert.Empty(Verify().Faults);
            }
        }
        finally
        {
            Volatile.Write(ref ends, true);
            writer.Join();
        }
    }

    [Fact]
    public void Verify_NoJournalOrANewerOne_Throws()
    {
        Assert.Throws<JournalException>(() => JournalVerifier.Verify("/nowhere", _disk));
        WriteSome();
        ref SegmentHeader header = ref Journals.Header(_disk, Journals.Segment(0));
        header.Version = 2;
        header.Crc = header.ComputeCrc();
        Assert.Contains("version 2", Assert.Throws<JournalException>(Verify).Message);
    }

    private List<JournalEntry> WriteSome()
    {
        using (JournalDirectory journal = Journals.Open(_disk))
        {
            for (ulong i = 0; i < Records; i++)
            {
                journal.Lane(0).Append(i, (int)(i * 11 % 70));
            }
        }

        return Journals.ReadAll(_disk, out _);
    }

    private static int BytesOf(ReadOnlySpan<byte> segment, JournalEntry entry) =>
        RecordHeader.Aligned(LengthOf(segment, entry) - RecordHeader.Bytes);

    private static int LengthOf(ReadOnlySpan<byte> segment, JournalEntry entry) =>
        BitConverter.ToInt32(segment[(int)entry.Position..]);

    // The number of the record that a changed byte belongs to; that of the end if it is the slot after the last one;
    // -1 if it is of the header; -2 if it means nothing.
    private static int Hit(Span<byte> bytes, List<JournalEntry> all, int at, byte by, int end)
    {
        if (at < JournalLimits.SegmentHeaderBytes)
        {
            return at < 72 ? -1 : -2;
        }

        if (at >= end)
        {
            return at < end + sizeof(int) ? all.Count : -2;
        }

        bytes[at] ^= by;
        int record = all.FindLastIndex(entry => entry.Position <= at);
        bool isPadding = at >= all[record].Position + LengthOf(bytes, all[record]);
        bytes[at] ^= by;
        return isPadding ? -2 : record;
    }

    private static long? Expected(List<JournalEntry> all, int at, int hit, int end) =>
        hit == -2 ? null : hit == -1 ? 0 : hit == all.Count ? end : all[hit].Position;

    private void AssertReads(List<JournalEntry> all, int count, JournalFault? fault)
    {
        try
        {
            List<JournalEntry> read = Journals.ReadAll(_disk, out IReadOnlyList<LaneEnd> ends);
            Assert.Equal(all.Take(count).Select(Told.Of), read.Select(Told.Of));
            Assert.Equal(fault is null, ends[0].Kind == LaneEndKind.End);
        }
        catch (JournalException)
        {
            Assert.Equal(LaneEndKind.BadSegment, fault?.Kind);
        }
    }
}
