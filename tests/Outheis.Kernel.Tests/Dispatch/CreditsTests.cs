using FsCheck;
using FsCheck.Fluent;
using FsCheck.Xunit;
using Xunit;

namespace Outheis.Tests;

/// <summary>The bound of a channel against plain sums (C1 to C4).</summary>
[Collection(OnThreads.Name)]
public sealed class CreditsTests
{
    public enum Verb
    {
        TakeHome,
        TakeShared,
        GiveBack,
        Handle,
        Settle,
        SettleForAWaiter,
    }

    public sealed record Act(Verb Verb, int Count);

    public static class Steps
    {
        public static Arbitrary<Act> Act() => Arb.From(
            from verb in Gen.Elements(Enum.GetValues<Verb>()) from count in Gen.Choose(1, 80)
            select new Act(verb, count));
    }

    [Property(Arbitrary = [typeof(Steps)], MaxTest = 300, EndSize = 300)]
    public bool Credits_AnySteps_NeverMoreOnTheWayThanTheCapacity(PositiveInt size, Act[] steps)
    {
        int capacity = 1 + size.Get % 200;
        var credits = new Credits(capacity);
        int onTheWay = 0, leased = 0;      // the model: who took, minus who gave
        foreach (Act step in steps)
        {
            switch (step.Verb)
            {
                case Verb.TakeHome:
                    bool room = credits.TryTakeHome();
                    onTheWay += room ? 1 : 0;
                    break;
                case Verb.TakeShared:
                    leased += credits.TakeShared(step.Count);
                    break;
                case Verb.GiveBack when leased > 0:
                    int unused = Math.Min(leased, step.Count / 2);
                    credits.GiveBack(unused);
                    onTheWay += leased - unused;
                    leased = 0;
                    break;
                case Verb.Handle when onTheWay > 0:
                    credits.GiveHome();
                    onTheWay--;
                    break;
                case Verb.Settle or Verb.SettleForAWaiter:
                    credits.Settle(step.Verb == Verb.SettleForAWaiter, isIdle: onTheWay == 0);
                    break;
            }

            if (leased + onTheWay > capacity || leased + onTheWay + credits.Free > capacity)
            {
                return false;
            }
        }

        return AllComeBack(ref credits, capacity, onTheWay, leased);
    }

    /// <summary>
    /// C1: once nothing is on its way and no lease is open, settling leaves the whole capacity free.
    /// </summary>
    private static bool AllComeBack(ref Credits credits, int capacity, int onTheWay, int leased)
    {
        credits.GiveBack(leased);
        for (int i = 0; i < onTheWay; i++)
        {
            credits.GiveHome();
        }

        credits.Settle(somebodyWaits: true, isIdle: true);
        return credits.Free == capacity;
    }

    [Property(MaxTest = 100)]
    public bool TryTakeHome_OnlyHomeSenders_ExactlyTheCapacity(PositiveInt size)
    {
        int capacity = 1 + size.Get % 3000;
        var credits = new Credits(capacity);
        int taken = 0;
        while (credits.TryTakeHome())
        {
            taken++;
        }

        return taken == capacity;
    }

    [Property(MaxTest = 100)]
    public bool Settle_HomeSendersOnly_KeepsAtMostTwoShares(PositiveInt size, byte sent)
    {
        int capacity = 1 + size.Get % 3000;
        var credits = new Credits(capacity);
        int taken = Enumerable.Range(0, sent).Count(_ => credits.TryTakeHome());
        for (int i = 0; i < taken; i++)
        {
            credits.GiveHome();
        }

        credits.Settle(somebodyWaits: false, isIdle: true);
        return capacity - credits.Free <= 2 * (capacity / Limits.HomeShare);      // C2
    }

    [Fact]
    public void Settle_NoHomeSender_KeepsNothing()
    {
        var credits = new Credits(64);
        Assert.Equal(64, credits.TakeShared(100));
        for (int i = 0; i < 64; i++)
        {
            credits.GiveHome();
        }

        Assert.True(credits.Settle(somebodyWaits: false, isIdle: true));
        Assert.Equal(64, credits.Free);
    }

