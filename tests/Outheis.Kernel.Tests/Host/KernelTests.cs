using System.Diagnostics;
using Xunit;

namespace Outheis.Tests;

/// <summary>The kernel as a whole: options, listings, what a stopped one leaves behind.</summary>
[Collection(OnThreads.Name)]
public sealed class KernelTests
{
    [Fact]
    public void Stop_ManyKernels_GiveTheirMemoryBack()
    {
        Cycle(200);
        long before = PrivateBytes();
        Cycle(400);      // each takes more than a MiB
        long grown = PrivateBytes() - before;
        Assert.True(grown < 150 << 20, $"{grown >> 20} MiB more after 400 kernels");
    }

    private static void Cycle(int times)
    {
        for (int i = 0; i < times; i++)
        {
            using var world = new StepKernel(i, cores: 4);
            world.Kernel.Grant<int>(world.Kernel.Receive<int>([])).SendAll(Enumerable.Range(0, 100));
            world.Run();
        }
    }

    private static long PrivateBytes()
    {
        GC.Collect();
        GC.WaitForPendingFinalizers();
        using var self = Process.GetCurrentProcess();
        return self.PrivateMemorySize64;
    }

    [Theory, InlineData(0), InlineData(-1), InlineData(129)]
    public void Start_CoresOutOfRange_Throws(int cores) =>
        Assert.Throws<ArgumentOutOfRangeException>(() => Kernel.Start(new KernelOptions { Cores = cores }));

    [Fact]
    public void Spawn_OptionsOutOfRange_Throw()
    {
        using var world = new StepKernel();
        Kernel kernel = world.Kernel;
        Assert.Throws<ArgumentOutOfRangeException>(() => kernel.Spawn(new Puppet(), capacity: 0));
        Assert.Throws<ArgumentOutOfRangeException>(() =>
            kernel.Spawn(new Puppet(), capacity: Limits.ChannelMessagesMax + 1));
        Assert.Throws<ArgumentOutOfRangeException>(() => kernel.Spawn(new Puppet(), core: 2));
        Assert.Throws<ArgumentException>(() => kernel.Spawn(new Puppet(), supervisor: new AgentId(77)));
        Assert.Empty(kernel.ListAgents());
    }

    [Fact]
    public void ListAgents_SomeLive_SaysWhatTheyAre()
    {
        using var world = new StepKernel();
        AgentId boss = world.Kernel.Spawn(new Listener(), name: "boss");
        AgentId agent = world.Kernel.Spawn(
            new Puppet(), core: 1, capacity: 7, supervisor: boss, qos: Qos.Utility, name: "worker");
        AgentInfo before = world.Kernel.ListAgents().Single(a => a.Id == agent);
        Assert.Equal(AgentState.Starting, before.State);
        world.Run();
        Assert.Equal(
            new AgentInfo(agent, "worker", Qos.Utility, 1, AgentState.Idle, 1, 0, 7, boss, Qos.Utility)
            {
                IsPinned = true,
            },
            world.Kernel.ListAgents().Single(a => a.Id == agent));
    }

    [Fact]
    public void Spawn_NoCoreSaid_SpreadsOverAllCores()
    {
        using var world = new StepKernel(cores: 3);
        for (int i = 0; i < 9; i++)
        {
            world.Kernel.Spawn(new Puppet());
        }

        Assert.All(world.Kernel.ListAgents().GroupBy(a => a.Core), core => Assert.Equal(3, core.Count()));
    }

    [Fact]
    public void ListCores_AfterTraffic_CountsIt()
    {
        using var world = new StepKernel();
        AgentId[] agents = [world.Kernel.Receive<int>([], core: 0), world.Kernel.Receive<int>([], core: 1)];
        AgentId sender = world.Kernel.Spawn(new Puppet(), core: 0);
        Capability<int>[] to = [.. agents.Select(agent => world.Kernel.GrantTo<int>(sender, agent))];
        world.Kernel.Do(sender, context => Assert.Equal(
            [SendResult.Sent, SendResult.Sent, SendResult.Sent],
            [context.Send(to[0], 1), context.Send(to[1], 2), context.Send(to[1], 3)]));
        world.Run();
        CoreInfo zero = world.Kernel.ListCores()[0], one = world.Kernel.ListCores()[1];
        Assert.Equal((2L, 1L, 2L, 1L), (zero.Handled, zero.SentHome, zero.SentAway, zero.Entered));
        Assert.Equal((2L, 0L, 0L, 0L), (one.Handled, one.SentHome, one.SentAway, one.Entered));
    }

    [Fact]
    public void Context_InATurn_TellsTheKernelsTimeAndRepeatsItsRandomness()
    {
        List<object> first = Observe(), second = Observe();
        Assert.Equal(first, second);
        Assert.NotEqual(first[2], first[3]);

        static List<object> Observe()
        {
            List<object> seen = [];
            using var world = new StepKernel(9, cores: 1);
            AgentId agent = world.Kernel.Spawn(new Puppet());
            world.Time.AdvanceBy(TimeSpan.FromSeconds(3));
            world.Kernel.Do(agent, context => seen.AddRange(
                [context.UtcNow, context.Uptime, context.NextRandom(), context.NextRandom(), context.Self,
                    context.Sender]));
            world.Run();
            Assert.Equal((world.Time.GetUtcNow(), TimeSpan.FromSeconds(3)), (seen[0], seen[1]));
            return seen;
        }
    }

    [Fact]
    public void Turns_OfHigherQos_RunFirstAndTheLowestIsNotStarved()
    {
        using var world = new StepKernel(cores: 1);
        List<Qos> order = [];
        foreach (Qos qos in Enum.GetValues<Qos>())
        {
            AgentId agent = world.Kernel.Spawn(new Puppet(), qos: qos);
            world.Kernel.Do(agent, _ => order.Add(qos));
        }

        world.Run();
        Assert.Equal(Enum.GetValues<Qos>().Reverse(), order);
    }

    [Fact]
    public void Turn_OfABusyAgent_EndsAfterItsBudgetSoThatOthersRun()
    {
        using var world = new StepKernel(cores: 1);
        List<int> order = [];
        Capability<int> busy = world.Kernel.Grant<int>(world.Kernel.Receive((in int _, Context _) => order.Add(1)));
        AgentId other = world.Kernel.Spawn(new Puppet());
        busy.SendAll(Enumerable.Range(0, 200));
        world.Kernel.Do(other, _ => order.Add(2));
        world.Run();
        Assert.Equal(Limits.TurnMessages, order.IndexOf(2));
    }
}
