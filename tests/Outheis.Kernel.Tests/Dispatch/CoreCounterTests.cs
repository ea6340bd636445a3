using Outheis.Testing;
using Xunit;

namespace Outheis.Tests;

/// <summary>What cores count, against traffic that is known (LW-29).</summary>
[Collection(OnThreads.Name)]
public sealed class CoreCounterTests
{
    [Fact]
    public void ListCores_KnownTraffic_CountsItExactly()
    {
        using var world = new StepKernel(cores: 3);
        AgentId[] receivers = [.. Enumerable.Range(0, 3).Select(core => world.Kernel.Receive<int>([], core: core))];
        AgentId callee = world.Kernel.Spawn(new Answerer<int, int>((in int x, Context _) => x), core: 1);
        AgentId sender = world.Kernel.Spawn(new Puppet(), core: 0);
        Capability<int>[] to = [.. receivers.Select(receiver => world.Kernel.GrantTo<int>(sender, receiver))];
        AskCapability<int, int> ask = world.Kernel.GrantAskTo<int, int>(sender, callee);
        world.Run();
        CoreInfo[] before = [.. world.Kernel.ListCores()];
        Assert.All(before, core => Assert.Equal((0L, 0L, 0L), (core.Turns, core.Handled, core.SentAway)));

        world.Kernel.DoAsync(sender, async context =>
        {
            foreach ((int core, int messages) in new[] { (0, 2), (1, 5), (2, 3) })
            {
                for (int i = 0; i < messages; i++)
                {
                    Assert.Equal(SendResult.Sent, context.Send(to[core], i));
                }
            }

            Assert.Equal(7, await context.AskAsync(ask, 7));
        });
        world.CoreAt(1).Parker.Announce();      // asleep: the first of five wakes it
        world.Pass(0);
        Assert.False(world.CoreAt(1).Parker.Wake());
        world.Pass(1);
        world.Pass(2);
        world.Pass(0);
        world.Run();

        CoreInfo[] cores = [.. world.Kernel.ListCores()];
        Assert.Equal(      // the sender, its home receiver, the sender once more with the reply; both agents of core 1
            [(3L, 3L), (2L, 6L), (1L, 3L)], cores.Select(core => (core.Turns, core.Handled)));
        Assert.Equal(
            [(2L, 9L, 1L, 1L), (0L, 1L, 6L, 0L), (0L, 0L, 3L, 0L)],
            cores.Select(core => (core.SentHome, core.SentAway, core.Arrived, core.Entered)));
        Assert.Equal(
            [(1L, 8L, 0L), (0L, 1L, 1L), (0L, 0L, 0L)],
            cores.Select(core => (core.PeersWoken, core.Avoided, core.Wakes - before[core.Core].Wakes)));
        Assert.All(cores, core => Assert.Equal((0L, 0L, 0L), (core.RingFull, core.LateReplies, core.Fences)));
    }

    [Fact]
    public void ListCores_ARingIsFull_CountsWhatWaitedAndTheWakesForIt()
    {
        const int Beyond = 10;
        using var world = new StepKernel(cores: 2);
        AgentId target = world.Kernel.Receive<int>([], core: 1);
        AgentId sender = world.Kernel.Spawn(new Puppet(), core: 0);
        Capability<int> to = world.Kernel.GrantTo<int>(sender, target);
        world.Run();
        world.Kernel.Do(sender, context =>
        {
            for (int i = 0; i < Limits.RingSlots + Beyond; i++)
            {
                Assert.Equal(SendResult.Sent, context.Send(to, i));
            }
        });
        world.Pass(0);
        CoreInfo full = world.Kernel.ListCores()[0];
        Assert.Equal((Beyond, Limits.RingSlots, 0), (full.RingFull, full.SentAway, full.PeersWoken));
        while (world.Pass(1) > 0)
        {
        }

        world.CoreAt(1).Parker.Announce();
        world.Pass(0);      // what waited goes, and wakes once
        CoreInfo flushed = world.Kernel.ListCores()[0];
        Assert.Equal(
            (Beyond, Limits.RingSlots + Beyond, 1, Limits.RingSlots + Beyond - 1),
            (flushed.RingFull, flushed.SentAway, flushed.PeersWoken, flushed.Avoided));
        Assert.False(world.CoreAt(1).Parker.Wake());
        world.Run();
        Assert.Equal(Limits.RingSlots + Beyond, world.Kernel.ListCores()[1].Arrived);
    }

    [Fact]
    public void ListCores_ARevocation_IsAFenceOfEveryCore()
    {
        using var world = new StepKernel(cores: 3);
        Capability<int> to = world.Kernel.Grant<int>(world.Kernel.Receive<int>([], core: 1));
        world.Wait(world.Kernel.RevokeAsync(to));
        Assert.All(world.Kernel.ListCores(), core => Assert.Equal(1, core.Fences));
    }