    [Fact]
    public void Settle_SomebodyWaits_GivesABatchOrWhenIdle()
    {
        var credits = new Credits(64);
        credits.TakeShared(64);
        for (int i = 0; i < 15; i++)
        {
            credits.GiveHome();
        }

        Assert.False(credits.Settle(somebodyWaits: true, isIdle: false));
        Assert.Equal(0, credits.Free);
        credits.GiveHome();
        Assert.True(credits.Settle(somebodyWaits: true, isIdle: false));
        Assert.Equal(16, credits.Free);
        credits.TakeShared(16);
        credits.GiveHome();
        Assert.True(credits.Settle(somebodyWaits: true, isIdle: true));
        Assert.Equal(1, credits.Free);
    }

    private sealed class Shared
    {
        public Credits Credits = new(100);
        public int Out;
    }

    [Fact]
    public void Threads_TakeAndGive_BoundIsNeverExceeded()
    {
        var shared = new Shared();
        ThreadKernel.Together([.. Enumerable.Range(0, 4).Select(t => (Action)(() =>
        {
            var random = new Random(t);
            for (int i = 0; i < 50_000; i++)
            {
                int taken = shared.Credits.TakeShared(1 + random.Next(64));
                int all = Interlocked.Add(ref shared.Out, taken);
                Assert.InRange(all, 0, 100);
                Interlocked.Add(ref shared.Out, -taken);
                shared.Credits.GiveBack(taken);
            }
        }))]);
        Assert.Equal(100, shared.Credits.Free);
    }

    [Fact]
    public void TakeShared_MoreThanIsFree_IsWhatIsLeftAndThenNothing()
    {
        var credits = new Credits(10);
        Assert.Equal((7, 3, 0), (credits.TakeShared(7), credits.TakeShared(7), credits.TakeShared(7)));
        Assert.Equal((0, 10), (credits.Free, credits.Capacity));
        Assert.False(credits.TryTakeHome());
        credits.GiveBack(2);
        Assert.Equal(2, credits.Free);
    }

    [Fact]
    public void TryTakeHome_First_TakesAShareAndThenNothingShared()
    {
        var credits = new Credits(160);
        for (int i = 0; i < 10; i++)
        {
            Assert.True(credits.TryTakeHome());
            Assert.Equal(150, credits.Free);
        }

        Assert.True(credits.TryTakeHome());
        Assert.Equal(140, credits.Free);
    }

    [Fact]
    public void TryTakeHome_SmallChannel_IsExact()
    {
        var credits = new Credits(Limits.HomeShare - 1);
        Assert.True(credits.TryTakeHome());
        Assert.Equal(Limits.HomeShare - 2, credits.Free);
    }

    [Fact]
    public void Settle_NobodyWaitsAndNothingToGive_ReturnsFalseAndChangesNothing()
    {
        var credits = new Credits(64);
        credits.TakeShared(60);
        Assert.False(credits.Settle(somebodyWaits: false, isIdle: true));
        Assert.Equal(4, credits.Free);
    }

    [Fact]
    public void Lease_TurnIsOver_WhatWasNotUsedIsBack()
    {
        using var world = new StepKernel();
        AgentId sink = world.Kernel.Receive<long>([], core: 0, capacity: 64);
        AgentId sender = world.Kernel.Spawn(new Puppet(), core: 1);
        Capability<long> way = world.Kernel.GrantTo<long>(sender, sink);
        world.Run();
        AgentCell cell = world.Kernel.Agents.Find(sink.Value)!;
        int freeInTurn = 0;
        world.Kernel.Do(sender, context =>
        {
            for (long i = 0; i < 5; i++)
            {
                Assert.Equal(SendResult.Sent, context.Send(way, i));
            }

            freeInTurn = cell.Credits.Free;
        });
        world.Pass(1);
        Assert.True(freeInTurn < 64 - 5, $"no lease was taken: {freeInTurn}");
        Assert.Equal(64 - 5, cell.Credits.Free);      // C3
        world.Run();
        Assert.Equal(64, cell.Credits.Free);
    }

