using FsCheck.Xunit;
using Outheis.Supervision;
using Xunit;

namespace Outheis.Tests;

public sealed class RestartWindowTests
{
    private static readonly TimeSpan Period = TimeSpan.FromTicks(100);

    [Fact]
    public void CountAt_NothingAdded_IsNone() =>
        Assert.Equal(0, new RestartWindow(Period).CountAt(TimeSpan.Zero));

    [Fact]
    public void CountAt_ARestartAsOldAsThePeriod_StillCounts()
    {
        var window = new RestartWindow(Period);
        window.Add(TimeSpan.FromTicks(7));
        Assert.Equal(1, window.CountAt(TimeSpan.FromTicks(107)));
        Assert.Equal(0, window.CountAt(TimeSpan.FromTicks(108)));
    }

    [Fact]
    public void CountAt_CalledAgain_ChangesNothing()
    {
        var window = new RestartWindow(Period);
        window.Add(TimeSpan.FromTicks(1));
        window.Add(TimeSpan.FromTicks(1));
        Assert.Equal(2, window.CountAt(TimeSpan.FromTicks(50)));
        Assert.Equal(2, window.CountAt(TimeSpan.FromTicks(50)));
    }

    [Fact]
    public void CountAt_PeriodOfZero_CountsThisInstantAlone()
    {
        var window = new RestartWindow(TimeSpan.Zero);
        window.Add(TimeSpan.FromTicks(3));
        Assert.Equal(1, window.CountAt(TimeSpan.FromTicks(3)));
        Assert.Equal(0, window.CountAt(TimeSpan.FromTicks(4)));
    }

    [Property(MaxTest = 200, EndSize = 300)]
    public bool RestartWindow_AnySteps_EqualsAListOfAllRestarts((bool Add, byte Later)[] steps)
    {
        var window = new RestartWindow(Period);
        List<TimeSpan> model = [];
        TimeSpan now = TimeSpan.Zero;
        foreach ((bool add, byte later) in steps)
        {
            now += TimeSpan.FromTicks(later % 64);
            if (add)
            {
                window.Add(now);
                model.Add(now);
            }
            else if (window.CountAt(now) != model.Count(restart => now - restart <= Period))
            {
                return false;
            }
        }

        return true;
    }
}
