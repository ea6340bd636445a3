using System.Text;
using FsCheck.Xunit;
using Outheis.Testing;
using Xunit;

namespace Outheis.Tests.Journal;

public sealed class JournalReaderTests
{
    private readonly SimulatedDisk _disk = new();

    [Fact]
    public void Read_CauseInAnotherLane_ComesFirst()
    {
        using JournalDirectory journal = Journals.Open(_disk, Journals.Settings(lanes: 3));
        long cause = 0;
        for (ulong i = 0; i < 300; i++)
        {
            cause = journal.Lane((int)(i * 5 % 3)).Append(i, 16, cause);
        }

        Assert.Equal(Journals.Range(300), Journals.Numbers(_disk));
    }

    /// <summary>A disk that fails once, at any time, costs a reader nothing that goes on beside the writer: every
    /// record comes once.</summary>
    [Fact]
    public void Read_DiskFailsOnceAndTheReaderGoesOn_EveryRecordComesOnce()
    {
        const int Count = 160;
        int failures = 0;
        for (int failAt = 0; failAt < Count; failAt++)
        {
            var disk = new SimulatedDisk();
            using JournalDirectory journal = Journals.Open(disk, Journals.Settings(lanes: 3));
            using JournalReader reader = disk.ReadJournal(Journals.Path);
            List<ulong> numbers = [];
            long cause = 0;
            int ends = 0;
            var random = new Random(failAt);
            for (int step = 0; step < Count || ends < 2; step++)
            {
                if (step < Count)
                {
                    cause = journal.Lane(random.Next(3)).Append((ulong)step, 25_000, cause);
                }

                disk.FailNext(DiskVerb.Open, step == failAt ? 1 : 0);
                for (int reads = step < Count ? random.Next(3) : 1; reads > 0; reads--)
                {
                    ends += TryRead(reader, numbers, ref failures) || step < Count ? 0 : 1;
                }

                disk.FailNext(DiskVerb.Open, 0);
            }

            Assert.Equal(Journals.Range(Count), numbers.Order());
        }

        Assert.True(failures > 10, $"{failures} reads failed");
    }

    private static bool TryRead(JournalReader reader, List<ulong> numbers, ref int failures)
    {
        try
        {
            bool isRead = reader.TryRead(out JournalRecord record);
            if (isRead && record.Kind == JournalKind.Sent)
            {
                numbers.Add(record.Badge);
            }

            return isRead;
        }
        catch (IOException)
        {
            failures++;
            return true;
        }
    }

    /// <summary>Whatever caused what, in whichever lanes: all records come, each after its cause, and those of a lane
    /// in the order of their writing.</summary>
    [Property(MaxTest = 100, EndSize = 200)]
    public static void Read_AnyCauses_EachComesAfterItsCauseAndLanesKeepTheirOrder((byte Lane, ushort Cause)[] writes)
    {
        const int Lanes = 3;
        var disk = new SimulatedDisk();
        using JournalDirectory journal = Journals.Open(disk, Journals.Settings(Lanes));
        List<long> positions = [];
        foreach ((byte lane, ushort cause) in writes)
        {
            int which = cause % (positions.Count + 1);      // an earlier record, or none
            positions.Add(journal.Lane(lane % Lanes).Append(
                (ulong)positions.Count, lane, which == positions.Count ? 0 : positions[which]));
        }

        List<JournalEntry> read =
            [.. Journals.ReadAll(disk, out _).Where(entry => entry.Kind == JournalKind.Sent)];
        Assert.Equal(positions.Order(), read.Select(entry => entry.Position).Order());
        HashSet<long> seen = [0];
        foreach (JournalEntry entry in read)
        {
            Assert.True(seen.Contains(entry.Cause), $"{entry.Badge} comes before its cause");
            seen.Add(entry.Position);
        }

        Assert.All(read.GroupBy(entry => entry.Lane), lane =>
            Assert.Equal(lane.Select(entry => entry.Position).Order(), lane.Select(entry => entry.Position)));
    }

    [Fact]
    public void Read_RecordLongerThanTheReadersWindow_ComesWhole()
    {
        using JournalDirectory journal = Journals.Open(_disk, Journals.Settings(segmentBytes: 4 << 20));
        Array.ForEach([.. Journals.Range(4)], i => journal.Lane(0).Append(i, i % 2 == 0 ? 20 : 1 << 20));
        Assert.Equal(Journals.Range(4), Journals.Numbers(_disk));
    }

    [Fact]
    public void Read_LaterTickInTheLaneOfTheCause_StillComesFirst()
    {
        using JournalDirectory journal = Journals.Open(_disk, Journals.Settings(lanes: 2));
        Tick(journal.Lane(1), DateTime.UtcNow.AddHours(1));
        long cause = journal.Lane(1).Append(0);
        journal.Lane(0).Append(1, 16, cause);
        Assert.Equal([0, 1], Journals.Numbers(_disk));
    }