    /// <summary>A turn keeps only so many leases open; what it sends beyond those takes its credits one by one.
    /// </summary>
    [Fact]
    public void Lease_MoreTargetsThanATurnMayLease_AllAreSentToAndAllCreditsComeBack()
    {
        using var world = new StepKernel();
        List<long> received = [];
        AgentId sender = world.Kernel.Spawn(new Puppet(), core: 1);
        AgentId[] sinks = [.. Enumerable.Range(0, Limits.LeasesPerTurn + 4).Select(_ =>
            world.Kernel.Receive(received, core: 0, capacity: 3))];
        Capability<long>[] ways = [.. sinks.Select(sink => world.Kernel.GrantTo<long>(sender, sink))];
        List<SendResult> results = [];
        world.Kernel.Do(sender, context =>
        {
            for (long i = 0; i < 4; i++)
            {
                foreach (Capability<long> way in ways)
                {
                    results.Add(context.Send(way, i));
                }
            }
        });
        world.Run();
        Assert.Equal(3 * ways.Length, results.Count(sent => sent == SendResult.Sent));
        Assert.All(results[^ways.Length..], sent => Assert.Equal(SendResult.Full, sent));
        Assert.Equal(3 * ways.Length, received.Count);
        Assert.All(sinks, sink => Assert.Equal(3, world.Kernel.Agents.Find(sink.Value)!.Credits.Free));
    }

    private sealed class Way
    {
        public Credits Credits = new(Capacity);
        public int Out;          // credits that somebody has, home's store not counted
        public int Arrived;      // messages for the home core
        public int Remotes = 2;

        public const int Capacity = 64;

        public void Note(int credits) => Assert.InRange(Interlocked.Add(ref Out, credits), 0, Capacity);
    }

    [Fact]
    public void Threads_HomeAndTwoRemoteSenders_BoundHoldsAndEveryCreditComesBack()
    {
        var way = new Way();
        ThreadKernel.Together(() => SendLeased(way, 1), () => SendLeased(way, 2), () => LiveAtHome(way));
        Assert.True(way.Credits.Settle(somebodyWaits: true, isIdle: true));
        Assert.Equal((0, Way.Capacity), (way.Out, way.Credits.Free));      // C1
    }

    private static void SendLeased(Way way, int seed)
    {
        var random = new Random(seed);
        for (int left = 20_000; left > 0;)
        {
            int taken = way.Credits.TakeShared(1 + random.Next(20));
            way.Note(taken);
            int used = Math.Min(left, random.Next(taken + 1));
            Interlocked.Add(ref way.Arrived, used);
            left -= used;
            way.Note(used - taken);      // C3: the lease ends with the turn
            way.Credits.GiveBack(taken - used);
            if (taken == 0)
            {
                Thread.Yield();
            }
        }

        Interlocked.Decrement(ref way.Remotes);
    }

    private static void LiveAtHome(Way way)
    {
        var random = new Random(3);
        int own = 0;
        while (Volatile.Read(ref way.Remotes) > 0 || Volatile.Read(ref way.Arrived) > 0)
        {
            for (int i = random.Next(4); i > 0 && way.Credits.TryTakeHome(); i--)
            {
                way.Note(1);
                own++;
            }

            int handled = Interlocked.Exchange(ref way.Arrived, 0) + own;
            own = 0;
            way.Note(-handled);
            for (int i = 0; i < handled; i++)
            {
                way.Credits.GiveHome();
            }

            way.Credits.Settle(somebodyWaits: random.Next(3) == 0, isIdle: random.Next(2) == 0);
            if (handled == 0)
            {
                Thread.Yield();
            }
        }
    }
}
