using Outheis.Testing;
using Xunit;

namespace Outheis.Tests.Journal;

/// <summary>What a query shows is what a full read shows, less what was not asked for.</summary>
public sealed class JournalQueryTests
{
    private static readonly WrittenJournal s_one = WrittenJournal.Write(lanes: 1);
    private static readonly WrittenJournal s_two = WrittenJournal.Write();

    [Fact]
    public void From_AnyPosition_ShowsWhatAFullReadShowsFromThere()
    {
        List<Told> all = s_one.Tell();
        Assert.True(JournalCatalog.List(Journals.Path, s_one.Disk, false).Count > 5, "several segments");
        for (int i = 0; i < all.Count; i += 97)
        {
            Assert.Equal(all[i..], s_one.Tell(new JournalQuery { From = all[i].Position }));
            Assert.Equal(all[(i + 1)..], s_one.Tell(new JournalQuery { From = all[i].Position + 16 }));
        }

        Assert.Equal(all, s_one.Tell(new JournalQuery { From = 0 }));
        Assert.Empty(s_one.Tell(new JournalQuery { From = all[^1].Position + 16 }));
    }

    [Fact]
    public void From_WithOtherLanes_ShowsThoseFromTheTimeOfTheRecord()
    {
        List<Told> all = s_two.Tell();
        for (int i = 0; i < all.Count; i += 311)
        {
            Told from = all[i];
            AssertSame(
                all.Where(one => one.Lane == from.Lane ? one.Position >= from.Position : one.Time >= from.Time),
                s_two.Tell(new JournalQuery { From = from.Position }));
        }
    }

    [Fact]
    public void SinceAndUntil_AnyTimes_ShowWhatAFullReadShowsOfThem()
    {
        List<Told> all = s_two.Tell();
        for (int seconds = -2; seconds < 125; seconds += 7)
        {
            DateTimeOffset since = WrittenJournal.Start.AddSeconds(seconds), until = since.AddSeconds(9.5);
            AssertSame(all.Where(one => one.Time >= since), s_two.Tell(new JournalQuery { Since = since }));
            AssertSame(all.Where(one => one.Time < since), s_two.Tell(new JournalQuery { Until = since }));
            AssertSame(
                all.Where(one => one.Time >= since && one.Time < until),
                s_two.Tell(new JournalQuery { Since = since, Until = until }));
        }
    }

    [Fact]
    public void LastBytes_OfEachLane_AreThereAndNotMuchMore()
    {
        List<Told> all = s_two.Tell();
        foreach (int bytes in (int[])[0, 100, 70_000, 200_000, int.MaxValue])
        {
            List<Told> last = s_two.Tell(new JournalQuery { LastBytes = bytes });
            foreach (var lane in all.GroupBy(one => one.Lane))
            {
                List<Told> shown = [.. last.Where(one => one.Lane == lane.Key)];
                Assert.Equal(lane.TakeLast(shown.Count), shown);
                long end = lane.Last().Position;
                Assert.True(shown.Count == lane.Count() || end - shown[0].Position >= bytes - 200, $"{bytes}");
                Assert.True(shown.Count == lane.Count() || end - shown[0].Position < bytes + 140_000, $"{bytes}");
            }
        }
    }

    [Fact]
    public void Filters_Each_ShowWhatAFullReadShowsOfIt()
    {
        List<Told> all = s_two.Tell();
        AssertSame(all.Where(one => one.Sender == "agent1-2" || one.Target == "agent1-2"),
            s_two.Tell(new JournalQuery { AgentName = "agent1-2" }));
        AssertSame(
            all.Where(one => one.Kind == JournalKind.Sent || one.Target is "agent2-1" or "agent2-2" or "agent2-3"),
            s_two.Tell(new JournalQuery { Agent = new AgentId(2) }));
        AssertSame(all.Where(one => one.Type == "Type3"), s_two.Tell(new JournalQuery { TypeName = "Type3" }));
        AssertSame(all.Where(one => one.Chain == ~17u), s_two.Tell(new JournalQuery { Chain = ~17u }));
        AssertSame(all.Where(one => one.Kind is JournalKind.Tick or JournalKind.Closed),
            s_two.Tell(new JournalQuery { Kinds = [JournalKind.Tick, JournalKind.Closed] }));
        Assert.Empty(s_two.Tell(new JournalQuery { AgentName = "nobody" }));
        Assert.Empty(s_two.Tell(new JournalQuery { AgentName = "agent1-2", TypeName = "Type1" }));
    }

