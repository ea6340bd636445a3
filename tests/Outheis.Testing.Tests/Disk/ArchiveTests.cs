using Xunit;

namespace Outheis.Testing.Tests.Disk;

/// <summary>The archive: what holds the retention back, what is lost and what is not, what reads it.</summary>
public sealed class ArchiveTests
{
    private const string Archive = "/archive";

    private readonly PreparerByHand _workers = new();
    private readonly VirtualTime _time = new();
    private SimulatedDisk _disk = new();
    private SimulatedDisk _archive = new();
    private ulong _next;

    private JournalSettings Settings(int retain = 1, ArchiveLag lag = ArchiveLag.Block) =>
        JournalOnDisk.Settings(retain, _workers) with
        {
            Seal = true,
            ArchiveDirectory = Archive,
            ArchiveDisk = _archive,
            WhenArchiveLags = lag,
        };

    private JournalDirectory Open(JournalSettings settings) =>
        JournalDirectory.Open(JournalOnDisk.Path, settings, _disk, _time, out _);

    // Until one is refused.
    private JournalException? AppendUntilRefused(JournalDirectory journal, ulong most)
    {
        for (ulong end = _next + most; _next < end; _next++)
        {
            if (!journal.Lane(0).TryAppend(_next, 4000))
            {
                return journal.Lane(0).Refusal;
            }

            _workers.RunAll();
        }

        return null;
    }

    private static long OldestIn(SimulatedDisk disk, string lane) => JournalSegment.Sequences(disk.List(lane)!)[0];

    [Fact]
    public void Ring_WithArchive_TheArchiveHasWhatTheRingGaveUp()
    {
        JournalDirectory journal = Open(Settings());
        journal.AppendUpTo(ref _next, 500, _workers);
        Assert.True(OldestIn(_disk, JournalOnDisk.LaneDirectory()) > 10);
        JournalLaneInfo lane = journal.Describe().Lanes[0];
        Assert.Equal((lane.Newest, 0), (lane.ArchivedTo, lane.Dropped));
        List<ulong> archived = JournalOnDisk.Numbers(_archive, Archive);
        Assert.Equal(JournalOnDisk.Range(0, archived.Count), archived);
        Assert.True(archived.Count > 450);
        Assert.Null(Assert.Single(SealVerifier.Verify(Archive, null, _archive)).Fault);
        journal.Close();
    }

    [Fact]
    public void ArchiveAlone_EndsWithItsNewestSegment()
    {
        JournalDirectory journal = Open(Settings());
        journal.AppendUpTo(ref _next, 100, _workers);
        using JournalReader reader = _archive.ReadJournal(Archive);
        Assert.True(reader.Read().Count() > 60);
        Assert.Equal(LaneEndKind.End, Assert.Single(reader.Ends).Kind);
        journal.Close();
    }

    [Fact]
    public void ArchiveFull_Block_RefusesWithTheReasonAndGoesOnLosingNothing()
    {
        JournalDirectory journal = Open(Settings());
        journal.AppendUpTo(ref _next, 30, _workers);
        _archive.Free = 0;
        JournalException? refusal = AppendUntilRefused(journal, 1000);
        Assert.Contains(Archive, refusal!.Message, StringComparison.Ordinal);
        Assert.Contains("No space", refusal.Message, StringComparison.Ordinal);
        Assert.Contains("No space", journal.Describe().ArchiveFailure, StringComparison.Ordinal);
        Assert.Equal(0, journal.Describe().Lanes[0].Dropped);
        _archive.Free = long.MaxValue;
        _time.AdvanceBy(JournalLimits.ArchivePause);
        _workers.RunAll();
        Assert.Null(AppendUntilRefused(journal, 300));
        Assert.Null(journal.Describe().ArchiveFailure);
        Assert.Equal(0, journal.Describe().Lanes[0].Dropped);
        AssertNothingIsLost();
        journal.Close();
    }

    [Fact]
    public void ArchiveFull_ManySegments_NeverMoreFilesThanTheRetentionAllows()
    {
        JournalDirectory journal = Open(Settings(retain: 3));
        _archive.Free = 0;
        AppendUntilRefused(journal, 1000);
        int files = _disk.List(JournalOnDisk.LaneDirectory())!.Count;
        Assert.True(files <= 3 + 1 + JournalLimits.SparesMax, $"{files} files");
        journal.Abandon();
    }

