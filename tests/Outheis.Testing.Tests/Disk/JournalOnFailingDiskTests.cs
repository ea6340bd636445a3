using System.Runtime.InteropServices;
using System.Text;
using Xunit;

namespace Outheis.Testing.Tests.Disk;

/// <summary>What the journal makes of a disk that fails, case by case. Any moment at all: PowerCutTests.</summary>
public sealed class JournalOnFailingDiskTests
{
    private SimulatedDisk _disk = new();

    private static readonly JournalSettings Recycling = JournalOnDisk.Settings(retain: 2);

    private void GoOnWith(DiskImage image, JournalDirectory journal)
    {
        journal.Abandon();
        _disk = SimulatedDisk.From(image);
    }

    private static void AppendUpTo(JournalDirectory journal, ref ulong next, ulong end)
    {
        for (; next < end; next++)
        {
            journal.Lane(0).Append(next, 4000);
        }
    }

    [Fact]
    public void Kill_NothingSynced_KeepsEverything()
    {
        JournalDirectory killed = JournalOnDisk.Open(_disk);
        ulong next = 0;
        AppendUpTo(killed, ref next, 100);
        GoOnWith(_disk.Snapshot(), killed);
        killed = JournalOnDisk.Open(_disk, out RecoveryReport report);
        Assert.Equal(0, report.BytesDropped);
        Assert.Equal(JournalOnDisk.Range(0, 100), JournalOnDisk.Numbers(_disk));
        killed.Close();
    }

    [Fact]
    public void Abandoned_WritesOn_TheNewJournalDoesNotSeeIt()
    {
        JournalDirectory old = JournalOnDisk.Open(_disk);
        old.Lane(0).Append(0);
        SimulatedDisk found = SimulatedDisk.From(_disk.Snapshot());
        using JournalDirectory journal = JournalOnDisk.Open(found);
        ulong next = 1;
        AppendUpTo(old, ref next, 50);
        journal.Lane(0).Append(1000);
        Assert.Equal([0, 1000], JournalOnDisk.Numbers(found));
        Assert.Equal(JournalOnDisk.Range(0, 50), JournalOnDisk.Numbers(_disk));
        old.Abandon();
    }

    [Fact]
    public void Close_PowerCutAtOnce_KeepsEverythingAndIsRepairedAtMostByTheClosing()
    {
        JournalDirectory journal = JournalOnDisk.Open(_disk);
        ulong next = 0;
        AppendUpTo(journal, ref next, 40);
        journal.Close();
        _disk = SimulatedDisk.From(_disk.PowerCutLosingAll());
        JournalOnDisk.Open(_disk, out RecoveryReport report).Close();
        Assert.Equal(0, report.BytesDropped);
        Assert.Equal(JournalOnDisk.Range(0, 40), JournalOnDisk.Numbers(_disk));
    }

    [Fact]
    public void Sync_FailsOnce_NeverReportsSuccessAgain()
    {
        JournalDirectory journal = JournalOnDisk.Open(_disk);
        journal.Lane(0).Append(0);
        _disk.FailNext(DiskVerb.SyncFile);
        Assert.Throws<JournalException>(journal.Lane(0).Sync);
        Assert.Throws<JournalException>(journal.Lane(0).Sync);      // a second fsync of the disk would say yes
        journal.Abandon();
        Assert.Empty(JournalOnDisk.Numbers(SimulatedDisk.From(_disk.PowerCutLosingAll())));
    }

    [Fact]
    public void Append_DiskFull_RefusesAndGoesOnWhenThereIsRoomAgain()
    {
        JournalDirectory journal = JournalOnDisk.Open(_disk);
        _disk.Free = JournalLimits.SegmentBytesMin / 2;
        ulong next = 0;
        while (journal.Lane(0).TryAppend(next, 4000))
        {
            next++;
        }

        Assert.Contains("No space", journal.Lane(0).Refusal!.Message, StringComparison.Ordinal);
        _disk.WriteAside("/data/ballast", "big"u8);
        _disk.Free += 10 * JournalLimits.SegmentBytesMin;
        Assert.True(SpinWait.SpinUntil(() => journal.Lane(0).TryAppend(next, 4000), 5000));
        journal.Close();
        Assert.Equal(JournalOnDisk.Range(0, (int)next + 1), JournalOnDisk.Numbers(_disk));
    }

    [Fact]
    public void Open_NewDirectories_PowerCutDoesNotTakeThemAway()
    {
        JournalDirectory journal = JournalOnDisk.Open(_disk);
        journal.Lane(0).Append(1);
        journal.Lane(0).Sync();
        GoOnWith(_disk.PowerCutLosingAll(), journal);
        Assert.Equal([1ul], JournalOnDisk.Numbers(_disk));
    }