    [Fact]
    public void From_InTheMiddle_KnowsNamesAndIncarnationsFromBefore()
    {
        JournalEntry last = s_one.Read()[^2];
        JournalEntry found = s_one.Read(new JournalQuery { From = last.Position })[0];
        Assert.Equal(("agent1-3", "Type3"), (found.SenderName, found.TypeName));
        Assert.Equal(Told.Of(last), Told.Of(found));
    }

    [Fact]
    public void From_ALaneThatIsNotThere_SaysSo()
    {
        var query = new JournalQuery { From = 9L << 56 };
        Assert.Contains("no lane 9",
            Assert.Throws<JournalException>(() => JournalReader.Open(Journals.Path, s_one.Disk, query)).Message);
    }

    [Fact]
    public void TryRead_EveryPosition_FindsTheRecordsAndNothingElse()
    {
        List<Told> all = s_two.Tell();
        using JournalReader reader = JournalReader.Open(Journals.Path, s_two.Disk);
        for (int i = 0; i < all.Count; i += 53)
        {
            Assert.True(reader.TryRead(all[i].Position, out JournalEntry? entry));
            Assert.Equal(all[i] with { Sender = null, Target = null, Type = null },
                Told.Of(entry) with { Sender = null, Target = null, Type = null });
            Assert.Equal(all[i].Kind == JournalKind.Sent ? $"agent1-{all[i].Run}" : "host", entry.SenderName);
            Assert.False(reader.TryRead(all[i].Position + 16, out _), "in the middle of a record");
            Assert.False(reader.TryRead(all[i].Position + 1, out _));
        }

        Assert.False(reader.TryRead(0, out _));
        Assert.False(reader.TryRead(-1, out _));
        Assert.False(reader.TryRead(all.Max(one => one.Position) + 4096, out _));
        Assert.False(reader.TryRead(5L << 56, out _));
        Assert.Equal(all.Count, reader.Read().Count());
    }

    [Fact]
    public void TryRead_ADamagedRecord_IsFalse()
    {
        WrittenJournal journal = WrittenJournal.Write(lanes: 1, runs: 1);
        Told bad = journal.Tell()[20];
        journal.Disk.Bytes(Journals.Segment(0))[(int)RecordHeader.OffsetOf(bad.Position) + 20] ^= 1;
        using JournalReader reader = JournalReader.Open(Journals.Path, journal.Disk);
        Assert.False(reader.TryRead(bad.Position, out _));
    }

    [Fact]
    public void Record_AndItsEntry_SayTheSame()
    {
        using JournalReader reader = JournalReader.Open(Journals.Path, s_two.Disk);
        int records = 0;
        while (reader.TryRead(out JournalRecord record))
        {
            JournalEntry entry = record.ToEntry();
            Assert.Equal(
                (entry.Position, entry.Lane, entry.Run, entry.Time.UtcTicks, entry.Kind, entry.Sender, entry.Target),
                (record.Position, record.Lane, record.Run, record.UtcTicks, record.Kind, record.Sender, record.Target));
            Assert.Equal(
                (entry.TypeId, entry.Badge, entry.Cause, entry.Capability, entry.Chain, entry.Qos, entry.Correlation),
                (record.TypeId, record.Badge, record.Cause, record.Capability, record.Chain, record.Qos,
                    record.Correlation));
            Assert.Equal((entry.SenderName, entry.TargetName, entry.TypeName),
                (record.SenderName, record.TargetName, record.TypeName));
            Assert.True(record.Payload.SequenceEqual(entry.Payload.Span));
            records++;
        }

        Assert.Equal(s_two.Read().Count, records);
    }

    [Fact]
    public void TryRead_Records_AllocatesNothingForEach()
    {
        using JournalReader reader = JournalReader.Open(
            Journals.Path, s_one.Disk, new JournalQuery { AgentName = "nobody", TypeName = "none" });
        long before = GC.GetAllocatedBytesForCurrentThread();
        Assert.False(reader.TryRead(out _));
        long allocated = GC.GetAllocatedBytesForCurrentThread() - before;
        Assert.True(allocated < 20 * s_one.Disk.Files.Count * 1024, $"{allocated} bytes");
    }

    /// <summary>The order among lanes may differ where nothing orders them; within a lane it is that of the
    /// writing.</summary>
    private static void AssertSame(IEnumerable<Told> expected, List<Told> shown)
    {
        Assert.Equal(
            expected.GroupBy(one => one.Lane).OrderBy(lane => lane.Key).SelectMany(lane => lane),
            shown.GroupBy(one => one.Lane).OrderBy(lane => lane.Key).SelectMany(lane => lane));
    }
}
