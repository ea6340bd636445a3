using Outheis.Testing;
using Outheis.Tests.Journal;
using Xunit;

namespace Outheis.Tests.Timers;

public readonly record struct Beat(int Number);

public sealed record Note(string Text);

/// <summary>What timers say to their agents, and when, in time that stands still until it is advanced.</summary>
public sealed partial class TimerTests : IDisposable
{
    private static readonly TimeSpan NoLeeway = TimeSpan.Zero;

    private readonly StepKernel _world = new();
    private readonly List<(int Number, long Fires, double Ms)> _heard = [];
    private AgentId _agent;

    public void Dispose() => _world.Dispose();

    private AgentId Spawn(Script? started = null, AgentId supervisor = default) =>
        _agent = _world.Kernel.Spawn(
            "listener", () => new Receiver<Beat>(Hear) { Started = started },
            new SpawnOptions { Supervisor = supervisor });

    private void Hear(in Beat message, Context context) =>
        _heard.Add((message.Number, context.Fires, context.Uptime.TotalMilliseconds));

    private void Do(Script script)
    {
        _world.Kernel.Do(_agent, script);
        _world.Run();
    }

    private void Advance(double ms)
    {
        for (double left = ms; left > 0; left -= 1)
        {
            _world.Time.AdvanceBy(TimeSpan.FromMilliseconds(Math.Min(1, left)));
            _world.Run();
        }
    }

    [Theory, InlineData(0), InlineData(1), InlineData(2.5), InlineData(63.5), InlineData(64), InlineData(5000)]
    public void After_OnceTheTimeIsOver_SaysItOnceAndNeverEarly(double ms)
    {
        Spawn();
        double start = 0;
        Do((context) =>
        {
            start = context.Uptime.TotalMilliseconds;
            context.After(TimeSpan.FromMilliseconds(ms), new Beat(1), NoLeeway);
        });
        Advance(ms + 10);
        Advance(100);
        (int number, long fires, double at) = Assert.Single(_heard);
        Assert.Equal((1, 1), (number, fires));
        Assert.InRange(at - start, ms, ms + 2);
    }

    [Fact]
    public void After_Negative_IsDueAtOnceBehindWhatWaits()
    {
        Spawn();
        Do(context => context.After(TimeSpan.FromDays(-1), new Beat(1)));
        Advance(1);
        Assert.Equal([1], _heard.Select(static one => one.Number));
    }

    /// <summary>Leeway lets timers be due together, and never later than it says (GC-18).</summary>
    [Fact]
    public void After_ManyWithLeeway_AreDueTogetherWithinTheirBounds()
    {
        Spawn();
        double start = 0;
        Do(context =>
        {
            start = context.Uptime.TotalMilliseconds;
            for (int i = 0; i < 100; i++)
            {
                context.After(TimeSpan.FromMilliseconds(1000 + i), new Beat(i), TimeSpan.FromMilliseconds(300));
            }
        });
        Advance(1500);
        Assert.Equal(100, _heard.Count);
        Assert.All(_heard, one => Assert.InRange(one.Ms - start, 1000 + one.Number, 1300 + one.Number + 2));
        Assert.True(_heard.Select(static one => one.Ms).Distinct().Count() <= 2, "not together");
    }

    [Theory]
    [InlineData(5, 1), InlineData(1000, 100), InlineData(60_000, 6_000), InlineData(3_600_000, 60_000)]
    public void After_LeewayNotSaid_IsATenthAMillisecondAtLeastAMinuteAtMost(double delay, double leeway)
    {
        Spawn();
        double start = 0;
        Do(context =>
        {
            start = context.Uptime.TotalMilliseconds;
            context.After(TimeSpan.FromMilliseconds(delay), new Beat(1));
        });
        _world.Time.AdvanceBy(TimeSpan.FromMilliseconds(delay - 1));
        _world.Run();
        Assert.Empty(_heard);
        _world.Time.AdvanceBy(TimeSpan.FromMilliseconds(leeway + 3));
        _world.Run();
        Assert.Single(_heard);
    }

    [Theory, InlineData(7), InlineData(1.9), InlineData(2.5), InlineData(1000 / 60.0), InlineData(1005)]
    public void Every_KeepsItsScheduleAndDoesNotDrift(double ms)
    {
        Spawn();
        double start = 0;
        Do(context =>
        {
            start = context.Uptime.TotalMilliseconds;
            context.Every(TimeSpan.FromMilliseconds(ms), new Beat(1), NoLeeway);
        });
        Advance((ms * 100) + 1.5);
        Assert.Equal(100, _heard.Sum(static one => one.Fires));
        long times = 0;
        Assert.All(_heard, one =>
        {
            times += one.Fires;
            Assert.InRange(one.Ms - start, (ms * times) - 0.001, (ms * times) + 2);
        });
    }

