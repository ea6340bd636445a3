using Xunit;

namespace Outheis.Tests;

/// <summary>How often the watch looks, and what it counts, with looks made by hand.</summary>
public sealed class TurnWatchTests
{
    private readonly record struct Work;

    private sealed class Worker(Action work) : Agent, IHandle<Work>
    {
        public void Handle(in Work message, Context context) => work();
    }

    /// <summary>Looks and says how long it is until the next one, in milliseconds.</summary>
    private static double Look(StepKernel world, double atMilliseconds)
    {
        TimeProvider clock = world.Kernel.Platform.Threads.Clock;
        world.Kernel.Watch.Look(1 + (long)(atMilliseconds * clock.TimestampFrequency / 1000));
        return world.Kernel.Watch.Rest.TotalMilliseconds;
    }

    private static void HaveDone(StepKernel world, Action work)
    {
        world.Kernel.Grant<Work>(world.Kernel.Spawn(null, () => new Worker(work))).Send(default);
        world.Run();
        Assert.Empty(world.Failures);      // a failed assertion of the work
    }

    [Theory]
    [InlineData(5, 5)]
    [InlineData(14, 7)]
    [InlineData(20, 10)]
    [InlineData(1000, 10)]
    public void PauseOf_Budget_HalfOfItWithinBounds(int budget, int pause) =>
        Assert.Equal(pause, TurnWatch.PauseOf(TimeSpan.FromMilliseconds(budget)).TotalMilliseconds);

    [Fact]
    public void Look_NoTurnGoesOn_LooksAgainAfterHalfABudget()
    {
        using var world = new StepKernel();

        Assert.Equal(10, Look(world, 0));
        Assert.Equal(10, Look(world, 10));
        HaveDone(world, () => Assert.Equal(10, Look(world, 20)));
        HaveDone(world, () => Assert.Equal(10, Look(world, 30)));
    }

    [Fact]
    public void Look_TheTurnOfTheLastLook_LooksSoonerUntilItIsOver()
    {
        using var world = new StepKernel();
        Look(world, 0);
        HaveDone(world, () =>
        {
            Assert.Equal(10, Look(world, 10));
            Assert.Equal(5, Look(world, 20));
            Assert.Equal(5, Look(world, 25));
        });

        Assert.Equal(10, Look(world, 30));
    }

    /// <summary>Named once it was seen for a budget, not sooner, and once.</summary>
    [Fact]
    public void Look_HandlerSeenForItsBudget_IsListedOnce()
    {
        using var world = new StepKernel();
        Look(world, 0);
        HaveDone(world, () =>
        {
            Look(world, 10);
            Look(world, 20);
            Look(world, 25);
            Assert.Empty(world.Kernel.ListTurnOverruns());
            Look(world, 30);
            Look(world, 35);
        });

        Assert.Equal(20, Assert.Single(world.Kernel.ListTurnOverruns()).Elapsed.TotalMilliseconds);
    }

    /// <summary>A watch that got no processor for a second knows nothing of that second.</summary>
    [Fact]
    public void Look_LateItself_CountsItsRestAndOneLookMore()
    {
        using var world = new StepKernel();
        Look(world, 0);
        HaveDone(world, () =>
        {
            Look(world, 10);
            Look(world, 1010);      // 10 and 5
            Assert.Empty(world.Kernel.ListTurnOverruns());
            Look(world, 2010);      // 5 and 5
        });

        Assert.Equal(25, Assert.Single(world.Kernel.ListTurnOverruns()).Elapsed.TotalMilliseconds);
    }

    /// <summary>Seen at 10, and then for 10 and eight times 5 milliseconds: an agent that blocks its core has it for 60
    /// at most, of the 100 that its others may wait.</summary>
    [Fact]
    public void Look_HandlerSeenForFiftyMilliseconds_HasItsCoreTakenAtThatLook()
    {
        using var world = new StepKernel();
        var taken = new List<(int Core, double At)>();
        double now = 0;
        world.Taking = core =>
        {
            taken.Add((core.Index, now));
            return true;
        };
        Look(world, now);
        HaveDone(world, () =>
        {
            for (double rest = 10; now < 115; rest = Look(world, now))
            {
                now += rest;
            }
        });

        Assert.Equal([60, 115], taken.Select(static one => one.At));      // another that blocks: seen 5 later, then 50
        Assert.Single(taken.Select(static one => one.Core).Distinct());
        Assert.Equal(2, world.Kernel.ListCores()[taken[0].Core].TakeOvers);
    }