    /// <summary>Each count only grows while another thread looks, and when all is done they are exact and fit each
    /// other.</summary>
    [Fact]
    public async Task ListCores_WhileCoresWork_GrowsAndAddsUpInTheEnd()
    {
        const int Rounds = 400, Burst = 250;
        await using Kernel kernel = ThreadKernel.Start(capacity: 2 * Burst);
        int handled = 0;
        AgentId home = kernel.Receive((in int _, Context _) => Interlocked.Increment(ref handled), core: 0);
        AgentId away = kernel.Receive((in int _, Context _) => Interlocked.Increment(ref handled), core: 1);
        AgentId sender = kernel.Spawn(new Puppet(), core: 0);
        Capability<int> toHome = kernel.GrantTo<int>(sender, home), toAway = kernel.GrantTo<int>(sender, away);
        kernel.DoAsync(sender, async context =>
        {
            for (int i = 0; i < Rounds * Burst; i++)
            {
                Assert.Equal(SendResult.Sent, await context.SendAsync(toAway, i));
                Assert.Equal(SendResult.Sent, await context.SendAsync(toHome, i));
            }
        });
        CoreInfo[] last = [default, default];
        while (Volatile.Read(ref handled) < 2 * Rounds * Burst)
        {
            CoreInfo[] cores = [.. kernel.ListCores()];
            for (int core = 0; core < 2; core++)
            {
                Assert.All(
                    Counts(last[core]).Zip(Counts(cores[core])), pair => Assert.True(pair.First <= pair.Second));
                Assert.InRange(cores[core].BusySince(last[core]), 0, 1);
                Assert.True(cores[core].Asleep <= cores[core].Age && cores[core].Avoided <= cores[core].SentAway);
            }

            last = cores;
            Thread.Yield();
        }

        ThreadKernel.Until(() => kernel.ListCores().Sum(core => core.Turns) > 0
            && kernel.ListCores().Sum(core => core.Handled) == 2 * Rounds * Burst + 1, "the last count");
        CoreInfo zero = kernel.ListCores()[0], one = kernel.ListCores()[1];
        Assert.Equal((1L + (Rounds * Burst), (long)Rounds * Burst), (zero.Handled, one.Handled));
        Assert.Equal((long)Rounds * Burst, zero.SentHome);
        Assert.Equal(((long)Rounds * Burst, (long)Rounds * Burst), (zero.SentAway, one.Arrived));
        Assert.Equal((0L, 0L, 1L), (one.SentAway, zero.Arrived, zero.Entered));
        Assert.InRange(zero.PeersWoken, 0, one.Wakes);
    }

    [Fact]
    public async Task Idle_ACoreSleepsOrWorks_IsSeenWhileItDoes()
    {
        await using Kernel kernel = ThreadKernel.Start(cores: 2, turnBudget: Timeout.InfiniteTimeSpan);
        AgentId worker = kernel.Spawn(new Puppet(), core: 0);
        ThreadKernel.Until(() => kernel.ListCores().All(core => core.Parks > 0), "sleep");
        CoreInfo[] before = [.. kernel.ListCores()];
        Thread.Sleep(200);
        CoreInfo[] asleep = [.. kernel.ListCores()];      // core 1 has not been awake since
        Assert.True(asleep[1].Asleep - before[1].Asleep > TimeSpan.FromMilliseconds(20));
        Assert.True(asleep[1].Idle >= asleep[1].Asleep);

        using var begun = new ManualResetEventSlim();
        using var end = new ManualResetEventSlim();
        kernel.Do(worker, _ =>
        {
            begun.Set();
            Assert.True(end.Wait(ThreadKernel.Patience));      // a handler that holds its core
        });
        Assert.True(begun.Wait(ThreadKernel.Patience));
        CoreInfo working = kernel.ListCores()[0];
        Thread.Sleep(200);
        CoreInfo still = kernel.ListCores()[0];
        end.Set();
        Assert.Equal(working.Idle, still.Idle);
        Assert.Equal(1, still.BusySince(working));
    }

    [Fact]
    public void BusySince_OfTwoListings_IsTheShareOfTheTimeBetween()
    {
        var earlier = new CoreInfo { Age = TimeSpan.FromSeconds(10), Idle = TimeSpan.FromSeconds(9) };
        var later = new CoreInfo { Age = TimeSpan.FromSeconds(14), Idle = TimeSpan.FromSeconds(12) };
        Assert.Equal(0.25, later.BusySince(earlier), 9);
        Assert.Equal(1 - (12 / 14.0), later.BusySince(), 9);
        Assert.Equal(0, later.BusySince(later));
        Assert.Equal(0, default(CoreInfo).BusySince());
    }

    private static long[] Counts(CoreInfo core) =>
        [core.Turns, core.Handled, core.SentHome, core.SentAway, core.Arrived, core.Entered, core.RingFull,
            core.PeersWoken, core.Parks, core.Wakes, core.Fences];
}