    [Fact]
    public void Read_Unrelated_ComeByTickThenLane()
    {
        DateTime start = DateTime.UtcNow;
        using JournalDirectory journal = Journals.Open(_disk, Journals.Settings(lanes: 2));
        Tick(journal.Lane(0), start.AddSeconds(20));
        journal.Lane(0).Append(1);
        Tick(journal.Lane(1), start.AddSeconds(10));
        journal.Lane(1).Append(0);
        Tick(journal.Lane(1), start.AddSeconds(20));
        journal.Lane(1).Append(2);
        List<JournalEntry> sent =
            [.. Journals.ReadAll(_disk, out _).Where(entry => entry.Kind == JournalKind.Sent)];
        Assert.Equal([0, 1, 2], sent.Select(entry => entry.Badge));
        Assert.Equal(start.AddSeconds(10), sent[0].Time.UtcDateTime);
    }

    [Fact]
    public void Read_CauseNoLongerOrNeverThere_DoesNotWait()
    {
        using JournalDirectory journal = Journals.Open(_disk, Journals.Settings(lanes: 2));
        journal.Lane(0).Append(0, 16, (1L << 56) + (1 << 20));      // lane 1 never wrote that
        journal.Lane(0).Append(1, 16, 99L << 56);                   // there is no lane 99
        journal.Lane(1).Append(2, 16, 5);                           // before the first segment
        Assert.Equal(3, Journals.Numbers(_disk).Count);
    }

    [Fact]
    public void Read_CausesInACircle_ReturnsAllNevertheless()
    {
        using JournalDirectory journal = Journals.Open(_disk, Journals.Settings(lanes: 2));
        long second = journal.Lane(1).Position;
        long first = journal.Lane(0).Append(0, 16, second);
        Assert.Equal(second, journal.Lane(1).Append(1, 16, first));
        Assert.Equal([0, 1], Journals.Numbers(_disk));
    }

    [Fact]
    public void Read_Again_GoesOnWhereItEnded()
    {
        using JournalDirectory journal = Journals.Open(_disk);
        using JournalReader reader = JournalReader.Open(Journals.Path, _disk);
        List<ulong> seen = [];
        for (ulong i = 0; i < 3000; i++)
        {
            journal.Lane(0).Append(i, 100);
            if (i % 7 == 0)
            {
                seen.AddRange(reader.Read().Where(entry => entry.Kind == JournalKind.Sent)
                    .Select(entry => entry.Badge));
                Assert.Equal(i, seen[^1]);
            }
        }

        Assert.Equal(Journals.Range(seen.Count), seen);
    }

    [Fact]
    public async Task Read_BesideAWriter_SeesAGapFreePrefix()
    {
        const int count = 200_000;
        using JournalDirectory journal = Journals.Open(_disk, Journals.Settings(segmentBytes: 1 << 20));
        Task writer = Task.Run(() =>
        {
            for (ulong i = 0; i < count; i++)
            {
                journal.Lane(0).Append(i, (int)(i % 100));
            }
        });
        using JournalReader reader = JournalReader.Open(Journals.Path, _disk);
        ulong next = 0;
        while (next < count)
        {
            foreach (JournalEntry entry in reader.Read())
            {
                if (entry.Kind == JournalKind.Sent)
                {
                    Assert.Equal(next++, entry.Badge);
                    Assert.True(Journals.IsIntact(entry));
                }
            }

            Assert.Equal(LaneEndKind.End, Assert.Single(reader.Ends).Kind);
        }

        await writer;
    }

    [Fact]
    public void Read_SystemRecords_ResolveNamesOfTheirRun()
    {
        string[] names = ["relay", "data"];
        foreach (string name in names)
        {
            using JournalDirectory journal = Journals.Open(_disk);
            JournalLane lane = journal.Lane(0);
            lane.TryAppend(
                new RecordHeader { Kind = JournalKind.Schema, TypeId = 7 },
                new SchemaRecord(PayloadEncoding.Json, 0, "T" + name));
            lane.TryAppend(
                new RecordHeader { Kind = JournalKind.Spawned, Target = 1 },
                new SpawnedRecord(1, 0, 2, name));
            lane.Append(1);
        }

        List<JournalEntry> sent =
            [.. Journals.ReadAll(_disk, out _).Where(entry => entry.Kind == JournalKind.Sent)];
        Assert.Equal(names, sent.Select(entry => entry.SenderName));
        Assert.Equal(["Trelay", "Tdata"], sent.Select(entry => entry.TypeName));
        Assert.Equal([1L, 2L], sent.Select(entry => entry.Run));
        Assert.All(sent, entry => Assert.Equal(PayloadEncoding.Json, entry.Encoding));
        Assert.All(sent, entry => Assert.Null(entry.TargetName));
    }