    /// <summary>Its thread may be in the kernel for the moment.</summary>
    [Fact]
    public void Look_NobodyCanHaveTheCore_AsksAgainAtEachLook()
    {
        using var world = new StepKernel();
        int asked = 0;
        world.Taking = _ =>
        {
            asked++;
            return false;
        };
        Look(world, 0);
        HaveDone(world, () =>
        {
            for (double now = 10; now <= 75; now += Look(world, now))
            {
                Assert.Equal(now < 60 ? 0 : (now - 60) / 5, asked);
            }
        });

        Assert.Equal(4, asked);
        Assert.Equal(0, world.Kernel.ListCores().Sum(static core => core.TakeOvers));
    }

    /// <summary>Two messages of one turn, which together take as long as one that blocks.</summary>
    [Fact]
    public void Look_AnotherMessageOfTheTurn_BeginsToCountAnew()
    {
        using var world = new StepKernel(cores: 1);
        int asked = 0;
        double now = 10;
        world.Taking = _ => ++asked > 0;
        var ends = new Queue<double>([25, 70]);
        Look(world, 0);
        Capability<Work> to = world.Kernel.Grant<Work>(world.Kernel.Spawn(null, () => new Worker(() =>
        {
            for (double end = ends.Dequeue(); now < end;)
            {
                now += Look(world, now);
            }
        })));
        world.Run();
        long turns = world.CoreAt(0).Counters.Turns;
        to.SendAll([default, default]);
        world.Run();

        Assert.Empty(world.Failures);
        Assert.Equal((70, 0), (now, asked));
        Assert.Equal(1, world.CoreAt(0).Counters.Turns - turns);
    }

    /// <summary>However short its turns are: what comes from elsewhere, and what is due, is looked at between
    /// passes.</summary>
    [Fact]
    public void Look_PassSeenForATurnsBudget_EndsItOnce()
    {
        using var world = new StepKernel(cores: 1);
        double now = 0;
        int ran = 0, rang = 0;
        world.Kernel.Spawn(
            "bell", () => new Receiver<Work>((in Work _, Context _) => rang++)
            {
                Started = static context => context.After(TimeSpan.FromMilliseconds(1), default(Work), TimeSpan.Zero),
            },
            new SpawnOptions { Qos = Qos.UserInteractive });
        Capability<Work>[] to = [.. Enumerable.Range(0, 8).Select(_ => world.Kernel.Grant<Work>(
            world.Kernel.Spawn(null, () => new Worker(() =>
            {
                ran++;
                Look(world, now += 10);
            }))))];
        world.Run();
        Look(world, now);
        world.Time.AdvanceBy(TimeSpan.FromMilliseconds(100));
        Array.ForEach(to, static one => one.Send(default));

        world.Pass(0);
        Assert.Equal((3, 0), (ran, rang));      // seen at 10, and at 30 for a budget of 20
        world.Pass(0);
        Assert.Equal((6, 1), (ran, rang));
        world.Pass(0);
        Assert.Equal(8, ran);
        Assert.Empty(world.Kernel.ListTurnOverruns());
        Assert.Empty(world.Failures);
    }

    /// <summary>All of one turn: what its messages of before go on with.</summary>
    [Fact]
    public void Look_PiecesOfAsynchronousTurns_EachBeginsToCountAnew()
    {
        using var world = new StepKernel(cores: 1);
        int asked = 0, ran = 0;
        double now = 0;
        world.Taking = _ => ++asked > 0;
        var gate = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        Capability<Work> to = world.Kernel.Grant<Work>(world.Kernel.Spawn(new AsyncReceiver<Work>(async (_, _, _) =>
        {
            await gate.Task;
            Look(world, now += 10);
            ran++;
        })
        { Reenters = Reentrancy.Always }));
        to.SendAll([.. new Work[8]]);
        world.Run();
        long turns = world.CoreAt(0).Counters.Turns;
        Look(world, now);
        gate.SetResult();
        world.RunUntil(() => ran == 8);

        Assert.InRange(world.CoreAt(0).Counters.Turns - turns, 1, 7);
        Assert.Empty(world.Kernel.ListTurnOverruns());
        Assert.Equal(0, asked);
        Assert.Empty(world.Failures);
    }
}
