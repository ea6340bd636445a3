using Xunit;

namespace Outheis.Tests;

/// <summary>A wake is never lost (INV-08): each round lets cores fall asleep and must wake them. A lost one
/// hangs.</summary>
[Collection(OnThreads.Name)]
public sealed class WakeTests
{
    [Fact]
    public async Task HostAsk_CoreMayBeAsleep_IsAlwaysAnswered()
    {
        await using Kernel kernel = ThreadKernel.Start();
        AskCapability<int, int> ask = kernel.GrantAsk<int, int>(
            kernel.Spawn(new Answerer<int, int>((in int x, Context _) => x), core: 1));
        var random = new Random(1);
        for (int i = 0; i < 2_000; i++)
        {
            Assert.Equal(i, await ThreadKernel.Within(ask.AskAsync(i, Timeout.InfiniteTimeSpan)));
            Thread.SpinWait(random.Next(20_000));      // around the time after which a core parks
            if (i % 100 == 0)
            {
                ThreadKernel.Until(() => kernel.Cores[1].Parker.IsAnnounced, "sleep");      // on a busy machine too
            }
        }

        Assert.True(kernel.ListCores()[1].Parks > 0);
    }

    [Fact]
    public async Task AgentAsk_BothCoresFallAsleep_ARoundTripAlwaysCompletes()
    {
        await using Kernel kernel = ThreadKernel.Start();
        AgentId callee = kernel.Spawn(new Answerer<int, int>((in int x, Context _) => x), core: 1);
        AgentId asker = kernel.Spawn(new Puppet(), core: 0);
        AskCapability<int, int> ask = kernel.GrantAskTo<int, int>(asker, callee);
        var done = new TaskCompletionSource();
        kernel.DoAsync(asker, async context =>
        {
            for (int i = 0; i < 2_000; i++)
            {
                Assert.Equal(i, await context.AskAsync(ask, i, Timeout.InfiniteTimeSpan));
                if (i % 4 == 0)
                {
                    await Task.Run(() => Thread.SpinWait(i % 64 * 300)).ConfigureAwait(true);
                }
            }

            done.SetResult();
        });
        await ThreadKernel.Within(done.Task);
    }

    [Fact]
    public async Task HostSend_ManyThreadsAndBurstsWithPauses_LastMessageIsHandled()
    {
        await using Kernel kernel = ThreadKernel.Start();
        int handled = 0, sent = 0;
        AgentId target = kernel.Receive((in int _, Context _) => Volatile.Write(ref handled, handled + 1), core: 0);
        Capability<int> to = kernel.Grant<int>(target);
        for (int round = 0; round < 300; round++)
        {
            ThreadKernel.Together(
                () => to.SendAll(Enumerable.Range(0, round % 7)),
                () => to.SendAll(Enumerable.Range(0, round % 5)));
            sent += round % 7 + round % 5;
            ThreadKernel.Until(() => Volatile.Read(ref handled) == sent, $"message {sent}");
        }
    }

    [Fact]
    public async Task SendAsync_ChannelOfOne_EveryWaiterGetsIn()
    {
        await using Kernel kernel = ThreadKernel.Start();
        int handled = 0;
        Capability<int> to = kernel.Grant<int>(
            kernel.Receive((in int _, Context _) => Volatile.Write(ref handled, handled + 1), core: 1, capacity: 1));
        await Task.WhenAll(Enumerable.Range(0, 4).Select(_ => Task.Run(async () =>
        {
            for (int i = 0; i < 1_500; i++)
            {
                Assert.Equal(SendResult.Sent, await ThreadKernel.Within(to.SendAsync(i)));
            }
        })));
        ThreadKernel.Until(() => Volatile.Read(ref handled) == 6_000, "every message");
    }

    [Fact]
    public async Task SendAsync_AgentsOnOtherCoresWaitForOneChannel_EveryWaiterGetsIn()
    {
        await using Kernel kernel = ThreadKernel.Start(cores: 3);
        int handled = 0;
        AgentId target = kernel.Receive((in int _, Context _) =>
            Volatile.Write(ref handled, handled + 1), core: 0, capacity: 3);
        for (int agent = 0; agent < 6; agent++)
        {
            AgentId sender = kernel.Spawn(new Puppet(), core: agent % 3);
            Capability<int> to = kernel.GrantTo<int>(sender, target);
            kernel.DoAsync(sender, async context =>
            {
                for (int i = 0; i < 1_000; i++)
                {
                    Assert.Equal(SendResult.Sent, await context.SendAsync(to, i));
                }
            });
        }

        ThreadKernel.Until(() => Volatile.Read(ref handled) == 6_000, "every message");
    }

    [Fact]
    public async Task Cores_Idle_Sleep()
    {
        await using Kernel kernel = ThreadKernel.Start();
        AgentId callee = kernel.Spawn(new Answerer<int, int>((in int x, Context _) => x), core: 1);
        AgentId asker = kernel.Spawn(new Puppet(), core: 0);
        AskCapability<int, int> ask = kernel.GrantAskTo<int, int>(asker, callee);
        var done = new TaskCompletionSource();
        kernel.DoAsync(asker, async context =>
        {
            await context.AskAsync(ask, 1, TimeSpan.FromMilliseconds(20));
            done.SetResult();
        });
        await ThreadKernel.Within(done.Task);
        Thread.Sleep(100);      // past the ask's deadline, which must not keep the core ticking
        long before = kernel.ListCores().Sum(core => core.Parks);
        Thread.Sleep(300);
        Assert.InRange(kernel.ListCores().Sum(core => core.Parks) - before, 0, 10);
    }
}