    /// <summary>Nobody looked for a while: one message that says how often (GC-16).</summary>
    [Fact]
    public void Every_TimeJumps_SaysOnceHowOftenItWasDue()
    {
        Spawn();
        Do(context => context.Every(TimeSpan.FromMilliseconds(10), new Beat(1), NoLeeway));
        _world.Time.AdvanceBy(TimeSpan.FromMilliseconds(1005));
        _world.Run();
        Assert.Equal([(1, 100L)], _heard.Select(static one => (one.Number, one.Fires)));
        Advance(10);
        Assert.Equal(1, _heard[1].Fires);
    }

    [Fact]
    public async Task Every_AgentIsBusy_WhatWaitsIsCountedInOneMessage()
    {
        var gate = new TaskCompletionSource();
        Spawn();
        Do(context => context.Every(TimeSpan.FromMilliseconds(10), new Beat(1), NoLeeway));
        _world.Kernel.DoAsync(_agent, async (_, _) => await gate.Task);
        _world.Run();
        Advance(95);
        Assert.Empty(_heard);
        Assert.Equal(1, _world.Kernel.Living(_agent).Inbox.Count);
        gate.SetResult();
        _world.RunUntil(() => _heard.Count > 0);
        Assert.Equal(9, _heard[0].Fires);
        Advance(10);
        Assert.Equal([9, 1], _heard.Select(static one => one.Fires));
        await gate.Task;
    }

    [Fact]
    public void Suspend_WhatFallsDueMeanwhile_ComesInOneMessageAfterTheLastResume()
    {
        Spawn();
        AgentTimer timer = default, once = default;
        Do(context =>
        {
            timer = context.Every(TimeSpan.FromMilliseconds(10), new Beat(1), NoLeeway);
            once = context.After(TimeSpan.FromMilliseconds(10), new Beat(2), NoLeeway);
        });
        Advance(32);
        Do(context =>
        {
            context.Suspend(timer);
            context.Suspend(timer);
        });
        int before = _heard.Count(static one => one.Number == 1);
        Advance(60);
        Do(context => context.Resume(timer));
        Assert.Equal(before, _heard.Count(static one => one.Number == 1));
        Do(context => context.Resume(timer));
        Assert.Equal((1, 6L), (_heard[^1].Number, _heard[^1].Fires));
        Assert.Equal(1, _heard.Count(static one => one.Number == 2));
        Do(context =>
        {
            context.Resume(once);      // it is over
            Assert.Throws<InvalidOperationException>(() => ResumeOf(timer));
        });

        void ResumeOf(AgentTimer of) => _world.Kernel.Living(_agent).Core.Timers.Resume(
            _world.Kernel.Living(_agent), of);
    }

    [Fact]
    public void Cancel_BeforeAndAfterItWasDue_NothingIsHandledAnyMore()
    {
        Spawn();
        AgentTimer early = default, late = default;
        Do(context =>
        {
            early = context.After(TimeSpan.FromMilliseconds(50), new Beat(1), NoLeeway);
            late = context.Every(TimeSpan.FromMilliseconds(10), new Beat(2), NoLeeway);
        });
        Advance(5);
        Do(context =>
        {
            context.Cancel(early);
            context.Cancel(early);
            context.Cancel(default);
        });
        _world.Time.AdvanceBy(TimeSpan.FromMilliseconds(10));
        Core core = _world.Kernel.Living(_agent).Core;
        Assert.Equal(1, core.Timers.Run(core.Time.GetTimestamp()));      // due, in the inbox
        _world.Kernel.Living(_agent).Core.Timers.Cancel(_world.Kernel.Living(_agent), late);
        Advance(100);
        Assert.Empty(_heard);
        Assert.Equal(0, core.Timers.Count);
        Assert.Equal(0, _world.Kernel.DeadLetters.Total);
    }

    /// <summary>Timers are an incarnation's: the next one gets neither them nor what they said before it.</summary>
    [Fact]
    public void Restart_CancelsAllAndDropsWhatWaits()
    {
        AgentId supervisor = _world.Kernel.Spawn(new Restarter());
        int starts = 0;
        Spawn(context =>
        {
            if (++starts == 1)
            {
                context.Every(TimeSpan.FromMilliseconds(10), new Beat(1), NoLeeway);
                context.After(TimeSpan.FromMilliseconds(10), new Beat(2), NoLeeway);
            }
        }, supervisor);
        _world.Run();
        AgentCell agent = _world.Kernel.Living(_agent);
        _world.Kernel.Do(_agent, _ =>
        {
            _world.Time.AdvanceBy(TimeSpan.FromMilliseconds(20));
            Assert.Equal(2, agent.Core.Timers.Run(agent.Core.Time.GetTimestamp()));
            throw new InvalidOperationException("on purpose");
        });
        _world.Run();
        Advance(100);
        Assert.Equal((2, 2u), (starts, agent.Incarnation));
        Assert.Empty(_heard);
        Assert.Equal(0, agent.Core.Timers.Count);
    }

