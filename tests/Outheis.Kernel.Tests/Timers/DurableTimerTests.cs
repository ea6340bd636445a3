using Outheis.Testing;
using Outheis.Tests.Journal;
using Xunit;

namespace Outheis.Tests.Timers;

/// <summary>Timers that outlive agents and processes.</summary>
public sealed class DurableTimerTests
{
    [Theory]
    [InlineData(true, 1), InlineData(true, 7), InlineData(true, 1000), InlineData(false, 1), InlineData(false, 1000)]
    public void Armed_NextProcess_IsDueOnceWhatIsLeftIsOver(bool kills, int snapshotEvery)
    {
        var alarms = new Alarms(snapshotEvery);
        alarms.Start();
        alarms.Tell(new Wish(Verb.After, 1, 100), new Wish(Verb.After, 2, 5000), new Wish(Verb.After, 3, 100));
        alarms.Tell(new Wish(Verb.Disarm, 3));
        alarms.Advance(40);
        alarms.Again(downMs: 20, kills);
        alarms.Advance(30);
        Assert.Empty(alarms.Rings);
        alarms.Advance(40);
        Assert.Equal([(1, 1L)], alarms.Rings.Select(static heard => (heard.Key, heard.Fires)));
        alarms.Again(downMs: 10_000, kills);
        alarms.Advance(5);
        Assert.Equal([2], alarms.Rings.Select(static heard => heard.Key));      // due meanwhile: at once
        Assert.Equal(new Rung(2, 2), alarms.Ask());
        alarms.Again(downMs: 10_000, kills);
        alarms.Advance(5000);
        Assert.Empty(alarms.Rings);      // each was said once
        Assert.Equal((0, 0), (alarms.Armed, alarms.Home.Timers.Count));
        alarms.World.Stop();
    }

    /// <summary>What a periodic one was due while no process ran comes in one message, and its schedule goes on.
    /// </summary>
    [Theory, InlineData(true), InlineData(false)]
    public void Every_NoProcessFor_IsSaidOnceWithItsCount(bool kills)
    {
        var alarms = new Alarms();
        alarms.Start();
        alarms.Tell(new Wish(Verb.Every, 1, 100));
        alarms.Advance(350);
        Assert.Equal(3, alarms.Rings.Sum(static heard => heard.Fires));
        alarms.Again(downMs: 1000, kills);      // 350 to 1350: 400, 500 .. 1300
        alarms.Advance(5);
        Assert.Equal([10L], alarms.Rings.Select(static heard => heard.Fires));
        alarms.Advance(45 + 380);
        Assert.Equal(14, alarms.Rings.Sum(static heard => heard.Fires));
        Assert.Equal(17, alarms.Ask().Fires);
        alarms.World.Stop();
    }

    /// <summary>Another incarnation has them as they were, by the clock that nobody sets.</summary>
    [Theory, InlineData(0), InlineData(3_600_000), InlineData(-3_600_000)]
    public void Agent_Restarted_HasItsTimersAsTheyWere(int jumpMs)
    {
        var alarms = new Alarms();
        alarms.Start();
        alarms.Tell(new Wish(Verb.After, 1, 200), new Wish(Verb.Every, 2, 50));
        alarms.Advance(120);
        Assert.Equal(2, alarms.Rings.Sum(static heard => heard.Fires));
        alarms.World.Time.JumpWallClock(TimeSpan.FromMilliseconds(jumpMs));
        alarms.Failures = 1;
        alarms.Tell(new Wish(Verb.Fail, 0, Throws: true));
        Assert.Equal(2u, alarms.World.Kernel.Living(alarms.Agent).Incarnation);
        Assert.Equal(2, alarms.Armed);
        alarms.Rings.Clear();
        alarms.Advance(70);
        Assert.Equal([2], alarms.Rings.Select(static heard => heard.Key));
        alarms.Advance(60);
        Assert.Equal(1, alarms.Rings.Count(static heard => heard.Key == 1));
        alarms.World.Stop();
    }

