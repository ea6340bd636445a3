using System.Diagnostics;
using Xunit;

namespace Outheis.Tests.Timers;

/// <summary>Timers on real threads and the real clock, and at a stop.</summary>
[Collection(OnThreads.Name)]
public sealed class TimerThreadTests
{
    /// <summary>A core that sleeps wakes for them by itself, and never too early.</summary>
    [Fact]
    public async Task After_CoreThatSleeps_WakesInTime()
    {
        await using Kernel kernel = ThreadKernel.Start();
        var heard = new TaskCompletionSource<TimeSpan>();
        TimeSpan armed = default;
        kernel.Spawn(new Receiver<Beat>((in Beat _, Context context) => heard.TrySetResult(context.Uptime))
        {
            Started = context =>
            {
                armed = context.Uptime;
                context.After(TimeSpan.FromMilliseconds(150), new Beat(1));
            },
        });
        TimeSpan at = await heard.Task.WaitAsync(ThreadKernel.Patience, TestContext.Current.CancellationToken);
        Assert.True(at - armed >= TimeSpan.FromMilliseconds(150), $"{at - armed} early");
    }

    /// <summary>Many at a time, on two cores that have other work to do: each is said once, or counted.</summary>
    [Fact]
    public async Task Every_ManyBesideOtherWork_NoneIsLost()
    {
        const int timers = 1000, milliseconds = 500;
        await using Kernel kernel = ThreadKernel.Start();
        long[] fires = new long[timers];
        var watch = Stopwatch.StartNew();
        AgentId[] agents = [.. Enumerable.Range(0, 2).Select(core => kernel.Spawn(new Receiver<Beat>(
            (in Beat beat, Context context) =>
                Volatile.Write(ref fires[beat.Number], fires[beat.Number] + context.Fires))
        {
            Started = context =>
            {
                for (int i = core; i < timers; i += 2)
                {
                    context.Every(TimeSpan.FromMilliseconds(10), new Beat(i), TimeSpan.FromMilliseconds(2));
                }
            },
        }, core))];
        Passer[] passers = [new Passer(), new Passer()];
        AgentId[] busy = [kernel.Spawn(passers[0], core: 0), kernel.Spawn(passers[1], core: 1)];
        passers[0].Next = kernel.GrantTo<long>(busy[0], busy[1]);
        passers[1].Next = kernel.GrantTo<long>(busy[1], busy[0]);
        Assert.Equal(SendResult.Sent, kernel.Grant<long>(busy[0]).Send(1));

        ThreadKernel.Until(() => watch.ElapsedMilliseconds > milliseconds, "time");
        await ThreadKernel.Within(Task.WhenAll(agents.Concat(busy).Select(kernel.StopAgentAsync)));
        long most = watch.ElapsedMilliseconds / 10 + 1;
        Assert.All(fires, count => Assert.InRange(count, 1, most));
        Assert.True(passers[0].Passed > 1000);
    }

    /// <summary>Agents that never come to an end of their messages, each of which takes 100 microseconds: a pass of
    /// theirs would take 0.4 s, and the clock be looked at after 16 of those.</summary>
    [Fact]
    public async Task Every_CoreIsSaturatedByHandlers_RingsSoonForAHigherClass()
    {
        const int agents = Limits.TurnsPerPass, rings = 10;
        await using Kernel kernel = ThreadKernel.Start(cores: 1);
        bool isOver = false;
        Capability<long>[] own = new Capability<long>[agents];
        AgentId[] busy = [.. Enumerable.Range(0, agents).Select(i => kernel.Spawn(
            new Receiver<long>((in long message, Context context) =>
            {
                long began = Stopwatch.GetTimestamp();
                while (Stopwatch.GetElapsedTime(began) < TimeSpan.FromMicroseconds(100) && !Volatile.Read(ref isOver))
                {
                }

                context.Send(own[i], message);
            })))];
        for (int i = 0; i < agents; i++)
        {
            own[i] = kernel.GrantTo<long>(busy[i], busy[i]);
            for (int message = 0; message < Limits.TurnMessages; message++)
            {
                Assert.Equal(SendResult.Sent, await kernel.Grant<long>(busy[i]).SendAsync(message));
            }
        }

        var heard = new TaskCompletionSource<TimeSpan>(TaskCreationOptions.RunContinuationsAsynchronously);
        TimeSpan began = default;
        kernel.Spawn(
            "bell", () => new Receiver<Beat>((in Beat _, Context context) =>
            {
                if (context.Uptime - began > TimeSpan.FromMilliseconds(10 * rings))
                {
                    heard.TrySetResult(context.Uptime - began);
                }
            })
            {
                Started = context =>
                {
                    began = context.Uptime;
                    context.Every(TimeSpan.FromMilliseconds(10), new Beat(1), TimeSpan.Zero);
                },
            },
            new SpawnOptions { Qos = Qos.UserInteractive });
        TimeSpan took = await heard.Task.WaitAsync(ThreadKernel.Patience, TestContext.Current.CancellationToken);
        Volatile.Write(ref isOver, true);
        await ThreadKernel.Within(Task.WhenAll(busy.Select(kernel.StopAgentAsync)));
        Assert.True(took < TimeSpan.FromSeconds(3), $"{took}, should be little more than 0.1 s");
    }

    /// <summary>A stop does not wait for timers, and they do not keep it waiting.</summary>
    [Fact]
    public void Stop_WithTimersThatAreDueAgainAndAgain_Drains()
    {
        var world = new StepKernel();
        AgentId agent = world.Kernel.Spawn(
            "poller", static () => new AsyncReceiver<Beat>(static async (_, _, _) => await Task.Yield())
            {
                Started = static context => context.Every(TimeSpan.FromMilliseconds(1), new Beat(1), TimeSpan.Zero),
            },
            new SpawnOptions());
        world.Advance(TimeSpan.FromMilliseconds(50));
        StopReport report = world.Stop(TimeSpan.FromSeconds(5));
        Assert.True(report.Drained, string.Join(", ", report.Undrained));
    }

    /// <summary>Hands a message back and forth, for ever.</summary>
    private sealed class Passer : Agent, IHandle<long>
    {
        private long _passed;

        public Capability<long> Next { get; set; }

        public long Passed => Volatile.Read(ref _passed);

        public void Handle(in long message, Context context)
        {
            Volatile.Write(ref _passed, _passed + 1);
            context.Send(Next, message + 1);
        }
    }
}