    [Fact]
    public void After_ObjectsAndLongStructs_ComeAsTheyAre()
    {
        List<string> notes = [];
        List<WideBeat> wide = [];
        AgentId agent = _world.Kernel.Spawn("keeper", () => new Keeper(notes, wide), new SpawnOptions());
        _world.Run();
        _world.Kernel.Do(agent, context =>
        {
            AgentTimer never = context.After(TimeSpan.FromMilliseconds(5), new Note("never"), NoLeeway);
            context.Every(TimeSpan.FromMilliseconds(5), new Note("each"), NoLeeway);
            context.Every(TimeSpan.FromMilliseconds(5), new WideBeat(1, 2, 3, 4, 5, 6, "seven"), NoLeeway);
            context.Cancel(never);
        });
        _world.Run();
        Advance(16);
        Assert.Equal(["each", "each", "each"], notes);
        Assert.Equal(Enumerable.Repeat(new WideBeat(1, 2, 3, 4, 5, 6, "seven"), 3), wide);
    }

    [Fact]
    public void Start_WhatCannotBe_SaysWhy()
    {
        Spawn();
        Do(context =>
        {
            string? unhandled = null, tooShort = null;
            try
            {
                context.After(TimeSpan.Zero, new Note("nobody"));
            }
            catch (InvalidOperationException refused)
            {
                unhandled = refused.Message;
            }

            try
            {
                context.Every(TimeSpan.FromTicks(9_999), new Beat(1));
            }
            catch (ArgumentOutOfRangeException refused)
            {
                tooShort = refused.Message;
            }

            Assert.Contains("handles no Outheis.Tests.Timers.Note", unhandled, StringComparison.Ordinal);
            Assert.Contains("period", tooShort, StringComparison.Ordinal);
        });
        Assert.Equal(0, _world.Kernel.DeadLetters.Total);
    }

    /// <summary>Code of an incarnation that ended runs on until its awaits are over, and reaches no timer.</summary>
    [Fact]
    public void After_FromCodeOfAnIncarnationThatEnded_IsNone()
    {
        AgentId supervisor = _world.Kernel.Spawn(new Restarter());
        Spawn(supervisor: supervisor);
        var gate = new TaskCompletionSource();
        AgentTimer late = new(0, 0, 77);
        _world.Kernel.DoAsync(_agent, async (context, _) =>
        {
            Task background = RunOn(context);
            await Task.Yield();
            throw new InvalidOperationException("on purpose");

            async Task RunOn(AgentContext own)
            {
                await gate.Task;
                late = own.Every(TimeSpan.FromMilliseconds(1), new Beat(1));
            }
        });
        _world.RunUntil(() => _world.Kernel.Living(_agent).Incarnation == 2);
        gate.SetResult();
        _world.RunUntil(() => late == default);
        Advance(20);
        Assert.Empty(_heard);
        Assert.Equal(0, _world.Kernel.Living(_agent).Core.Timers.Count);
    }

    [Fact]
    public void After_FromAnAsynchronousTurn_ComesBehindIt()
    {
        AgentId agent = _agent = _world.Kernel.Spawn("async", () => new Receiver<Beat>(Hear), new SpawnOptions());
        _world.Kernel.DoAsync(agent, async (context, _) =>
        {
            AgentTimer timer = context.Every(TimeSpan.FromMilliseconds(5), new Beat(7), NoLeeway);
            await Task.Yield();
            context.Suspend(timer);
            context.Resume(timer);
            context.After(TimeSpan.FromMilliseconds(1), new Beat(8), NoLeeway);
            context.Cancel(timer);
        });
        _world.Run();
        Advance(20);
        Assert.Equal([8], _heard.Select(static one => one.Number));
    }

    [Fact]
    public void Every_InlineMessage_AllocatesNothingPerTick()
    {
        long heard = 0;
        AgentId agent = _world.Kernel.Spawn(
            "counter", () => new Receiver<Beat>((in Beat _, Context context) => heard += context.Fires),
            new SpawnOptions());
        _world.Kernel.Do(agent, static context => context.Every(TimeSpan.FromMilliseconds(1), new Beat(1), NoLeeway));
        _world.Run();
        Core core = _world.Kernel.Living(agent).Core;
        Tick(core, 2000);      // warm
        Assert.InRange(Tick(core, 10_000), 0, Allocated.ByTheRuntime);
        Assert.InRange(heard, 11_990, 12_000);

        long Tick(Core on, int times)
        {
            long allocated = 0;
            for (int i = 0; i < times; i++)
            {
                _world.Time.AdvanceBy(TimeSpan.FromMilliseconds(1));
                long before = GC.GetAllocatedBytesForCurrentThread();
                while (on.RunPass() > 0)
                {
                }

                allocated += GC.GetAllocatedBytesForCurrentThread() - before;
            }

            return allocated;
        }
    }

    private readonly record struct WideBeat(long A, long B, long C, long D, long E, long F, string G);

    private sealed class Keeper(List<string> notes, List<WideBeat> wide) : Puppet, IHandle<Note>, IHandleAsync<WideBeat>
    {
        public void Handle(in Note message, Context context) => notes.Add(message.Text);

        public ValueTask HandleAsync(WideBeat message, AgentContext context, CancellationToken cancellationToken)
        {
            wide.Add(message);
            return ValueTask.CompletedTask;
        }
    }
}
