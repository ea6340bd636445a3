using Outheis.Testing;
using Outheis.Tests.Journal;
using Xunit;

namespace Outheis.Tests.Timers;

/// <summary>What the journal has of timers that outlive the process, and who may have none.</summary>
public sealed class DurableTimerJournalTests
{
    /// <summary>Armed because of a message, said because it was armed: the chain of causes is whole, over processes.
    /// </summary>
    [Fact]
    public void Records_TellWhyItRang()
    {
        var alarms = new Alarms();
        alarms.Start();
        alarms.Tell(new Wish(Verb.Every, 1, 100), new Wish(Verb.Disarm, 7));
        alarms.Advance(110);
        alarms.Again(downMs: 200);
        alarms.Advance(5);
        alarms.World.Stop();
        JournalEntry[] all = [.. Journals.ReadAll(alarms.Disk, out _)];
        JournalEntry armed = Assert.Single(all, static entry => entry.Kind == JournalKind.Armed);
        Assert.Equal(
            ("alarm", "alarm", nameof(Ring), "{\"Key\":1}"),
            (armed.SenderName, armed.TargetName, armed.TypeName, armed.PayloadText));
        Assert.Equal("key 1, due 2030-01-01T00:00:00.1000000Z, every 00:00:00.1000000", armed.Detail);
        Assert.Equal(nameof(Wish), Assert.Single(all, entry => entry.Position == armed.Cause).TypeName);
        Assert.Equal("key 7", Assert.Single(all, static entry => entry.Kind == JournalKind.Disarmed).Detail);
        JournalEntry[] said = [.. all.Where(static entry => entry.IsTimer)];
        Assert.Equal([1uL, 2uL], said.Select(static entry => entry.Labels));
        Assert.All(said, entry => Assert.Equal(armed.Position, entry.Cause));
        Assert.True(Alarms.Codecs.TryRead(armed, out Ring ring));
        Assert.Equal(new Ring(1), ring);
    }

    /// <summary>Whoever handles the journal once more arms what was armed, hears what was heard, and is told where it
    /// does not.</summary>
    [Theory, InlineData(0), InlineData(1)]
    public void Replay_OfArmedTimers_IsTheSameUnlessTheProgramIsNot(int shift)
    {
        var alarms = new Alarms();
        alarms.Start();
        alarms.Failures = 1;
        alarms.Tell(
            new Wish(Verb.Every, 1, 50), new Wish(Verb.At, 2, 80), new Wish(Verb.Disarm, 9),
            new Wish(Verb.After, 3, 100, Keys: 2, Throws: true));
        alarms.Advance(120);
        alarms.Again(downMs: 200);
        alarms.Advance(100);
        long rings = alarms.Ask().Messages;
        alarms.World.Stop();
        var other = new Alarms { Shift = shift, Failures = 1 };
        other.Start();
        using JournalReplay replay = JournalReplay.OpenOn(
            Journals.Path, alarms.Disk, kernel => other.Spawn(kernel), new ReplayOptions { Codecs = Alarms.Codecs });
        ReplayReport report = replay.Run();
        if (shift == 0)
        {
            Assert.Null(report.Divergence);
            Assert.Equal(rings, other.Rings.Count);
        }
        else
        {
            Assert.Contains("armed key 3 with Ring {\"Key\":3}", report.Divergence?.Recorded, StringComparison.Ordinal);
            Assert.Contains("arms key 3 with Ring", report.Divergence?.Replayed, StringComparison.Ordinal);
        }

        other.World.Stop();
    }

    /// <summary>A fork has what was armed at its moment, by turns that were over.</summary>
    [Fact]
    public void Fork_HasWhatWasArmedThen()
    {
        var alarms = new Alarms();
        alarms.Start();
        alarms.Tell(new Wish(Verb.Every, 1, 100), new Wish(Verb.After, 2, 10_000), new Wish(Verb.After, 3, 50));
        alarms.Advance(220);
        alarms.Tell(new Wish(Verb.After, 4, 10_000), new Wish(Verb.Disarm, 2));
        alarms.World.Stop();
        JournalEntry last = Journals.ReadAll(alarms.Disk, out _).Last(static entry => entry.TypeName == nameof(Wish));
        var forked = new Alarms();
        forked.Start();
        ForkReport report = JournalFork.Create(
            Journals.Path, last.Position, "/fork", alarms.Disk, kernel => forked.Spawn(kernel),
            new ForkEdits().Drop(last.Position), new ReplayOptions { Codecs = Alarms.Codecs }, Journals.SmallSegment);
        forked.World.Stop();
        Assert.Contains("alarm", report.States);
        var copy = new StepKernel(cores: 1, disk: alarms.Disk, codecs: Alarms.Codecs, directory: "/fork");
        AgentId agent = forked.Spawn(copy.Kernel);
        copy.Time.JumpWallClock(TimeSpan.FromMilliseconds(220));
        copy.Run();
        Assert.Equal(["key 1", "key 2", "key 4"], copy.Kernel.Living(agent).Armed!.Keys.Order(StringComparer.Ordinal));
        copy.Time.AdvanceBy(TimeSpan.FromSeconds(20));
        copy.Run();
        Rung rung = copy.Result(copy.Kernel.GrantAsk<GetRung, Rung>(agent).AskAsync(default));
        Assert.Equal(new Rung(3 + 3, 3 + 202), rung);      // as of then, and since
        copy.Stop();
    }