    /// <summary>Which segments the last run may have left unfinished follows from the boot in the lock.</summary>
    [Fact]
    public void Open_PowerCutLater_TheLockTellsTheBoot()
    {
        JournalDirectory journal = JournalOnDisk.Open(_disk);
        GoOnWith(_disk.PowerCutLosingAll(), journal);
        string text = Encoding.UTF8.GetString(_disk.Bytes(JournalOnDisk.Path + "/lock"));
        Assert.Contains("boot 00000001", text, StringComparison.Ordinal);
    }

    /// <summary>A segment that recovery set aside would go on where the new records end.</summary>
    [Fact]
    public void Open_SetSegmentsAside_NoPowerCutBringsThemBack()
    {
        JournalDirectory journal = JournalOnDisk.Open(_disk);
        ulong next = 0;
        AppendUpTo(journal, ref next, 40);
        journal.Lane(0).Sync();
        _disk.Bytes(JournalOnDisk.Segment(0))[30_000] ^= 1;
        GoOnWith(_disk.Snapshot(), journal);
        _disk.Reboot();
        journal = JournalOnDisk.Open(_disk, out RecoveryReport report);
        Assert.True(report.RecordsDropped > 0);
        GoOnWith(_disk.PowerCutLosingAll(), journal);
        Assert.DoesNotContain(JournalOnDisk.Segment(1), _disk.Files);
    }

    /// <summary>Of a recycled file the name may be there and the header not.</summary>
    [Fact]
    public void Open_RecycledSegmentWithoutItsHeader_TheSegmentsBeforeItGoOn()
    {
        JournalDirectory journal = JournalOnDisk.Open(_disk, Recycling);
        ulong next = 0;
        AppendUpTo(journal, ref next, 20);
        GoOnWith(_disk.Snapshot(), journal);
        _disk.Reboot();      // what is recycled now has the header of another boot
        journal = JournalOnDisk.Open(_disk, Recycling);
        AppendUpTo(journal, ref next, 60);
        journal.Lane(0).Sync();
        string newest = _disk.Files.Last(static file => file.EndsWith(".seg", StringComparison.Ordinal));
        GoOnWith(_disk.Snapshot(), journal);
        _disk.Reboot();
        ref SegmentHeader header = ref MemoryMarshal.AsRef<SegmentHeader>(_disk.Bytes(newest));
        header.Sequence -= 3;
        header.Boot = default;
        header.Crc = header.ComputeCrc();
        List<ulong> readable = JournalOnDisk.Numbers(_disk);
        journal = JournalOnDisk.Open(_disk, Recycling);
        journal.Lane(0).Append(1000);
        Assert.Equal([.. readable, 1000], JournalOnDisk.Numbers(_disk));
        journal.Close();
    }

    /// <summary>A file is recycled under its old name as long as the disk has no other: then its damaged lap would be
    /// the oldest segment, and hide the others.</summary>
    [Fact]
    public void Append_RecyclesWithoutSync_PowerCutNeverLeavesADamagedOldestSegment()
    {
        JournalDirectory journal = JournalOnDisk.Open(_disk, JournalOnDisk.Settings(retain: 6));
        ulong next = 0;
        for (ulong end = 30; end < 800; end += 45)
        {
            AppendUpTo(journal, ref next, end);
            journal.Lane(0).Sync();
            ulong synced = next;
            AppendUpTo(journal, ref next, end + 44);      // into a segment that was given up since the sync
            for (ulong seed = 0; seed < 20; seed++)
            {
                SimulatedDisk found = SimulatedDisk.From(_disk.PowerCut(new Choices(seed)));
                Assert.True(JournalOnDisk.Numbers(found).LastOrDefault() + 1 >= synced, $"end {end} seed {seed}");
            }
        }

        journal.Abandon();
    }

    /// <summary>The killed run recycled a file and never synced; the next one promises for both.</summary>
    [Fact]
    public void Sync_AfterOneThatFailedInAKilledProcess_MakesDurableWhatTheSystemHadDropped()
    {
        var disk = new SimulatedDisk();
        JournalDirectory killed = JournalOnDisk.Open(disk);
        ulong next = 0;
        AppendUpTo(killed, ref next, 40);
        disk.FailNext(DiskVerb.SyncFile, int.MaxValue);      // the preparer's too
        Assert.Throws<JournalException>(killed.Lane(0).Sync);
        disk.FailNext(DiskVerb.SyncFile, 0);
        AppendUpTo(killed, ref next, 80);
        SimulatedDisk later = SimulatedDisk.From(disk.Snapshot());
        killed.Abandon();
        JournalDirectory journal = JournalOnDisk.Open(later, out RecoveryReport report);
        Assert.False(report.Repaired, report.ToString());
        journal.Lane(0).Sync();
        SimulatedDisk afterCut = SimulatedDisk.From(later.PowerCutLosingAll());
        journal.Abandon();
        using JournalDirectory last = JournalOnDisk.Open(afterCut);
        Assert.Equal(JournalOnDisk.Range(0, 80), JournalOnDisk.Numbers(afterCut));
    }

