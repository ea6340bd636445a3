using FsCheck.Xunit;
using Outheis.Testing;
using Xunit;

namespace Outheis.Tests;

/// <summary>One word that says how long something lasted, also while it lasts.</summary>
public sealed class TimeMeterTests
{
    [Property]
    public bool TimeMeter_AnySteps_EqualsASumAndABeginning(int seed)
    {
        var random = new Random(seed);
        var time = new VirtualTime();
        var meter = new TimeMeter();
        long sum = 0;
        long? since = null;
        for (int i = 0; i < 100; i++)
        {
            time.AdvanceBy(TimeSpan.FromTicks(random.Next(0, 3)));
            long now = time.GetTimestamp();
            switch (random.Next(3))
            {
                case 0 when since is null:
                    meter.Begin(now);
                    since = now;
                    break;
                case 1 when since is not null:
                    meter.End(now);
                    (sum, since) = (sum + now - since.Value, null);
                    break;
                case 2 when since is null:
                    long more = random.NextInt64(now - sum + 1);      // it was not more than all time so far
                    meter.Add(more);
                    sum += more;
                    break;
            }

            if (meter.Read(time) != sum + (now - (since ?? now)))
            {
                return false;
            }
        }

        return true;
    }

    [Fact]
    public void Read_OnAnotherThread_SeesNoHalfChange()
    {
        const int Rounds = 200_000;
        var time = TimeProvider.System;
        var meter = new TimeMeter();
        long begin = time.GetTimestamp();
        bool isOver = false;
        ThreadKernel.Together(
            () =>
            {
                for (int i = 0; i < Rounds; i++)
                {
                    meter.Begin(time.GetTimestamp());
                    meter.End(time.GetTimestamp());
                }

                Volatile.Write(ref isOver, true);
            },
            () =>
            {
                while (!Volatile.Read(ref isOver))
                {
                    long seen = meter.Read(time);
                    Assert.InRange(seen, 0, time.GetTimestamp() - begin);
                }
            });
    }
}