    /// <summary>A turn that was cut off arms what it had not come to, and nothing twice.</summary>
    [Fact]
    public void Kill_InTheMiddleOfArming_ArmsTheRestInTheNextProcess()
    {
        var alarms = new Alarms();
        alarms.Start();
        DiskImage? inHandler = null;
        alarms.WhenArmed = key => inHandler ??= key == 2 ? alarms.Disk.Snapshot() : null;
        alarms.Tell(new Wish(Verb.After, 1, 100, Keys: 4));
        Assert.Equal(4, alarms.Armed);
        alarms.Again(downMs: 0, at: inHandler);
        Assert.Equal((4, 4), (alarms.Armed, alarms.Home.Timers.Count));
        Assert.Equal(4, Journals.ReadAll(alarms.Disk, out _).Count(static entry => entry.Kind == JournalKind.Armed));
        alarms.Advance(500);
        Assert.Equal([1, 2, 3, 4], alarms.Rings.Select(static heard => heard.Key).Order());
        alarms.World.Stop();
    }

    /// <summary>No room: nothing is armed, and the past says so, too.</summary>
    [Fact]
    public void Arm_JournalWithoutRoom_IsRefusedAndWasRefused()
    {
        var alarms = new Alarms();
        alarms.Start();
        alarms.Disk.Free = 0;
        for (int i = 0; i < 1000 && !alarms.Results.Contains(ArmResult.Full); i++)
        {
            alarms.Tell(new Wish(Verb.After, 1, 3_600_000, Keys: 100));
        }

        Assert.Contains(ArmResult.Full, alarms.Results);
        Assert.Equal(100, alarms.Armed);      // those before stay
        alarms.Disk.Free = long.MaxValue;
        alarms.World.Time.AdvanceBy(JournalLimits.RetryAfterRefusal);
        ArmResult[] told = [.. alarms.Results];
        alarms.Results.Clear();
        alarms.Again(downMs: 0);
        Assert.Equal(told, alarms.Results);      // told again what it was told
        Assert.Equal(100, alarms.Armed);
        alarms.World.Stop();
    }

    [Fact]
    public void Arm_AgentThatIsNotDurable_IsRefused()
    {
        using var world = new StepKernel(cores: 1, disk: new SimulatedDisk(), codecs: Alarms.Codecs);
        ArmResult? sync = null, async = null;
        AgentId plain = world.Kernel.Spawn("plain", static () => new PlainAlarm(), new SpawnOptions());
        world.Kernel.Do(plain, context =>
        {
            sync = context.ArmAfter("key", TimeSpan.Zero, new Ring(1));
            context.Disarm("key");
        });
        world.Kernel.DoAsync(plain, async context =>
        {
            await Task.Yield();
            async = context.ArmEvery("key", TimeSpan.FromSeconds(1), new Ring(1));
            context.Disarm("key");
        });
        world.Run();
        Assert.Equal((ArmResult.NotDurable, ArmResult.NotDurable), (sync, async));
        Assert.Equal(0, world.CoreAt(0).Timers.Count);
    }

    [Fact]
    public void Arm_KernelWithoutJournal_IsRefused()
    {
        using var world = new StepKernel(cores: 1);
        var alarms = new Alarms();
        world.Kernel.Grant<Wish>(alarms.Spawn(world.Kernel)).SendAll(
            [new Wish(Verb.After, 1), new Wish(Verb.Every, 1, 5), new Wish(Verb.At, 1), new Wish(Verb.Disarm, 1)]);
        world.Run();
        Assert.Equal([ArmResult.NotDurable, ArmResult.NotDurable, ArmResult.NotDurable], alarms.Results);
        Assert.Equal(0, world.CoreAt(0).Timers.Count);
    }

    /// <summary>What cannot be armed is said before anything is written, with words that say what to do.</summary>
    [Fact]
    public void Arm_WhatCannotBe_Throws()
    {
        using var world = new StepKernel(cores: 1, disk: new SimulatedDisk(), codecs: Alarms.Codecs);
        List<Exception> thrown = [];
        AgentId agent = world.Kernel.Spawn("tries", () => new Tries(thrown), new SpawnOptions());
        world.Kernel.Grant<Wish>(agent).Send(default);
        world.Run();
        Assert.Equal(
            [typeof(ArgumentException), typeof(ArgumentException), typeof(ArgumentOutOfRangeException),
             typeof(InvalidOperationException), typeof(ArgumentException)],
            thrown.Select(static bug => bug.GetType()));
        Assert.Contains("AddJson", thrown[4].Message, StringComparison.Ordinal);
        Assert.Equal(0, world.CoreAt(0).Timers.Count);
    }

    private sealed class PlainAlarm : Puppet, IHandle<Ring>
    {
        public void Handle(in Ring message, Context context)
        {
        }
    }

    private sealed class Tries(List<Exception> thrown) : DurableAgent<Rung>(default), IHandle<Wish>, IHandle<string>
    {
        public void Handle(in Wish message, Context context)
        {
            Try(context, static context => context.ArmAfter("", TimeSpan.Zero, new Wish()));
            Try(context, static context => context.ArmAfter(new string('k', 257), TimeSpan.Zero, new Wish()));
            Try(context, static context => context.ArmEvery("k", TimeSpan.Zero, new Wish()));
            Try(context, static context => context.ArmAfter("k", TimeSpan.Zero, new Ring(1)));
            Try(context, static context => context.ArmAfter("k", TimeSpan.Zero, "without a codec"));
        }

        public void Handle(in string message, Context context)
        {
        }

        private void Try(Context context, Act act)
        {
            try
            {
                act(context);
            }
            catch (Exception bug) when (bug is ArgumentException or InvalidOperationException)
            {
                thrown.Add(bug);
            }
        }

        private delegate void Act(Context context);
    }
}
