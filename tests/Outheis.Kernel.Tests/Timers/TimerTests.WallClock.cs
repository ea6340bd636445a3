using Xunit;

namespace Outheis.Tests.Timers;

/// <summary>Those on the wall clock.</summary>
public sealed partial class TimerTests
{
    /// <summary>The wall clock is another clock: what is due at a time of it is due when it shows that, however it is
    /// set.</summary>
    [Fact]
    public void At_WallClockIsSet_IsDueWhenItShowsTheTime()
    {
        Spawn();
        Do(context =>
        {
            context.At(context.UtcNow.AddHours(1), new Beat(1));
            context.At(context.UtcNow.AddHours(2), new Beat(2));
            context.Cancel(context.At(context.UtcNow.AddMinutes(1), new Beat(3)));
            context.After(TimeSpan.FromMinutes(30), new Beat(4), NoLeeway);
        });
        _world.Time.JumpWallClock(TimeSpan.FromMinutes(61));
        _world.Run();
        Assert.Equal([1], _heard.Select(static one => one.Number));
        _world.Time.JumpWallClock(TimeSpan.FromMinutes(-61));
        _world.Time.AdvanceBy(TimeSpan.FromMinutes(31));
        _world.Run();
        Assert.Equal([1, 4], _heard.Select(static one => one.Number));
        _world.Time.AdvanceBy(TimeSpan.FromMinutes(90));
        _world.Run();
        Assert.Equal([1, 4, 2], _heard.Select(static one => one.Number));
    }

    /// <summary>A core sleeps until then, and not for longer than the wall clock may be trusted.</summary>
    [Fact]
    public void At_SoonAndLater_TheCoreSleepsAsLongAsItMay()
    {
        Spawn();
        Core core = _world.Kernel.Living(_agent).Core;
        Assert.Equal(Timeout.InfiniteTimeSpan, core.SleepAtMost());
        Do(context => context.At(context.UtcNow.AddHours(1), new Beat(1)));
        Assert.Equal(Limits.WallClockLook, core.SleepAtMost());
        Do(context => context.At(context.UtcNow.AddMilliseconds(99.5), new Beat(2)));
        Assert.InRange(core.SleepAtMost().TotalMilliseconds, 99, 100);
        Do(context => context.After(TimeSpan.FromMilliseconds(20), new Beat(3), NoLeeway));
        Assert.InRange(core.SleepAtMost().TotalMilliseconds, 20, 22);
    }

    [Fact]
    public void At_ManyOfOneTimeAndManyCancelled_ComeInOrderAndLeaveNothing()
    {
        Spawn();
        Do(context =>
        {
            DateTimeOffset when = context.UtcNow.AddSeconds(1);
            for (int i = 0; i < 5000; i++)
            {
                AgentTimer timer = context.At(when, new Beat(i));
                if (i % 100 != 0)
                {
                    context.Cancel(timer);
                }
            }
        });
        Advance(1010);
        Assert.Equal(Enumerable.Range(0, 50).Select(static i => i * 100), _heard.Select(static one => one.Number));
        Core core = _world.Kernel.Living(_agent).Core;
        Assert.Equal((0, 0), (core.Timers.Count, core.Timers.CellsHeld));
        Assert.Equal(Timeout.InfiniteTimeSpan, core.SleepAtMost());
    }
}