    [Fact]
    public unsafe void Read_Extended_SeparatesExtensionFromPayload()
    {
        using JournalDirectory journal = Journals.Open(_disk);
        JournalLane lane = journal.Lane(0);
        Assert.True(lane.TryReserve(RecordExtension.Bytes + 3));
        RecordHeader* header = lane.Begin(RecordExtension.Bytes + 3);
        *header = new RecordHeader { Kind = JournalKind.Sent, Flags = RecordFlags.Extended };
        *(RecordExtension*)(header + 1) =
            new RecordExtension { Deadline = DateTime.UnixEpoch.Ticks, Labels = 5 };
        "abc"u8.CopyTo(new Span<byte>((byte*)(header + 1) + RecordExtension.Bytes, 3));
        lane.Commit(header, RecordExtension.Bytes + 3);
        JournalEntry entry = Journals.ReadAll(_disk, out _)[^1];
        Assert.Equal("abc", Encoding.UTF8.GetString(entry.Payload.Span));
        Assert.Equal(DateTimeOffset.UnixEpoch, entry.Deadline);
        Assert.Equal(5ul, entry.Labels);
    }

    [Fact]
    public unsafe void Read_Consumed_ListsTheMessagesAndComesAfterThem()
    {
        using JournalDirectory journal = Journals.Open(_disk, Journals.Settings(lanes: 2));
        long sent = journal.Lane(1).Append(0);
        JournalLane lane = journal.Lane(0);
        Assert.True(lane.TryReserve(ConsumedEntry.Bytes));
        RecordHeader* header = lane.Begin(ConsumedEntry.Bytes);
        *header = new RecordHeader { Kind = JournalKind.Consumed };
        *(ConsumedEntry*)(header + 1) = new ConsumedEntry { Target = 2, Incarnation = 1, Position = sent };
        lane.Commit(header, ConsumedEntry.Bytes);
        JournalEntry last = Journals.ReadAll(_disk, out _)[^1];
        Assert.Equal(new ConsumedMessage(new AgentId(2), 1, sent), Assert.Single(last.Consumed));
    }

    [Fact]
    public void Read_Overtaken_TellsTheLossAndGoesOnToTheEnd()
    {
        using JournalDirectory journal = Journals.Open(_disk, Journals.Settings(retain: 1));
        JournalLane lane = journal.Lane(0);
        lane.Append(0);
        using JournalReader reader = JournalReader.Open(Journals.Path, _disk);
        Assert.Equal(2, reader.Read().Count());
        long last = 0;
        foreach (ulong i in Journals.Range(20_000))
        {
            last = lane.Append(1 + i);
        }

        JournalEntry[] rest = [.. reader.Read()];
        Assert.Equal(last, rest[^1].Position);
        Assert.NotEmpty(reader.Losses);      // more than one if the ring goes on meanwhile
        Assert.All(reader.Losses, static loss => Assert.True(loss.To > loss.From));
        rest = [.. rest.Where(entry => entry.Position >= reader.Losses[^1].To)];
        Assert.Equal(rest.Length, (int)(rest[^1].Badge - rest[0].Badge) + 1);
        Assert.Equal(LaneEndKind.End, Assert.Single(reader.Ends).Kind);
    }

    [Fact]
    public void TryRead_CancelledAmongWhatIsNotAskedFor_EndsAndGoesOnLater()
    {
        using JournalDirectory journal = Journals.Open(_disk);
        foreach (ulong i in Journals.Range(1000))
        {
            journal.Lane(0).Append(i);
        }

        var query = new JournalQuery { Agent = new AgentId(77) };
        using JournalReader reader = JournalReader.Open(Journals.Path, _disk, query);
        var cancelled = new CancellationToken(canceled: true);
        Assert.Throws<OperationCanceledException>(() => reader.TryRead(out _, cancelled));
        long before = reader.BytesRead;
        Assert.InRange(before, 1, 1000);
        Assert.False(reader.TryRead(out _));
        Assert.InRange(reader.BytesRead, 1000 * (RecordHeader.Bytes + 64), long.MaxValue);
        Assert.Throws<OperationCanceledException>(() => reader.Read(cancelled).Count());
    }

    [Fact]
    public void Read_GapOrDamage_SaysWhere()
    {
        JournalLane lane = Journals.Open(_disk).Lane(0);
        lane.Append(0);
        long bad = lane.Append(1);
        lane.Append(2);
        _disk.Bytes(Journals.Segment(0))[(int)RecordHeader.OffsetOf(bad) + 70] ^= 1;
        Assert.Equal(2, Journals.ReadAll(_disk, out IReadOnlyList<LaneEnd> ends).Count);
        Assert.Equal((LaneEndKind.BadRecord, bad), (ends[0].Kind, ends[0].Position));
    }

    [Fact]
    public void Open_NoJournal_Throws()
    {
        Assert.Throws<JournalException>(() => JournalReader.Open("/nowhere", _disk));
        _disk.CreateDirectory("/other");
        Assert.Throws<JournalException>(() => JournalReader.Open("/other", _disk));
    }

    private static void Tick(JournalLane lane, DateTime utc) =>
        Assert.True(lane.TryAppend(new RecordHeader { Kind = JournalKind.Tick }, new TickRecord(utc.Ticks)));
}
