using FsCheck.Xunit;
using Xunit;

namespace Outheis.Tests;

/// <summary>First in, first out per sender and receiver, from the first message on (INV-02); nothing lost, nothing
/// twice.</summary>
[Collection(OnThreads.Name)]
public sealed class OrderTests
{
    [Property(MaxTest = 60)]
    public static void Send_AnyCoresCapacitiesAndKinds_IsFifoPerSenderAndReceiver(int seed)
    {
        var random = new Random(seed);
        int cores = random.Next(1, 5), receivers = random.Next(1, 4), senders = random.Next(1, 5);
        using var world = new StepKernel(seed, cores);
        var traffic = new Traffic(world.Kernel, receivers, messagesEach: random.Next(1, 1500));
        for (int i = 0; i < receivers; i++)
        {
            traffic.SpawnSink(i, random.Next(cores), random.Next(1, 400), (Qos)random.Next(5));
        }

        Traffic.Source host = traffic.AddSource(seed, holder: null);
        for (int i = 0; i < senders; i++)
        {
            traffic.StartAgent(random.Next(), random.Next(cores), (Qos)random.Next(5));
        }

        while (!host.IsThrough)
        {
            while (random.Next(4) != 0 && !host.IsThrough && host.SendFromHost())
            {
            }

            for (int i = random.Next(4); i > 0; i--)
            {
                world.Step();
            }
        }

        world.Run();
        traffic.AssertOrdered($"seed={seed}");
        AssertNothingLeft(world, seed);
    }

    /// <summary>What traffic took, it gave back: cells, credits, boxes of references.</summary>
    private static void AssertNothingLeft(StepKernel world, int seed)
    {
        foreach (Core core in world.Kernel.Cores)
        {
            Assert.True(core.Cells.InUse == 0, $"{core.Cells.InUse} cells in use, seed={seed}");
            Assert.True(core.IsQuiet, $"core {core.Index} is not quiet, seed={seed}");
        }

        foreach (AgentCell agent in world.Kernel.Agents.Snapshot())
        {
            agent.Credits.Settle(somebodyWaits: true, isIdle: true);      // what the home core kept
            Assert.True(agent.Credits.Free == agent.Credits.Capacity, $"{agent}: credits lost, seed={seed}");
        }
    }

    [Theory, InlineData(1, 3), InlineData(2, 1), InlineData(2, 40), InlineData(4, 200)]
    public async Task Send_FromAgentsAndThreads_IsFifoPerSenderAndReceiver(int cores, int capacity)
    {
        const int Messages = 8_000;
        int seed = Random.Shared.Next();
        await using Kernel kernel = ThreadKernel.Start(cores);
        var traffic = new Traffic(kernel, receivers: 3, Messages);
        for (int i = 0; i < 3; i++)
        {
            traffic.SpawnSink(i, i % cores, capacity * (i + 1));
        }

        Traffic.Source[] hosts = [traffic.AddSource(seed, null), traffic.AddSource(seed + 1, null)];
        traffic.StartAgent(seed + 2, 0);
        traffic.StartAgent(seed + 3, cores - 1);
        ThreadKernel.Together([.. hosts.Select(host => (Action)(() =>
        {
            while (!host.IsThrough)
            {
                if (!host.SendFromHost())
                {
                    Thread.Yield();
                }
            }
        }))]);
        ThreadKernel.Until(() => traffic.IsThrough, $"the end of the traffic, seed={seed}");
        traffic.AssertOrdered($"seed={seed}");
    }

    [Theory, InlineData(1), InlineData(2)]
    public void SendAsync_OneAfterAnotherWhileFull_IsFifo(int cores)
    {
        using var world = new StepKernel(3, cores);
        List<int> received = [];
        AgentId target = world.Kernel.Receive(received, core: 0, capacity: 2);
        AgentId sender = world.Kernel.Spawn(new Puppet(), core: cores - 1);
        Capability<int> to = world.Kernel.GrantTo<int>(sender, target);
        world.Kernel.DoAsync(sender, async context =>
        {
            for (int i = 0; i < 100; i++)
            {
                Assert.Equal(SendResult.Sent, await context.SendAsync(to, i));
            }
        });
        world.Run();
        Assert.Equal(Enumerable.Range(0, 100), received);
    }

    [Fact]
    public void Send_TwoCoresFullTowardsEachOther_BothGoOn()
    {
        const int Tokens = 2_000;      // far more than a ring holds
        using var world = new StepKernel(5);
        int[] handled = new int[2];
        AgentId[] agents = [.. Enumerable.Range(0, 2).Select(i => world.Kernel.Receive(
            (in int _, Context _) => handled[i]++, core: i, capacity: 2 * Tokens))];
        for (int i = 0; i < 2; i++)
        {
            Capability<int> to = world.Kernel.GrantTo<int>(agents[i], agents[1 - i]);
            world.Kernel.Do(agents[i], context =>
            {
                for (int n = 0; n < Tokens; n++)
                {
                    Assert.Equal(SendResult.Sent, context.Send(to, n));
                }
            });
        }

        world.Run();
        Assert.Equal([Tokens, Tokens], handled);
        Assert.All(world.Kernel.ListCores(), core => Assert.True(core.RingFull > 0));
        Assert.True(world.CoreAt(0).IsQuiet && world.CoreAt(1).IsQuiet);
    }

    [Fact]
    public async Task Send_TwoCoresFloodEachOtherOnThreads_BothFinish()
    {
        const int Rounds = 100, Burst = 3_000;      // a burst is longer than the ring between them
        await using Kernel kernel = ThreadKernel.Start(capacity: 2 * Rounds * Burst);
        int[] handled = new int[2];
        AgentId[] agents = [.. Enumerable.Range(0, 2).Select(i => kernel.Receive(
            (in int _, Context _) => handled[i]++, core: i))];
        for (int i = 0; i < 2; i++)
        {
            Capability<int> to = kernel.GrantTo<int>(agents[i], agents[1 - i]);
            for (int round = 0; round < Rounds; round++)
            {
                kernel.Do(agents[i], context =>
                {
                    for (int n = 0; n < Burst; n++)
                    {
                        Assert.Equal(SendResult.Sent, context.Send(to, n));
                    }
                });
            }
        }

        StopReport report = await kernel.StopAsync(ThreadKernel.Patience);
        Assert.True(report.Drained);
        Assert.Equal([Rounds * Burst, Rounds * Burst], handled);
        Assert.Equal(0, kernel.DeadLetters.Total);
    }
}
