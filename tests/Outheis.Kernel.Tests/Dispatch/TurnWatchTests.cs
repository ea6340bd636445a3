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
}
