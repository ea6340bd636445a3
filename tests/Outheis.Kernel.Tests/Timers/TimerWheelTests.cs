using FsCheck.Xunit;
using Xunit;

namespace Outheis.Tests.Timers;

public sealed class TimerWheelTests
{
    /// <summary>Against a list in which the earliest is looked for: the same nodes, by time and then in the order in
    /// which they were put, at the first look that is not too early.</summary>
    [Property(MaxTest = 300)]
    public bool TimerWheel_AnySteps_EqualsASortedList(int seed, byte spread)
    {
        var random = new Random(seed);
        var wheel = new TimerWheel();
        List<(long Time, int Node)> model = [];      // what was over when it was put is due at that time
        long now = 0;
        for (int i = 0; i < 500; i++)
        {
            uint step = (uint)random.NextInt64(1L << 32);
            int node = (int)(step >> 8 & 31);
            long ahead = (long)(step >> 13) << spread % 24;      // up to 2 to the 42: beyond the topmost wheel
            wheel.Reserve(node + 1);
            switch (step & 3)
            {
                case 0:
                    wheel.Remove(node);
                    model.RemoveAll(one => one.Node == node);
                    break;
                case 1 when wheel.IsIn(node):
                    break;
                case 1 or 2 when !wheel.IsIn(node):
                    long time = (step & 4) == 0 ? now + ahead : now + (ahead & 7) - 3;
                    wheel.Put(node, time);
                    model.Add((Math.Max(time, now), node));
                    break;
                default:
                    now += (step & 4) == 0 ? ahead : ahead & 63;
                    if (!TakesSame(wheel, model, now))
                    {
                        return false;
                    }

                    break;
            }

            if (wheel.Count != model.Count || (wheel.Next is { } next && next > Math.Max(now, model.Min(At)))
                || (wheel.Next is null) != (model.Count == 0))
            {
                return false;
            }
        }

        return TakesSame(wheel, model, now + (1L << 50)) && wheel.Count == 0;
    }

    private static bool TakesSame(TimerWheel wheel, List<(long Time, int Node)> model, long now)
    {
        foreach ((long Time, int Node) next in model.Where(one => one.Time <= now).OrderBy(At).ToArray())      // stable
        {
            if (wheel.TakeDue(now) != next.Node || wheel.Now < next.Time)
            {
                return false;
            }

            model.Remove(next);
        }

        return wheel.TakeDue(now) == TimerWheel.None && wheel.Now >= now;
    }

    private static long At((long Time, int Node) one) => one.Time;

    [Theory]
    [InlineData(1), InlineData(63), InlineData(64), InlineData(4095), InlineData(4096), InlineData(1L << 36)]
    [InlineData((1L << 36) - 1), InlineData((1L << 36) + 1), InlineData(1L << 45)]
    public void TakeDue_OneNode_IsDueAtItsTimeAndNoTickBefore(long ahead)
    {
        foreach (long start in new[] { 0L, 1, 63, 64, 12345, (1L << 36) - 1, (1L << 36) + 77 })
        {
            var wheel = new TimerWheel();
            wheel.Reserve(1);
            Assert.Equal(TimerWheel.None, wheel.TakeDue(start));
            long time = start + ahead;
            wheel.Put(0, time);
            Assert.Equal(TimerWheel.None, wheel.TakeDue(time - 1));
            Assert.True(wheel.Next <= time);
            Assert.Equal(0, wheel.TakeDue(time));
            Assert.Null(wheel.Next);
        }
    }

    [Fact]
    public void TakeDue_NeverIsFarAhead_IsNotDueInAThousandYears()
    {
        var wheel = new TimerWheel();
        wheel.Reserve(1);
        wheel.Put(0, long.MaxValue);
        Assert.Equal(TimerWheel.None, wheel.TakeDue(TimeSpan.TicksPerDay / 10_000 * 365_000));
        Assert.True(wheel.IsIn(0));
    }

    [Fact]
    public void TakeDue_MillionNodes_EachAtItsTime()
    {
        const int nodes = 1_000_000;
        var wheel = new TimerWheel();
        wheel.Reserve(nodes);
        var random = new Random(1);
        long[] times = [.. Enumerable.Range(0, nodes).Select(_ => random.NextInt64(1, 100_000))];
        for (int i = 0; i < nodes; i++)
        {
            wheel.Put(i, times[i]);
        }

        for (int i = 0; i < nodes; i += 3)
        {
            wheel.Remove(i);
        }

        int due = 0;
        for (long now = 0; now <= 100_000; now++)
        {
            int node;
            while ((node = wheel.TakeDue(now)) != TimerWheel.None)
            {
                Assert.Equal(now, times[node]);
                due++;
            }
        }

        Assert.Equal(nodes - (nodes + 2) / 3, due);
    }
}