    /// <summary>A turn that fails arms nothing and disarms nothing, however often it is tried.</summary>
    [Theory, InlineData(1), InlineData(1000)]
    public void Turn_ThatFails_LeavesTimersAsTheyWere(int snapshotEvery)
    {
        var alarms = new Alarms(snapshotEvery);
        alarms.Start();
        alarms.Tell(new Wish(Verb.After, 1, 100), new Wish(Verb.After, 2, 100));
        alarms.Failures = 1000;      // until it is in quarantine
        alarms.Tell(new Wish(Verb.After, 1, 5000, Keys: 1, Throws: true));
        alarms.Tell(new Wish(Verb.Disarm, 2, Throws: true), new Wish(Verb.After, 3, 50, Throws: true));
        Assert.Equal(3, alarms.World.Kernel.Redelivered.Quarantined);
        Assert.Equal(2, alarms.Armed);
        alarms.Advance(120);
        Assert.Equal([1, 2], alarms.Rings.Select(static heard => heard.Key).Order());
        alarms.Advance(6000);
        Assert.Equal(2, alarms.Rings.Count);
        alarms.Again(downMs: 10_000);
        Assert.Empty(alarms.Rings);
        alarms.World.Stop();
    }

    [Fact]
    public void Turn_ThatFailsAndIsTriedAgain_ArmsOnce()
    {
        var alarms = new Alarms();
        alarms.Start();
        alarms.Failures = 2;
        alarms.Tell(new Wish(Verb.After, 1, 100, Keys: 3, Throws: true));
        Assert.Equal(3u, alarms.World.Kernel.Living(alarms.Agent).Incarnation);
        Assert.Equal((3, 3), (alarms.Armed, alarms.Home.Timers.Count));
        alarms.Advance(500);
        Assert.Equal([1, 2, 3], alarms.Rings.Select(static heard => heard.Key).Order());
        alarms.World.Stop();
    }

    [Fact]
    public void Armed_TheSameKeyAgain_TakesThePlaceOfTheOther()
    {
        var alarms = new Alarms();
        alarms.Start();
        alarms.Tell(new Wish(Verb.After, 1, 50), new Wish(Verb.Every, 1, 300), new Wish(Verb.After, 1, 200));
        alarms.Advance(100);
        Assert.Empty(alarms.Rings);
        alarms.Again(downMs: 0);
        alarms.Advance(50);
        Assert.Empty(alarms.Rings);
        alarms.Advance(1000);
        Assert.Single(alarms.Rings);
        alarms.World.Stop();
    }

    /// <summary>Said and not taken when the process is killed: the next one says it. Killed in the handler: the next
    /// one handles it once more and tells that it is. Handled: never again.</summary>
    [Theory, InlineData(0), InlineData(1), InlineData(2)]
    public void Kill_AsItRings_IsHeardOnceInTheState(int moment)
    {
        var alarms = new Alarms();
        alarms.Start();
        alarms.Tell(new Wish(Verb.After, 1, 100));
        DiskImage? inHandler = null;
        alarms.WhenRung = () => inHandler ??= alarms.Disk.Snapshot();
        if (moment == 0)
        {
            alarms.World.Time.AdvanceBy(TimeSpan.FromMilliseconds(150));
            Core core = alarms.Home;
            core.Enter();
            core.Timers.Run(alarms.World.Time.GetTimestamp());      // it is in the channel
            Core.Leave();
            Assert.Empty(alarms.Rings);
        }
        else
        {
            alarms.Advance(150);
            Assert.Single(alarms.Rings);
            Assert.Equal(1, alarms.Ask().Messages);
        }

        alarms.Again(downMs: 0, at: moment == 1 ? inHandler : null, asks: moment == 2);
        alarms.Advance(500);
        Assert.Equal(
            moment switch { 0 => [false], 1 => [true], _ => [] }, alarms.Rings.Select(static heard => heard.Again));
        Assert.Equal(new Rung(1, 1), alarms.Ask());
        Assert.Equal(0, alarms.Armed);
        alarms.World.Stop();
    }

    /// <summary>While the process lives nobody makes a delay shorter by setting the wall clock, and a date is a date.
    /// </summary>
    [Theory, InlineData(3_600_000), InlineData(-3_600_000)]
    public void WallClock_Set_MovesDatesAndNoDelays(int jumpMs)
    {
        var alarms = new Alarms();
        alarms.Start();
        alarms.Tell(
            new Wish(Verb.After, 1, 1000), new Wish(Verb.Every, 2, 400), new Wish(Verb.At, 3, 60_000));
        alarms.World.Time.JumpWallClock(TimeSpan.FromMilliseconds(jumpMs));
        alarms.Advance(990);
        Assert.DoesNotContain(alarms.Rings, static heard => heard.Key == 1);
        Assert.Equal(2, alarms.Rings.Where(static heard => heard.Key == 2).Sum(static heard => heard.Fires));
        Assert.Equal(jumpMs > 0 ? 1 : 0, alarms.Rings.Count(static heard => heard.Key == 3));
        alarms.Advance(120);
        Assert.Single(alarms.Rings, static heard => heard.Key == 1);
        alarms.World.Time.JumpWallClock(TimeSpan.FromMilliseconds(-jumpMs));
        alarms.Advance(60_000);
        Assert.Single(alarms.Rings, static heard => heard.Key == 3);      // once, however often its time comes
        alarms.World.Stop();
    }