    [Fact]
    public void Sync_AfterAnOpeningThatWasKilledAtAnyMoment_PowerCutTakesNothingAway()
    {
        for (int moment = 1; KilledInOpening(moment) is { } left; moment++)
        {
            SimulatedDisk later = SimulatedDisk.From(left);
            JournalDirectory journal = JournalOnDisk.Open(later);
            journal.Lane(0).Append(1);
            journal.Lane(0).Sync();
            SimulatedDisk afterCut = SimulatedDisk.From(later.PowerCutLosingAll());
            journal.Abandon();
            using JournalDirectory last = JournalOnDisk.Open(afterCut);
            Assert.Equal([1ul], JournalOnDisk.Numbers(afterCut));
        }
    }

    private static DiskImage? KilledInOpening(int moment)
    {
        var disk = new SimulatedDisk();
        DiskImage? left = null;
        int calls = 0;
        disk.BeforeCall = () => left = ++calls == moment ? disk.Snapshot() : left;
        JournalOnDisk.Open(disk).Abandon();
        Assert.True(calls > 6, "the opening is more than these calls");
        return left;
    }

    [Fact]
    public void Sync_AfterKill_MakesTheNamesOfTheKilledRunDurableToo()
    {
        JournalSettings settings = JournalOnDisk.Settings(retain: 2, new PreparerByHand());      // none runs ahead
        JournalDirectory journal = JournalOnDisk.Open(_disk, settings);
        ulong next = 0;
        AppendUpTo(journal, ref next, 60);
        GoOnWith(_disk.Snapshot(), journal);
        journal = JournalOnDisk.Open(_disk, settings);
        journal.Lane(0).Sync();
        List<ulong> synced = JournalOnDisk.Numbers(_disk);
        Assert.Equal(59ul, synced[^1]);
        GoOnWith(_disk.PowerCutLosingAll(), journal);
        JournalOnDisk.Open(_disk, settings).Abandon();
        Assert.Equal(synced, JournalOnDisk.Numbers(_disk));
    }

    [Theory, InlineData(DiskVerb.SyncDirectory), InlineData(DiskVerb.Rename)]
    public void Append_RecyclingFailsOnce_LaterOnesGoOn(DiskVerb verb)
    {
        JournalDirectory journal = JournalOnDisk.Open(_disk, Recycling);
        ulong next = 0;
        AppendUpTo(journal, ref next, 60);
        _disk.FailNext(verb);
        for (; next < 200; next++)
        {
            Assert.True(SpinWait.SpinUntil(() => journal.Lane(0).TryAppend(next, 4000), 5000),
                journal.Lane(0).Refusal?.Message);
        }

        Assert.Single(_disk.Events);
        Assert.Equal(199ul, JournalOnDisk.Numbers(_disk)[^1]);
        Exception? closing = Record.Exception(journal.Close);      // names of files that were recycled may be lost
        Assert.True(closing is null || verb == DiskVerb.SyncDirectory, $"{closing}");
    }

    /// <summary>The name of a new segment is not durable then, so it is not used: another is made, and what a later
    /// sync of both says counts (ES-44).</summary>
    [Fact]
    public void Append_TheNameOfANewSegmentCannotBeMadeDurable_WhatASyncSaysLaterOutlivesThePower()
    {
        JournalDirectory journal = JournalOnDisk.Open(_disk);
        ulong next = 0;
        _disk.FailNext(DiskVerb.SyncDirectory);
        for (; next < 100; next++)
        {
            Assert.True(SpinWait.SpinUntil(() => journal.Lane(0).TryAppend(next, 4000), 5000),
                journal.Lane(0).Refusal?.Message);
        }

        Assert.Single(_disk.Events);
        journal.Lane(0).Sync();
        GoOnWith(_disk.PowerCutLosingAll(), journal);
        JournalOnDisk.Open(_disk).Close();
        Assert.Equal(JournalOnDisk.Range(0, 100), JournalOnDisk.Numbers(_disk));
    }
}
