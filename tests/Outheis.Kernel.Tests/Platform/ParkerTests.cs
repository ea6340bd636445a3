using System.Diagnostics;
using Xunit;

namespace Outheis.Tests;

/// <summary>
/// The sleep/wake handshake. A lost wake is a hang, so whoever waits here gives up after a minute.
/// </summary>
[Collection(OnThreads.Name)]
public sealed class ParkerTests
{
    private static readonly TimeSpan Brief = TimeSpan.FromMilliseconds(1);

    private sealed class Desk
    {
        public readonly Parker Parker = Parkers.New();
        public long Posted;
        public long Handled;
    }

    private struct Round
    {
        public Parker Parker;
        public int Work;
        public bool SleeperSawWork;
        public bool WakerSawSleeper;
    }

    [Fact]
    public void Announce_Always_IsVisibleBeforeTheFence()
    {
        Parker? parker = null;
        int fences = 0;
        bool announced = false;
        parker = Parkers.New(() =>
        {
            fences++;
            announced = parker!.Wake();
        });
        parker.Announce();
        Assert.Equal((1, true), (fences, announced));
    }

    [Fact]
    public void Wake_WhenNobodySleeps_ReturnsFalseAndLeavesNoSignal()
    {
        var parker = Parkers.New(static () => { });
        Assert.False(parker.Wake());
        parker.Announce();
        parker.Sleep(Brief);
        Assert.False(parker.Wake());      // true would mean that the sleep ended by a signal and not by time
    }

    [Fact]
    public void Wake_WhenAnnounced_ReturnsTrueOnceAndEndsTheSleep()
    {
        var parker = Parkers.New(static () => { });
        parker.Announce();
        Assert.True(parker.Wake());
        Assert.False(parker.Wake());
        ThreadKernel.Together(() => parker.Sleep(Timeout.InfiniteTimeSpan));
    }

    [Fact]
    public void Wake_DuringTheSleep_EndsIt()
    {
        var desk = new Desk();
        desk.Parker.Announce();
        ThreadKernel.Together(
            () => desk.Parker.Sleep(Timeout.InfiniteTimeSpan),
            () =>
            {
                Thread.Sleep(5);      // most likely asleep by now; correct if not
                Assert.True(desk.Parker.Wake());
            });
    }

    [Fact]
    public void Sleep_TimeIsOver_IsAwakeForEverybody()
    {
        var parker = Parkers.New(static () => { });
        parker.Announce();
        parker.Sleep(TimeSpan.Zero);
        Assert.False(parker.Wake());
    }

    [Fact]
    public void Cancel_NobodyWoke_IsAwakeForEverybody()
    {
        var parker = Parkers.New(static () => { });
        parker.Announce();
        parker.Cancel();
        Assert.False(parker.Wake());
    }

    [Fact]
    public void Cancel_SomebodyWoke_TakesTheSignalWithIt()
    {
        var parker = Parkers.New(static () => { });
        parker.Announce();
        Assert.True(parker.Wake());
        ThreadKernel.Together(parker.Cancel);
        parker.Announce();
        parker.Sleep(Brief);
        Assert.False(parker.Wake());      // true would mean that the old signal ended the new sleep
    }

    [Fact]
    public void Threads_PostAndWake_NoPostIsSleptThrough()
    {
        const int Rounds = 50_000;
        var desk = new Desk();
        ThreadKernel.Together(() => Sleeper(desk, Rounds), () => Poster(desk, Rounds));
        Assert.Equal(Rounds, desk.Handled);
    }

    private static void Sleeper(Desk desk, int rounds)
    {
        while (desk.Handled < rounds)
        {
            if (Volatile.Read(ref desk.Posted) > desk.Handled)
            {
                Volatile.Write(ref desk.Handled, desk.Handled + 1);
                continue;
            }

            desk.Parker.Announce();
            if (Volatile.Read(ref desk.Posted) > desk.Handled)
            {
                desk.Parker.Cancel();
            }
            else
            {
                desk.Parker.Sleep(Timeout.InfiniteTimeSpan);
            }
        }
    }

    /// <summary>
    /// Posts the next only when the last was handled: no later wake can make up for a lost one.
    /// </summary>
    private static void Poster(Desk desk, int rounds)
    {
        var random = new Random(1);
        for (int i = 1; i <= rounds; i++)
        {
            Thread.SpinWait(random.Next(60));      // meets the sleeper before, while and after it announces
            Volatile.Write(ref desk.Posted, i);
            desk.Parker.Wake();
            long start = Stopwatch.GetTimestamp();
            for (int looks = 0; Volatile.Read(ref desk.Handled) < i; looks++)
            {
                if (looks > 100)
                {
                    Thread.Yield();
                }

                TimeSpan waited = Stopwatch.GetElapsedTime(start);
                Assert.True(waited < ThreadKernel.Patience, $"post {i} was slept through");
            }
        }
    }

    [Fact]
    public void Threads_ManyWakers_ExactlyOneWakesEachSleep()
    {
        const int Rounds = 3_000, Wakers = 3;
        var desk = new Desk();
        int[] woke = new int[Rounds];
        using var step = new Barrier(Wakers + 1);
        Action[] wakers = [.. Enumerable.Repeat<Action>(() =>
        {
            for (int i = 0; i < Rounds; i++)
            {
                Assert.True(step.SignalAndWait(ThreadKernel.Patience));      // announced
                if (desk.Parker.Wake())
                {
                    Interlocked.Increment(ref woke[i]);
                }

                Assert.True(step.SignalAndWait(ThreadKernel.Patience));      // awake
            }
        }, Wakers)];
        ThreadKernel.Together([.. wakers, () =>
        {
            for (int i = 0; i < Rounds; i++)
            {
                desk.Parker.Announce();
                Assert.True(step.SignalAndWait(ThreadKernel.Patience));
                desk.Parker.Sleep(Timeout.InfiniteTimeSpan);
                Assert.True(step.SignalAndWait(ThreadKernel.Patience));
            }
        }]);
        Assert.All(woke, count => Assert.Equal(1, count));
    }

    /// <summary>
    /// Litmus F1/F2. Allowed: either sees the other, or both. Neither: work beside a sleeping core.
    /// </summary>
    [Fact]
    public void Threads_AnnounceAgainstPost_OneSeesTheOther()
    {
        const int Rounds = 20_000, Batch = 250;
        Round[] rounds = new Round[Rounds];
        for (int i = 0; i < Rounds; i++)
        {
            rounds[i].Parker = Parkers.New();
        }

        using var start = new Barrier(2);
        ThreadKernel.Together(
            () => Each(rounds, Batch, start, static (ref Round round) =>
            {
                round.Parker.Announce();
                round.SleeperSawWork = Volatile.Read(ref round.Work) != 0;
            }),
            () => Each(rounds, Batch, start, static (ref Round round) =>
            {
                Volatile.Write(ref round.Work, 1);
                round.WakerSawSleeper = round.Parker.Wake();
            }));
        Assert.DoesNotContain(rounds, round => !round.SleeperSawWork && !round.WakerSawSleeper);
    }

    private delegate void Actor(ref Round round);

    private static void Each(Round[] rounds, int batch, Barrier start, Actor actor)
    {
        for (int i = 0; i < rounds.Length; i++)
        {
            if (i % batch == 0)
            {
                Assert.True(start.SignalAndWait(ThreadKernel.Patience));
            }

            actor(ref rounds[i]);
        }
    }
}