    [Theory, InlineData(DiskVerb.Create), InlineData(DiskVerb.SyncFile), InlineData(DiskVerb.SyncDirectory),
        InlineData(DiskVerb.Rename)]
    public void Archive_FailsOnce_IsRepeatedAfterAPauseAndWhole(DiskVerb verb)
    {
        JournalDirectory journal = Open(Settings());
        journal.AppendUpTo(ref _next, 20, _workers);
        _archive.FailNext(verb);
        journal.AppendUpTo(ref _next, 40, _workers);
        Assert.NotNull(journal.Describe().ArchiveFailure);
        _time.AdvanceBy(JournalLimits.ArchivePause);
        _workers.RunAll();
        Assert.Null(journal.Describe().ArchiveFailure);
        journal.AppendUpTo(ref _next, 300, _workers);
        var cut = SimulatedDisk.From(_archive.PowerCutLosingAll());
        Assert.Null(Assert.Single(SealVerifier.Verify(Archive, null, cut)).Fault);
        Assert.Equal(0ul, JournalOnDisk.Numbers(cut, Archive)[0]);
        Assert.Equal(JournalOnDisk.Numbers(_archive, Archive), JournalOnDisk.Numbers(cut, Archive));
        journal.Close();
    }

    [Fact]
    public void ArchiveFull_DropNonDurable_GoesOnAndCountsWhatItDrops()
    {
        JournalDirectory journal = Open(Settings(lag: ArchiveLag.DropNonDurable));
        _archive.Free = 0;
        Assert.Null(AppendUntilRefused(journal, 400));
        JournalLaneInfo lane = journal.Describe().Lanes[0];
        Assert.True(lane.Dropped > 0 && lane.Dropped == lane.Oldest, lane.ToString());
        _archive.Free = long.MaxValue;
        _time.AdvanceBy(JournalLimits.ArchivePause);
        _workers.RunAll();
        Assert.Null(AppendUntilRefused(journal, 100));
        Assert.Null(Assert.Single(SealVerifier.Verify(Archive, null, _archive)).Fault);
        Assert.True(OldestIn(_archive, $"{Archive}/lane-00") >= lane.Dropped);
        journal.Close();
    }

    [Fact]
    public void ArchiveFull_DropNonDurable_KeepsWhatSomebodyWasPromised()
    {
        JournalDirectory journal = Open(Settings(lag: ArchiveLag.DropNonDurable));
        _archive.Free = 0;
        Assert.Null(AppendUntilRefused(journal, 5));
        journal.Lane(0).Sync();
        Assert.NotNull(AppendUntilRefused(journal, 1000));
        Assert.Equal((0, 0), (journal.Describe().Lanes[0].Oldest, journal.Describe().Lanes[0].Dropped));
        _archive.Free = long.MaxValue;
        _time.AdvanceBy(JournalLimits.ArchivePause);
        _workers.RunAll();
        Assert.Null(AppendUntilRefused(journal, 300));
        Assert.Equal(0ul, JournalOnDisk.Numbers(_archive, Archive)[0]);
        journal.Close();
    }

    [Fact]
    public void KilledOrPowerCutAtAnyCallWhileArchiving_NothingIsLost()
    {
        for (int moment = 1; ; moment++)
        {
            (_disk, _next) = (new SimulatedDisk(), 0);
            _archive = _disk;      // one machine
            DiskImage? killed = null, cut = null;
            int calls = 0, at = moment;
            ulong synced = 0;
            JournalDirectory journal = Open(Settings());
            journal.AppendUpTo(ref _next, 140, _workers);
            journal.Lane(0).Sync();
            synced = _next;
            _disk.BeforeCall = () =>
            {
                killed = ++calls == at ? _disk.Snapshot() : killed;
                cut = calls == at ? _disk.PowerCut(new Choices((ulong)at)) : cut;
            };
            journal.AppendUpTo(ref _next, 260, _workers);
            journal.Abandon();
            if (killed is null)
            {
                Assert.True(moment > 50, $"archiving is more than {moment} calls");
                return;
            }

            foreach (DiskImage left in (DiskImage[])[killed, cut!])
            {
                _disk = _archive = SimulatedDisk.From(left);
                journal = Open(Settings());
                List<ulong> found = JournalOnDisk.Numbers(_disk, JournalOnDisk.Path, Archive);
                Assert.Equal(JournalOnDisk.Range(0, found.Count), found);
                Assert.True(found.Count >= (int)synced, $"call {at}: {found.Count} of {synced}");
                _next = (ulong)found.Count;
                journal.AppendUpTo(ref _next, _next + 60, _workers);
                AssertNothingIsLost();
                Assert.Null(Assert.Single(SealVerifier.Verify(Archive, null, _disk)).Fault);
                journal.Abandon();
            }
        }
    }

