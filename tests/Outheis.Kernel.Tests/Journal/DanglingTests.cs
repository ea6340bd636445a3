using Outheis.Testing;
using Xunit;

namespace Outheis.Tests.Journal;

/// <summary>After a loss of power no lane keeps what another lane's lost record caused. Any combination: the
/// simulator's workload "power".</summary>
public sealed class DanglingTests
{
    private readonly SimulatedDisk _disk = new();

    private static long Lane(int lane) => (long)lane << RecordHeader.LaneShift;

    private RecoveryReport Reopen(DiskImage left, out ulong[][] numbers)
    {
        SimulatedDisk found = SimulatedDisk.From(left);
        using (Journals.Open(found, out RecoveryReport report, Journals.Settings(lanes: 3)))
        {
            List<JournalEntry> entries = Journals.ReadAll(found, out _);
            numbers = [.. Enumerable.Range(0, 3).Select(lane => entries
                .Where(entry => entry.Lane == lane && entry.Kind == JournalKind.Sent)
                .Select(static entry => entry.Badge).ToArray())];
            return report;
        }
    }

    /// <summary>Keeps lane 0 as it was written, and of the others only what was synced.</summary>
    private DiskImage CutKeepingLane0(JournalDirectory journal)
    {
        journal.Lane(0).Sync();
        DiskImage left = _disk.PowerCutLosingAll();
        journal.Abandon();
        return left;
    }

    /// <summary>Lane 0 has message 2, one whose cause is lost, and whole segments behind it.</summary>
    private DiskImage LoseACauseOfSegments()
    {
        JournalDirectory journal = Journals.Open(_disk, Journals.Settings(lanes: 3));
        long lost = journal.Lane(1).Append(1);
        journal.Lane(0).Append(2);
        journal.Lane(0).Append(3, cause: lost);
        for (ulong number = 4; number < 60; number++)
        {
            journal.Lane(0).Append(number, 4000);
        }

        return CutKeepingLane0(journal);
    }

    [Fact]
    public void Open_ALaneNamesWhatAnotherHasLost_EndsBeforeIt()
    {
        JournalDirectory journal = Journals.Open(_disk, Journals.Settings(lanes: 3));
        long kept = journal.Lane(1).Append(1);
        journal.Lane(1).Sync();
        long lost = journal.Lane(1).Append(2);
        journal.Lane(0).Append(10, cause: kept);
        journal.Lane(0).Append(11, cause: lost);
        journal.Lane(0).Append(12);
        RecoveryReport report = Reopen(CutKeepingLane0(journal), out ulong[][] numbers);
        Assert.Equal([10ul], numbers[0]);
        Assert.Equal([1ul], numbers[1]);
        Assert.Equal(2, report.RecordsDropped);
        Assert.False(report.Clean);
    }

    [Fact]
    public void Open_OneCutLeadsToTheNext_NothingDangles()
    {
        JournalDirectory journal = Journals.Open(_disk, Journals.Settings(lanes: 3));
        long lost = journal.Lane(2).Append(1);
        long caused = journal.Lane(1).Append(2, cause: lost);
        journal.Lane(1).Sync();
        journal.Lane(0).Append(3);
        journal.Lane(0).Append(4, cause: caused);
        Reopen(CutKeepingLane0(journal), out ulong[][] numbers);
        Assert.Equal([[3ul], [], []], numbers);
    }

    [Fact]
    public void Open_ConsumedNamesWhatIsLost_TheLaneEndsBeforeIt()
    {
        JournalDirectory journal = Journals.Open(_disk, Journals.Settings(lanes: 3));
        long lost = journal.Lane(1).Append(1);
        journal.Lane(0).Append(2);
        AppendConsumed(journal.Lane(0), lost);
        journal.Lane(0).Append(3);
        Reopen(CutKeepingLane0(journal), out ulong[][] numbers);
        Assert.Equal([[2ul], [], []], numbers);
    }

    [Fact]
    public void Open_AWholeSegmentFollowsWhatDangles_IsSetAside()
    {
        RecoveryReport report = Reopen(LoseACauseOfSegments(), out ulong[][] numbers);
        Assert.Equal([2ul], numbers[0]);
        Assert.True(report.BytesDropped > 3 * Journals.SmallSegment, report.ToString());
    }

    /// <summary>ES-44: a run goes on in a segment that was believed durable before the cut came back to it.</summary>
    [Fact]
    public void Sync_AfterACutBackToAnEarlierSegment_TakesWhatIsAppendedThere()
    {
        SimulatedDisk found = SimulatedDisk.From(LoseACauseOfSegments());
        JournalDirectory next = Journals.Open(found, Journals.Settings(lanes: 3));
        for (ulong number = 100; number < 160; number++)
        {
            next.Lane(0).Append(number, 4000);
        }

        next.Lane(0).Sync();
        DiskImage left = found.PowerCutLosingAll();
        next.Abandon();
        Reopen(left, out ulong[][] numbers);
        Assert.Equal([2ul, .. Enumerable.Range(100, 60).Select(static number => (ulong)number)], numbers[0]);
    }

    [Fact]
    public void Open_ProcessKilled_NothingIsCut()
    {
        JournalDirectory journal = Journals.Open(_disk, Journals.Settings(lanes: 3));
        journal.Lane(0).Append(1, cause: Lane(1) + 50_000);      // as no kernel writes it: of no record
        DiskImage left = _disk.Snapshot();
        journal.Abandon();
        Assert.False(Reopen(left, out ulong[][] numbers).Repaired);
        Assert.Equal([1ul], numbers[0]);
    }

    /// <summary>If only some lanes said that the run had ended well, the next opening would believe those unseen.
    /// </summary>
    [Fact]
    public void Close_OneLaneCannotBeMadeDurable_NoLaneSaysClosed()
    {
        JournalDirectory journal = Journals.Open(_disk, Journals.Settings(lanes: 3));
        journal.Lane(2).Append(1);
        _disk.FailNext(DiskVerb.SyncFile);
        Assert.Throws<JournalException>(journal.Close);
        Assert.DoesNotContain(Journals.ReadAll(_disk, out _), static entry => entry.Kind == JournalKind.Closed);
    }

    private static unsafe void AppendConsumed(JournalLane lane, long position)
    {
        Assert.True(lane.TryReserve(ConsumedEntry.Bytes));
        RecordHeader* header = lane.Begin(ConsumedEntry.Bytes);
        *header = new RecordHeader { Kind = JournalKind.Consumed };
        *(ConsumedEntry*)(header + 1) = new ConsumedEntry { Target = 1, Incarnation = 1, Position = position };
        lane.Commit(header, ConsumedEntry.Bytes);
    }
}
