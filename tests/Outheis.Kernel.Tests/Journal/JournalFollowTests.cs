using Outheis.Testing;
using Xunit;

namespace Outheis.Tests.Journal;

/// <summary>Following a journal beside its writer.</summary>
public sealed class JournalFollowTests
{
    private readonly SimulatedDisk _disk = new();

    [Fact]
    public async Task Follow_BesideTwoWriters_ShowsEachRecordOnceAndWhole()
    {
        const int Count = 60_000;
        JournalDirectory journal = Journals.Open(_disk, Journals.Settings(lanes: 2, segmentBytes: 1 << 20));
        using JournalReader reader = JournalReader.Open(Journals.Path, _disk);
        Task[] writers = [.. Enumerable.Range(0, 2).Select(lane => Task.Run(() => Write(journal.Lane(lane), Count)))];
        ulong[] next = [0, 0];
        await foreach (JournalEntry entry in reader.FollowAsync(TestContext.Current.CancellationToken))
        {
            if (entry.Kind == JournalKind.Sent)
            {
                Assert.True(Journals.IsIntact(entry), $"{entry.Position}");
                Assert.Equal(next[entry.Lane]++, entry.Badge);
            }

            if (next[0] == Count && next[1] == Count)
            {
                break;
            }
        }

        await Task.WhenAll(writers);
        Assert.Empty(reader.Losses);
        journal.Dispose();
    }

    [Fact]
    public async Task Follow_OvertakenByItsWriter_TellsTheLossAndGoesOnWithTheOldest()
    {
        JournalDirectory journal = Journals.Open(_disk, Journals.Settings(retain: 1));
        JournalLane lane = journal.Lane(0);
        lane.Append(0);
        using JournalReader reader = JournalReader.Open(Journals.Path, _disk);
        Assert.Equal(2, reader.Read().Count());
        long expected = lane.Position;
        const ulong Last = 20_000;
        for (ulong i = 1; i <= Last; i++)
        {
            lane.Append(i);
        }

        List<JournalEntry> seen = [];
        await foreach (JournalEntry entry in reader.FollowAsync(TestContext.Current.CancellationToken))
        {
            seen.Add(entry);
            if (entry.Badge == Last)
            {
                break;
            }
        }

        LaneLoss loss = Assert.Single(reader.Losses);
        Assert.Equal((0, expected, seen[0].Position), (loss.Lane, loss.From, loss.To));
        Assert.Equal(loss.To - loss.From, loss.Bytes);
        List<JournalEntry> sent = [.. seen.Where(entry => entry.Kind == JournalKind.Sent)];
        Assert.All(sent, entry => Assert.True(Journals.IsIntact(entry)));
        Assert.Equal(Last - sent[0].Badge + 1, (ulong)sent.Count);
        Assert.Equal(LaneEndKind.End, EndAfter(reader).Kind);
        journal.Dispose();
    }

    [Fact]
    public async Task Follow_Cancelled_Ends()
    {
        using JournalDirectory journal = Journals.Open(_disk);
        using JournalReader reader = JournalReader.Open(Journals.Path, _disk);
        using var source = new CancellationTokenSource();
        int records = 0;
        await Assert.ThrowsAnyAsync<OperationCanceledException>(async () =>
        {
            await foreach (JournalEntry _ in reader.FollowAsync(source.Token))
            {
                records++;
                await source.CancelAsync();
            }
        });
        Assert.Equal(1, records);
    }

    [Fact]
    public async Task Follow_ALaneThatComesLater_IsFound()
    {
        Journals.Open(_disk).Dispose();
        using JournalReader reader = JournalReader.Open(Journals.Path, _disk);
        _ = reader.Read().Count();
        using JournalDirectory journal = Journals.Open(_disk, Journals.Settings(lanes: 2));
        journal.Lane(1).Append(5);
        await foreach (JournalEntry entry in reader.FollowAsync(TestContext.Current.CancellationToken))
        {
            if (entry.Badge == 5)
            {
                Assert.Equal(1, entry.Lane);
                break;
            }
        }
    }

    private static void Write(JournalLane lane, int count)
    {
        for (ulong i = 0; i < (ulong)count; i++)
        {
            lane.Append(i, (int)(i % 100));
        }
    }

    private static LaneEnd EndAfter(JournalReader reader)
    {
        _ = reader.Read().Count();
        return Assert.Single(reader.Ends);
    }
}