    /// <summary>The wall clock was set back while no process ran: it is later by that, and not lost.</summary>
    [Fact]
    public void WallClock_SetBackBetweenProcesses_IsLaterByThat()
    {
        var alarms = new Alarms();
        alarms.Start();
        alarms.Tell(new Wish(Verb.After, 1, 100), new Wish(Verb.At, 2, 100));
        alarms.Advance(50);
        alarms.Again(downMs: -1000);
        alarms.Advance(1000);
        Assert.Empty(alarms.Rings);
        alarms.Advance(1200);
        Assert.Equal([1, 2], alarms.Rings.Select(static heard => heard.Key).Order());
        alarms.World.Stop();
    }

    /// <summary>A thousand armed, some disarmed, killed again and again: each of the others rings once.</summary>
    [Fact]
    public void Thousand_OverSeveralProcesses_EachRingsOnce()
    {
        var alarms = new Alarms(snapshotEvery: 100);
        alarms.Start();
        for (int i = 0; i < 1000; i += 10)
        {
            alarms.Tell(new Wish(Verb.After, i, 100 + i, Keys: 10));
        }

        alarms.Tell(new Wish(Verb.Disarm, 500, Keys: 100));
        List<int> rang = [];
        for (int life = 0; life < 4; life++)
        {
            alarms.Advance(200);
            rang.AddRange(alarms.Rings.Select(static heard => heard.Key));
            alarms.Again(downMs: 150);
        }

        alarms.Advance(300);
        rang.AddRange(alarms.Rings.Select(static heard => heard.Key));
        Assert.Equal([.. Enumerable.Range(0, 500), .. Enumerable.Range(600, 400)], rang.Order());
        Assert.Equal(new Rung(900, 900), alarms.Ask());
        alarms.World.Stop();
    }

    /// <summary>A journal that forgets writes anew what is armed: it is found also without a checkpoint.</summary>
    [Theory, InlineData(1), InlineData(20)]
    public void Retention_GivesUpWhereItWasArmed_IsArmedStill(int segments)
    {
        var alarms = new Alarms(
            snapshotEvery: 1_000_000, JournalRetention.KeepBytes((long)segments * Journals.SmallSegment));
        alarms.Start();
        alarms.Tell(new Wish(Verb.After, 98));
        alarms.Advance(5);
        alarms.Tell(new Wish(Verb.After, 1, 3_600_000, Keys: 50), new Wish(Verb.Every, 99, 1_800_000));
        LaneSegments lane = alarms.Home.Tap!.Lane.Segments;
        while (lane.Newest < 10 + (4 * segments))
        {
            long newest = lane.Newest;
            alarms.Tell([.. Enumerable.Repeat(new Wish(Verb.Fail, 0), 100)]);
            if (lane.Newest > newest)      // the thread that says so may be slow, and writing here is not
            {
                alarms.World.RunUntil(() => Journals.ReadAll(alarms.Disk, out _).Any(entry =>
                    entry.Kind == JournalKind.Snapshot && entry.Position >= lane.Current.FirstPosition));
            }
        }

        JournalEntry[] kept = [.. Journals.ReadAll(alarms.Disk, out _)];
        Assert.DoesNotContain(kept, static entry => entry.Kind == JournalKind.Armed && !entry.Armed.IsAnew);
        Assert.InRange(
            kept.Count(static entry => entry.Kind == JournalKind.Armed), 51, segments == 1 ? 2000 : 51 * segments / 2);
        alarms.Disk.Delete($"{Journals.Path}/ledger");
        alarms.Again(downMs: 7_200_000);
        alarms.Advance(5);
        Assert.Equal(50, alarms.Rings.Count(static heard => heard.Key < 99));
        Assert.Equal(4, Assert.Single(alarms.Rings, static heard => heard.Key == 99).Fires);
        Assert.Equal(52, alarms.Ask().Messages);      // with its state
        alarms.World.Stop();
    }
}
