using Outheis.Testing;
using Outheis.Tests.Journal;
using Xunit;

namespace Outheis.Tests.Durable;

/// <summary>What an opening begins with: as good as reading everything, wherever it was left, and never believed when
/// it is not of this journal.</summary>
public sealed class LedgerCheckpointTests
{
    private const string File = Journals.Path + "/" + LedgerCheckpoint.Name;

    private static readonly MessageCodecs Codecs = new MessageCodecs()
        .Add<Deposit>().Add<Fail>().Add<Paid>().AddRequest<GetBalance, Money>();

    /// <summary>Two lanes, two runs, the second killed: states, turns with outputs, messages that wait, one in
    /// quarantine.</summary>
    private static SimulatedDisk Record(int more = 0)
    {
        var disk = new SimulatedDisk();
        for (int run = 0; run < 2; run++)
        {
            var world = new StepKernel(cores: 2, disk: disk, codecs: Codecs, snapshotEvery: 7);
            AgentId supervisor = world.Kernel.Spawn(new Restarter());
            AgentId sink = world.Kernel.Spawn(
                new Receiver<Paid>(static (in Paid _, Context _) => { }), core: 0, name: "sink");
            AgentId account = world.Kernel.Spawn(
                "account", who => new Account(who.Grant<Paid>(sink)),
                new SpawnOptions { Core = 1, Supervisor = supervisor });
            world.Kernel.Grant<Deposit>(account).SendAll(Enumerable.Range(1, 30).Select(i => new Deposit(i + more)));
            world.Kernel.Grant<Fail>(account).SendAll([new Fail(1)]);
            world.RunUntil(() => world.Kernel.Redelivered.Quarantined == 1);
            world.Run();
            world.Kernel.Grant<Deposit>(account).SendAll(Enumerable.Range(1, 12).Select(i => new Deposit(i + more)));
            if (run == 0)
            {
                world.Run();
                world.Stop();
            }
            else
            {
                world.Kernel.Grant<Paid>(sink).SendAll([new Paid(1), new Paid(2)]);
                world.Abandon();
            }
        }

        Forget(disk);
        return disk;
    }

    private static void Forget(SimulatedDisk disk)
    {
        if (disk.Files.Contains(File))
        {
            disk.Delete(File);
        }
    }

    /// <summary>Leaves a checkpoint after so many records more. Returns whether there are any behind it.</summary>
    private static bool Save(SimulatedDisk disk, int records)
    {
        using LedgerReader reader = LedgerReader.Open(disk, Journals.Path, archive: null);
        bool hasMore = reader.CatchUp(records);
        reader.SaveIfDue(0);
        return hasMore;
    }

    private static long BytesToRead(SimulatedDisk disk)
    {
        using LedgerReader reader = LedgerReader.Open(disk, Journals.Path, archive: null);
        reader.CatchUp();
        return reader.Bytes;
    }

    [Fact]
    public void Resume_AfterEveryRecord_KnowsWhatTheWholeJournalTells()
    {
        SimulatedDisk disk = Record();
        long whole = BytesToRead(disk), rest = whole;
        bool hasMore = true;
        for (int records = 1; hasMore; records++)
        {
            Forget(disk);
            hasMore = Save(disk, records);
            Assert.True(LedgerOracle.Difference(disk) is null, $"{records}: {LedgerOracle.Difference(disk)}");
            Assert.True(BytesToRead(disk) < rest || !hasMore, $"after {records} records {BytesToRead(disk)}");
            rest = BytesToRead(disk);
        }

        Assert.Equal(0, rest);
    }

    [Fact]
    public void Resume_FromACheckpointOfACheckpoint_KnowsWhatTheWholeJournalTells()
    {
        SimulatedDisk disk = Record();
        while (Save(disk, records: 5))
        {
            Assert.Null(LedgerOracle.Difference(disk));
        }

        Assert.Null(LedgerOracle.Difference(disk));
        Assert.Equal(0, BytesToRead(disk));
    }

    [Fact]
    public void Resume_AnyByteOfItChanged_ReadsEverything()
    {
        SimulatedDisk disk = Record();
        long whole = BytesToRead(disk);
        Save(disk, int.MaxValue);
        for (int at = 0; at < disk.Bytes(File).Length; at++)
        {
            disk.Bytes(File)[at] ^= 0x10;
            Assert.Equal(whole, BytesToRead(disk));
            disk.Bytes(File)[at] ^= 0x10;
        }

        Assert.Equal(0, BytesToRead(disk));
    }

    /// <summary>A loss of power took the end of a lane, and what was read there never was.</summary>
    [Theory, InlineData(0), InlineData(1)]
    public void Resume_ALaneWasCutSince_ReadsEverything(int lane)
    {
        SimulatedDisk disk = Record();
        Save(disk, int.MaxValue);
        Span<byte> segment = disk.Bytes(Journals.Segment(0, lane));
        int end = SegmentEnd(segment);
        int last = LastRecord(segment, end);
        segment[last..end].Clear();
        Assert.True(BytesToRead(disk) > 0);
        Assert.Null(LedgerOracle.Difference(disk));
    }

    [Fact]
    public void Resume_OfAnotherJournal_ReadsEverything()
    {
        SimulatedDisk disk = Record();
        Save(disk, int.MaxValue);
        byte[] foreign = disk.Bytes(File).ToArray();
        SimulatedDisk other = Record(more: 1);      // with records of the same length at the same places
        long whole = BytesToRead(other);
        ((IJournalDisk)other).WriteAside(File, foreign);
        Assert.Equal(whole, BytesToRead(other));
        Assert.Null(LedgerOracle.Difference(other));
    }

    /// <summary>Opening costs the tail: what a run wrote is mostly read by the time the next one begins.</summary>
    [Fact]
    public void Opening_AfterManySegments_ReadsTheTailOnly()
    {
        var disk = new SimulatedDisk();
        var world = new StepKernel(cores: 1, disk: disk, codecs: Codecs);
        AgentId account = world.Kernel.Spawn("account", static () => new Account());
        Capability<Deposit> to = world.Kernel.Grant<Deposit>(account);
        for (int i = 0; i < 200; i++)
        {
            to.SendAll(Enumerable.Repeat(new Deposit(i), 50));
            world.Run();
        }

        world.Stop();
        Assert.True(disk.Files.Count(static file => file.EndsWith(".seg", StringComparison.Ordinal)) > 10);
        Assert.InRange(BytesToRead(disk), 1, 2 * Journals.SmallSegment);
    }

    private static int SegmentEnd(ReadOnlySpan<byte> segment)
    {
        int offset = JournalLimits.SegmentHeaderBytes;
        while (BitConverter.ToInt32(segment[offset..]) is > 0 and int length)
        {
            offset += RecordHeader.Aligned(length - RecordHeader.Bytes);
        }

        return offset;
    }

    private static int LastRecord(ReadOnlySpan<byte> segment, int end)
    {
        int offset = JournalLimits.SegmentHeaderBytes, last = offset;
        while (offset < end)
        {
            last = offset;
            offset += RecordHeader.Aligned(BitConverter.ToInt32(segment[offset..]) - RecordHeader.Bytes);
        }

        return last;
    }
}
