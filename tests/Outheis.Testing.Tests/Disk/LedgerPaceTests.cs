using Xunit;

namespace Outheis.Testing.Tests.Disk;

/// <summary>The ledger follows the journal at the cost of nobody: where every core is busy it rests between its steps,
/// and what it has read by then is in its checkpoint all the same.</summary>
public sealed class LedgerPaceTests
{
    private const int TwoSteps = 20_000;

    private readonly PreparerByHand _workers = new();
    private readonly SimulatedDisk _disk = new();
    private ulong _next;

    private JournalDirectory OpenJournal() => JournalDirectory.Open(
        JournalOnDisk.Path, JournalOnDisk.Settings(threads: new PreparerByHand()), _disk, new VirtualTime(), out _);

    private JournalPast Follow(bool hasRoom) =>
        JournalPast.Open(_disk, JournalOnDisk.Path, archive: null, _workers, () => hasRoom, saveEvery: 1 << 10);

    private long BytesToRead()
    {
        using LedgerReader reader = LedgerReader.Open(_disk, JournalOnDisk.Path, archive: null);
        reader.CatchUp();
        return reader.Bytes;
    }

    [Theory, InlineData(true), InlineData(false)]
    public void Follow_MoreThanOneStep_RestsBetweenThemUnlessThereIsRoom(bool hasRoom)
    {
        JournalDirectory journal = OpenJournal();
        JournalPast past = Follow(hasRoom);
        journal.AppendUpTo(ref _next, TwoSteps, new PreparerByHand());
        past.Signal();
        _workers.RunAll();
        Assert.Equal(hasRoom, _workers.Rested == TimeSpan.Zero);
        past.Abandon();
        journal.Close();
    }

    [Fact]
    public void Follow_NeverAtTheEnd_LeavesACheckpointOfWhatItRead()
    {
        JournalDirectory journal = OpenJournal();
        JournalPast past = Follow(hasRoom: false);
        journal.AppendUpTo(ref _next, TwoSteps, new PreparerByHand());
        long all = BytesToRead();
        past.Signal();
        _workers.RunOne();
        Assert.InRange(BytesToRead(), 1, all / 2);
        past.Abandon();
        journal.Close();
    }
}
