using System.Diagnostics;
using Xunit;

namespace Outheis.Tests;

/// <summary>What cores sleep on, by the runtime's means and by Linux's own.</summary>
[Collection(OnThreads.Name)]
public sealed class SleeperTests
{
    private static readonly TimeSpan Brief = TimeSpan.FromMilliseconds(20);

    public static TheoryData<string> Kinds => FutexSleeper.IsHere ? ["monitor", "futex"] : ["monitor"];

    private static Sleeper Make(string kind) => kind == "futex" ? new FutexSleeper() : new MonitorSleeper();

    [Fact]
    public void Kinds_OnLinux_AreTheKernelsOwn()
    {
        bool isHere = OperatingSystem.IsLinux()
            && System.Runtime.InteropServices.RuntimeInformation.ProcessArchitecture
                is System.Runtime.InteropServices.Architecture.X64
                or System.Runtime.InteropServices.Architecture.Arm64;
        Assert.Equal(isHere, FutexSleeper.IsHere);
        Assert.Equal(isHere, new PinnedThreads().MakeSleeper() is FutexSleeper);
    }

    [Theory, MemberData(nameof(Kinds))]
    public void Sleep_TimeIsOver_ReturnsFalseAndNotBefore(string kind)
    {
        Sleeper sleeper = Make(kind);
        long start = Stopwatch.GetTimestamp();
        Assert.False(sleeper.Sleep(Brief));
        Assert.InRange(Stopwatch.GetElapsedTime(start), Brief - TimeSpan.FromMilliseconds(2), ThreadKernel.Patience);
        Assert.False(sleeper.Sleep(TimeSpan.Zero));
    }

    [Theory, MemberData(nameof(Kinds))]
    public void Sleep_SignalWasThere_TakesItAtOnceAndOnce(string kind)
    {
        Sleeper sleeper = Make(kind);
        sleeper.Signal();
        sleeper.Signal();      // one with the first
        Assert.True(sleeper.Sleep(Timeout.InfiniteTimeSpan));
        Assert.False(sleeper.Sleep(TimeSpan.Zero));
        sleeper.Signal();
        Assert.True(sleeper.Sleep(TimeSpan.Zero));
    }

    [Theory, MemberData(nameof(Kinds))]
    public void Sleep_AfterOneThatTimedOut_IsEndedByItsSignal(string kind)
    {
        Sleeper sleeper = Make(kind);
        Assert.False(sleeper.Sleep(TimeSpan.FromMilliseconds(1)));
        bool wasSignaled = false;
        ThreadKernel.Together(
            () => wasSignaled = sleeper.Sleep(Timeout.InfiniteTimeSpan),
            () =>
            {
                Thread.Sleep(5);      // most likely asleep by now; correct if not
                sleeper.Signal();
            });
        Assert.True(wasSignaled);
    }

    /// <summary>A sleep of more than a second has both parts of its time, and takes no processor meanwhile: that it
    /// comes to its end shows little, for it looks at the clock itself.</summary>
    [Theory, MemberData(nameof(Kinds))]
    public void Sleep_MoreThanASecond_LastsAsLong(string kind)
    {
        var time = TimeSpan.FromMilliseconds(1_050);
        Sleeper sleeper = Make(kind);
        Assert.False(sleeper.Sleep(TimeSpan.FromMilliseconds(2)));      // or compiling counts
        long before = ProcessorTime();
        long start = Stopwatch.GetTimestamp();
        Assert.False(sleeper.Sleep(time));
        Assert.InRange(
            Stopwatch.GetElapsedTime(start), time - TimeSpan.FromMilliseconds(2), time + TimeSpan.FromSeconds(30));
        Assert.InRange(ProcessorTime() - before, 0, 8_000_000);
    }

    // Of this thread, in nanoseconds; 0 where the system does not say.
    private static long ProcessorTime()
    {
        const string Path = "/proc/thread-self/schedstat";
        return File.Exists(Path)
            ? long.Parse(File.ReadAllText(Path).Split(' ')[0], System.Globalization.CultureInfo.InvariantCulture) : 0;
    }

    /// <summary>Two take turns, each asleep until the other has signaled; a lost signal is a hang. The time of most
    /// of the sleeps is over at about the moment of the signal, which is not lost then.</summary>
    [Theory, MemberData(nameof(Kinds))]
    public void Threads_SignalAgainstSleepAndItsEnd_NoSignalIsLost(string kind)
    {
        const int Rounds = 30_000;
        Sleeper[] sleepers = [Make(kind), Make(kind)];
        ThreadKernel.Together(() => Play(0), () => Play(1));
        Assert.All(sleepers, static sleeper => Assert.False(sleeper.Sleep(TimeSpan.Zero)));

        void Play(int me)
        {
            var random = new Random(me);
            long start = Stopwatch.GetTimestamp();
            for (int i = 0; i < Rounds; i++)
            {
                if (me == 0)
                {
                    Thread.SpinWait(random.Next(60));
                    sleepers[1].Signal();
                }

                TimeSpan time = (i % 4) switch
                {
                    0 => ThreadKernel.Patience,
                    1 => TimeSpan.FromMicroseconds(random.Next(60)),
                    _ => TimeSpan.Zero,      // over again and again, so most likely just when the signal comes
                };
                while (!sleepers[me].Sleep(time))
                {
                    Assert.True(time < ThreadKernel.Patience);
                    Assert.True(Stopwatch.GetElapsedTime(start) < ThreadKernel.Patience);
                }

                if (me == 1)
                {
                    sleepers[0].Signal();
                }
            }
        }
    }
}
