using System.Diagnostics;
using FsCheck.Xunit;
using Xunit;

namespace Outheis.Tests;

/// <summary>Who waits for room, together with who makes it: no waiter sleeps beside free room.</summary>
[Collection(OnThreads.Name)]
public sealed class WaitListTests
{
    private sealed class Sleeper(List<int>? woken = null, int number = 0) : Waiter
    {
        private int _wakes;

        public int Wakes => Volatile.Read(ref _wakes);

        public override void Wake()
        {
            woken?.Add(number);
            Interlocked.Increment(ref _wakes);
        }

        public override void Run(Core core)
        {
        }
    }

    /// <summary>Finds no room and waits again, as a send does that was woken in vain.</summary>
    private sealed class Insistent(Room room) : Waiter
    {
        public int Wakes;

        public override void Wake()
        {
            Wakes++;
            room.Waiters.Add(this);
        }

        public override void Run(Core core)
        {
        }
    }

    private sealed class Room
    {
        public Credits Credits = new(16);
        public WaitList Waiters;
        public int Arrived;      // sent and not yet handled
        public int Sending;      // senders that are not through
    }

    private struct Round
    {
        public WaitList Waiters;
        public Credits Credits;
        public bool WaiterSawRoom;
        public bool GiverSawWaiter;
    }

    private delegate void Actor(ref Round round);

    [Property(MaxTest = 200, EndSize = 200)]
    public bool WaitList_AnySteps_WakesWhoWaitsInOrder(byte[] steps)
    {
        var waiters = new WaitList();
        List<int> woken = [], model = [];
        int next = 0, waiting = 0;
        foreach (byte step in steps)
        {
            if (step % 3 != 0)
            {
                waiters.Add(new Sleeper(woken, next++));
                waiting++;
            }
            else
            {
                model.AddRange(Enumerable.Range(next - waiting, waiting));
                waiting = 0;
                waiters.WakeAll();
            }

            if (waiters.Any != waiting > 0 || !woken.SequenceEqual(model))
            {
                return false;
            }
        }

        return true;
    }

    [Fact]
    public void WakeAll_AWaiterWaitsAgain_IsWokenOnceAndWaits()
    {
        var room = new Room();
        Insistent[] waiters = [new(room), new(room), new(room)];
        foreach (Insistent waiter in waiters)
        {
            room.Waiters.Add(waiter);
        }

        room.Waiters.WakeAll();
        Assert.All(waiters, waiter => Assert.Equal(1, waiter.Wakes));
        Assert.True(room.Waiters.Any);
        room.Waiters.WakeAll();
        Assert.All(waiters, waiter => Assert.Equal(2, waiter.Wakes));
    }

    /// <summary>
    /// One adds, one wakes, as close together as they can be, in rounds so that both run at the same time.
    /// </summary>
    [Fact]
    public void Threads_WakeAllAgainstAdd_EachIsWokenOnce()
    {
        const int Rounds = 10, Each = 40_000;
        var room = new Room();
        Sleeper[] sleepers = [.. Enumerable.Range(0, Each).Select(_ => new Sleeper())];
        using var step = new Barrier(2);
        ThreadKernel.Together(
            () => Repeat(Rounds, step, () =>
            {
                foreach (Sleeper sleeper in sleepers)
                {
                    room.Waiters.Add(sleeper);
                }

                Volatile.Write(ref room.Sending, 0);
            }),
            () => Repeat(Rounds, step, () =>
            {
                while (Volatile.Read(ref room.Sending) > 0)
                {
                    room.Waiters.WakeAll();
                }

                room.Waiters.WakeAll();
            }, () => room.Sending = 1));
        Assert.Equal(0, sleepers.Count(sleeper => sleeper.Wakes != Rounds));
    }

    private static void Repeat(int rounds, Barrier step, Action action, Action? prepare = null)
    {
        for (int i = 0; i < rounds; i++)
        {
            prepare?.Invoke();
            Assert.True(step.SignalAndWait(ThreadKernel.Patience));
            action();
        }
    }