    [Fact]
    public void Reader_TheRingGoesOnWhileItReads_FallsBackToTheArchive()
    {
        _archive = _disk;
        JournalDirectory journal = Open(Settings());
        journal.AppendUpTo(ref _next, 20, _workers);
        using JournalReader reader = _disk.ReadJournal(JournalOnDisk.Path, Archive);
        List<ulong> read = [];
        while (read.Count < 700)
        {
            foreach (JournalEntry entry in reader.Read())
            {
                if (entry.Kind == JournalKind.Sent)
                {
                    read.Add(entry.Badge);
                }

                if (entry.Kind == JournalKind.Sent && _next < 700)
                {
                    journal.AppendUpTo(ref _next, Math.Min(700, _next + 40), _workers);      // it laps the reader
                }
            }

            Assert.All(reader.Ends, static end => Assert.Equal(LaneEndKind.End, end.Kind));
        }

        Assert.Equal(JournalOnDisk.Range(0, 700), read);
        journal.Close();
    }

    /// <summary>Of the segment before the hole nothing is lost, and it is read once.</summary>
    [Fact]
    public void Reader_TheArchiveHasAHole_TellsItAsALossAndGoesOnBehindIt()
    {
        _archive = _disk;
        JournalDirectory journal = Open(Settings());
        journal.AppendUpTo(ref _next, 400, _workers);
        string[] archived = [.. _disk.Files.Where(static file => file.StartsWith(Archive, StringComparison.Ordinal)
            && file.EndsWith(".seg", StringComparison.Ordinal)).Order(StringComparer.Ordinal)];
        Assert.True(archived.Length > 3, string.Join(' ', archived));
        int bytes = _disk.Bytes(archived[2]).Length;
        _disk.Delete(archived[2]);
        using JournalReader reader = _disk.ReadJournal(JournalOnDisk.Path, Archive);
        List<ulong> read = [.. reader.Read().Take(1000).Where(static entry => entry.Kind == JournalKind.Sent)
            .Select(static entry => entry.Badge)];
        var lost = new LaneLoss(0, 2L * bytes, (3L * bytes) + JournalLimits.SegmentHeaderBytes);
        Assert.Equal(lost, Assert.Single(reader.Losses));
        int hole = Enumerable.Range(1, read.Count - 1).Single(at => read[at] != read[at - 1] + 1);
        Assert.Equal(JournalOnDisk.Range(0, hole), read[..hole]);
        Assert.Equal(JournalOnDisk.Range((int)read[hole], 400 - (int)read[hole]), read[hole..]);
        Assert.Equal(LaneEndKind.End, Assert.Single(reader.Ends).Kind);
        journal.Close();
    }

    [Fact]
    public void ArchiveOfAnotherJournal_IsRefusedAndNothingInItIsOverwritten()
    {
        JournalDirectory other = Open(Settings());
        other.AppendUpTo(ref _next, 100, _workers);
        other.Close();
        _disk = new SimulatedDisk();
        JournalDirectory journal = Open(Settings());
        List<ulong> before = JournalOnDisk.Numbers(_archive, Archive);
        Assert.NotNull(AppendUntilRefused(journal, 1000));
        Assert.Contains("name another", journal.Describe().ArchiveFailure, StringComparison.Ordinal);
        Assert.Equal(before, JournalOnDisk.Numbers(_archive, Archive));
        journal.Abandon();
    }

    [Fact]
    public void ALaterRun_GoesOnArchivingWhereTheEarlierOneStopped()
    {
        JournalDirectory journal = Open(Settings());
        journal.AppendUpTo(ref _next, 100, _workers);
        journal.Close();
        journal = Open(Settings());
        journal.AppendUpTo(ref _next, 200, _workers);
        journal.Close();
        Assert.Null(Assert.Single(SealVerifier.Verify(Archive, null, _archive)).Fault);
        AssertNothingIsLost();
    }

    private void AssertNothingIsLost()
    {
        List<ulong> archived = JournalOnDisk.Numbers(_archive, Archive);
        List<ulong> live = JournalOnDisk.Numbers(_disk);
        Assert.Equal(JournalOnDisk.Range(0, (int)_next), [.. archived.Union(live).Order()]);
    }
}
