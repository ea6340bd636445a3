using FsCheck;
using FsCheck.Fluent;
using FsCheck.Xunit;
using Xunit;

namespace Outheis.Tests;

/// <summary>The bound of a channel against plain sums (C1 to C3).</summary>
[Collection(OnThreads.Name)]
public sealed class CreditsTests
{
    public enum Verb
    {
        TakeHome,
        TakeShared,
        GiveShared,
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
                case Verb.GiveShared when leased > 0:
                    int unused = Math.Min(leased, step.Count / 2);
                    credits.GiveShared(unused);
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

    /// <summary>C1: once nothing is on its way and no lease is open, settling leaves the whole capacity free.</summary>
    private static bool AllComeBack(ref Credits credits, int capacity, int onTheWay, int leased)
    {
        credits.GiveShared(leased);
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
                shared.Credits.GiveShared(taken);
            }
        }))]);
        Assert.Equal(100, shared.Credits.Free);
    }
}
