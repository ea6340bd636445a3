using Xunit;

namespace Outheis.Testing.Tests.Disk;

/// <summary>What a lane keeps, by size and by age, and that a loss of power leaves what was promised.</summary>
public sealed class RetentionTests
{
    private readonly PreparerByHand _workers = new();
    private readonly VirtualTime _time = new();
    private readonly SimulatedDisk _disk = new();
    private ulong _next;

    private JournalDirectory Open(JournalRetention retention) => JournalDirectory.Open(
        JournalOnDisk.Path, JournalOnDisk.Settings(threads: _workers) with { Retention = retention }, _disk, _time,
        out _);

    private int Files => _disk.List(JournalOnDisk.LaneDirectory())!.Count;

    [Theory, InlineData(1), InlineData(65_536), InlineData(65_537), InlineData(300_000)]
    public void KeepBytes_KeepsAtLeastThatAndNeverMoreFilesThanItSays(long bytes)
    {
        JournalDirectory journal = Open(JournalRetention.KeepBytes(bytes));
        int kept = (int)((bytes + JournalLimits.SegmentBytesMin - 1) / JournalLimits.SegmentBytesMin);
        for (ulong end = 1; end < 600; end++)
        {
            journal.AppendUpTo(ref _next, end, _workers);
            JournalLaneInfo lane = journal.Describe().Lanes[0];
            Assert.True(lane.Oldest == 0 || lane.Newest - lane.Oldest + 1 >= kept, lane.ToString());
            Assert.True(Files <= kept + 1 + JournalLimits.SparesMax, $"{Files} files");
        }

        Assert.True(journal.Describe().Lanes[0].Oldest > 0);
        journal.Close();
    }

    [Fact]
    public void KeepFor_GivesUpWhatIsOlderAndNothingThatIsNot()
    {
        var age = TimeSpan.FromMinutes(50);      // no multiple of a segment's 15
        JournalDirectory journal = Open(JournalRetention.KeepFor(age));
        var appended = new List<TimeSpan>();
        for (int i = 0; i < 900; i++)
        {
            appended.Add(_time.Now);
            journal.AppendUpTo(ref _next, _next + 1, _workers);
            _time.AdvanceBy(TimeSpan.FromMinutes(1));
            List<ulong> numbers = JournalOnDisk.Numbers(_disk);
            Assert.True(appended.FindIndex(time => _time.Now - time <= age) >= (int)numbers[0], $"{i}: {numbers[0]}");
        }

        int most = (60 / 15) + 3 + JournalLimits.SparesMax;
        Assert.True(Files <= most, $"{Files} files");
        journal.Close();
    }

    [Fact]
    public void KeepAll_KeepsAll()
    {
        JournalDirectory journal = Open(JournalRetention.KeepAll);
        journal.AppendUpTo(ref _next, 300, _workers);
        journal.Close();
        Assert.Equal(JournalOnDisk.Range(0, 300), JournalOnDisk.Numbers(_disk));
    }

    /// <summary>What a sync made durable is given up only for something that is durable itself.</summary>
    [Fact]
    public void Ring_GoesRoundWithoutASync_NoPowerCutLeavesLessThanWasSynced()
    {
        JournalDirectory journal = Open(JournalRetention.KeepBytes(1));
        journal.AppendUpTo(ref _next, 5, _workers);
        journal.Lane(0).Sync();
        long position = journal.Lane(0).Position;
        for (ulong end = 10; end < 700; end += 7)
        {
            journal.AppendUpTo(ref _next, end, _workers);
            foreach (DiskImage cut in (DiskImage[])[_disk.PowerCutLosingAll(), _disk.PowerCut(new Choices(end))])
            {
                SimulatedDisk found = SimulatedDisk.From(cut);
                Assert.NotEmpty(JournalOnDisk.Numbers(found));
                JournalDirectory later = JournalOnDisk.Open(found);
                Assert.True(later.Lane(0).Position > position, $"at {end} the lane begins anew");
                later.Abandon();
            }
        }

        journal.Abandon();
    }

    /// <summary>The oldest name is taken away and the next one cannot be: who syncs then must not leave the old one to
    /// a loss of power, with what nobody ever made durable.</summary>
    [Fact]
    public void Ring_GivingUpFailsHalfWay_ASyncMakesDurableWhatItToldSo()
    {
        JournalDirectory journal = Open(JournalRetention.KeepBytes(1));
        journal.AppendUpTo(ref _next, 60, _workers);
        int renames = -1;
        _disk.BeforeCall = () =>
        {
            bool isFirst = renames < 0 && _disk.List(JournalOnDisk.LaneDirectory())!.Any(IsGivenUp);
            renames = isFirst ? _disk.Calls(DiskVerb.Rename) : renames;
            if (isFirst)
            {
                _disk.FailNext(DiskVerb.Rename);
            }
        };
        for (; renames < 0; _next++)
        {
            journal.Lane(0).TryAppend(_next, 4000);
            _workers.RunAll();
        }

        journal.Lane(0).Sync();
        ulong synced = JournalOnDisk.Numbers(_disk)[^1];
        SimulatedDisk found = SimulatedDisk.From(_disk.PowerCutLosingAll());
        Assert.Equal(synced, JournalOnDisk.Numbers(found)[^1]);
        journal.Abandon();
    }

    private static bool IsGivenUp(string name) => name.EndsWith(".seg.tmp", StringComparison.Ordinal);

    [Fact]
    public void Ring_NothingWasEverSynced_NeverWaitsForTheDisk()
    {
        JournalDirectory journal = Open(JournalRetention.KeepBytes(1));
        journal.AppendUpTo(ref _next, 300, _workers);
        int syncs = _disk.Calls(DiskVerb.SyncFile);
        journal.AppendUpTo(ref _next, 900, _workers);
        Assert.Equal(syncs, _disk.Calls(DiskVerb.SyncFile));
        journal.Close();
    }

    /// <summary>Nothing newer can be known to be durable any more, so what was promised stays.</summary>
    [Fact]
    public void Ring_ASyncHasFailed_KeepsWhatWasPromisedAndRefuses()
    {
        JournalDirectory journal = Open(JournalRetention.KeepBytes(1));
        journal.AppendUpTo(ref _next, 5, _workers);
        journal.Lane(0).Sync();
        _disk.FailNext(DiskVerb.SyncFile);
        journal.Lane(0).Append(_next++, 4000);
        Assert.Throws<JournalException>(journal.Lane(0).Sync);
        while (journal.Lane(0).TryAppend(_next, 4000))
        {
            _next++;
            _workers.RunAll();
        }

        Assert.Contains("durable", journal.Lane(0).Refusal!.Message, StringComparison.Ordinal);
        Assert.Equal(0ul, JournalOnDisk.Numbers(_disk)[0]);
        journal.Abandon();
    }
}