    /// <summary>
    /// Litmus F4/F5. Allowed: either sees the other, or both. Neither: a waiter that sleeps beside free room.
    /// </summary>
    [Theory, InlineData(false), InlineData(true)]
    public void Threads_AddAgainstGive_OneSeesTheOther(bool atHome)
    {
        const int Rounds = 100_000, Batch = 1000;
        Round[] rounds = new Round[Batch];
        using var step = new Barrier(2);
        int asleep = 0;
        var waiter = new Sleeper();
        ThreadKernel.Together(
            () => Each(rounds, Rounds, step, (ref Round round) =>
            {
                round.Waiters.Add(waiter);
                round.WaiterSawRoom = round.Credits.Free > 0;
            }, prepare: (ref Round round) =>
            {
                round = new Round { Credits = new Credits(1) };
                round.Credits.TakeShared(1);
            }, check: (ref Round round) => asleep += !round.WaiterSawRoom && !round.GiverSawWaiter ? 1 : 0),
            () => Each(rounds, Rounds, step, (ref Round round) =>
            {
                if (atHome)
                {
                    round.Credits.GiveHome();
                    round.Credits.Settle(somebodyWaits: false, isIdle: true);
                }
                else
                {
                    round.Credits.GiveBack(1);
                }

                round.GiverSawWaiter = round.Waiters.Any;
            }, prepare: null, check: null));
        Assert.Equal(0, asleep);
    }

    private static void Each(
        Round[] rounds, int count, Barrier step, Actor actor, Actor? prepare, Actor? check)
    {
        for (int done = 0; done < count; done += rounds.Length)
        {
            ForAll(rounds, prepare);
            Assert.True(step.SignalAndWait(ThreadKernel.Patience));
            ForAll(rounds, actor);
            Assert.True(step.SignalAndWait(ThreadKernel.Patience));
            ForAll(rounds, check);
        }
    }

    private static void ForAll(Round[] rounds, Actor? actor)
    {
        for (int i = 0; actor is not null && i < rounds.Length; i++)
        {
            actor(ref rounds[i]);
        }
    }

    /// <summary>
    /// The whole protocol, with two senders that really wait: a lost wake would make one wait for ever.
    /// </summary>
    [Fact]
    public void Threads_SendersWaitForRoom_EachGetsThrough()
    {
        const int Messages = 10_000;
        var room = new Room { Sending = 2 };
        ThreadKernel.Together(() => SendAll(room, Messages), () => SendAll(room, Messages), () =>
        {
            while (Volatile.Read(ref room.Sending) > 0 || Volatile.Read(ref room.Arrived) > 0)
            {
                HandleSome(room);
            }
        });
        Assert.Equal(16, room.Credits.Free);
    }

    private static void SendAll(Room room, int messages)
    {
        for (int i = 0; i < messages; i++)
        {
            while (room.Credits.TakeShared(1) == 0)
            {
                var sleeper = new Sleeper();
                room.Waiters.Add(sleeper);
                if (room.Credits.Free > 0)
                {
                    room.Waiters.WakeAll();      // room came between the refusal and the wait
                }

                long start = Stopwatch.GetTimestamp();
                while (sleeper.Wakes == 0)
                {
                    Thread.Yield();
                    TimeSpan waited = Stopwatch.GetElapsedTime(start);
                    Assert.True(waited < ThreadKernel.Patience, $"asleep at message {i}");
                }
            }

            Interlocked.Increment(ref room.Arrived);
        }

        Interlocked.Decrement(ref room.Sending);
    }

    /// <summary>
    /// One turn of the receiver: it ends only when something was handled, so a turn per arrival at the least.
    /// </summary>
    private static void HandleSome(Room room)
    {
        int handled = 0;
        for (; handled < 5 && Volatile.Read(ref room.Arrived) > 0; handled++)
        {
            Interlocked.Decrement(ref room.Arrived);
            room.Credits.GiveHome();
        }

        if (handled == 0)
        {
            Thread.Yield();
            return;
        }

        bool isIdle = Volatile.Read(ref room.Arrived) == 0;
        if (room.Credits.Settle(room.Waiters.Any, isIdle) && room.Waiters.Any)
        {
            room.Waiters.WakeAll();
        }
    }
}
