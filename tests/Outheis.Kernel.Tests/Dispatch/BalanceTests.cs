using Outheis.Tests.Coordination;
using Xunit;

namespace Outheis.Tests;

/// <summary>The system decides which cores it takes: by how busy each was, and by nothing else.</summary>
[Collection(OnThreads.Name)]
public sealed class BalanceTests
{
    private bool _isOver;      // the spinners' work

    [Fact]
    public void Next_ACoreBusyForTwoPeriods_GivesToOneThatIsNot()
    {
        var plan = new BalancePlan(3);
        Assert.Equal(default, plan.Next([1, 0.5, 0.2], mayClose: true));
        Assert.Equal(new BalanceStep { From = 0, To = 2 }, plan.Next([1, 0.5, 0.2], mayClose: true));
        Assert.Equal(default, plan.Next([1, 0.5, 0.2], mayClose: true));      // has had no time to tell
    }

    [Fact]
    public void Next_AShortBurst_DoesNothing()
    {
        var plan = new BalancePlan(2);
        for (int i = 0; i < 20; i++)
        {
            Assert.Equal(default, plan.Next([i % 2, 0.1], mayClose: false));
        }
    }

    [Fact]
    public void Next_AllBusy_DoesNothing()
    {
        var plan = new BalancePlan(2);
        for (int i = 0; i < 20; i++)
        {
            Assert.Equal(default, plan.Next([1, 0.8], mayClose: true));
        }
    }

    [Fact]
    public void Next_CalmForASecond_ClosesTheLastCoreOnlyIfItMay()
    {
        var plan = new BalancePlan(3);
        for (int i = 0; i < 50; i++)
        {
            Assert.Equal(default, plan.Next([0.1, 0.05, 0.1], mayClose: false));
        }

        Assert.Equal(
            new BalanceStep { Closes = 2, To = 1 }, plan.Next([0.1, 0.05, 0.1], mayClose: true));
        Assert.Equal(2, plan.Open);
        for (int i = 1; i < Limits.BalanceCalm; i++)
        {
            Assert.Equal(default, plan.Next([0.1, 0.1, 0], mayClose: true));
        }

        Assert.Equal(new BalanceStep { Closes = 1, To = 0 }, plan.Next([0.1, 0.1, 0], mayClose: true));
        for (int i = 0; i < 50; i++)
        {
            Assert.Equal(default, plan.Next([0.01, 0, 0], mayClose: true));      // one stays open
        }

        Assert.Equal(1, plan.Open);
    }

    [Fact]
    public void Next_AllOpenOnesBusy_OpensOneMoreAndGivesToIt()
    {
        var plan = new BalancePlan(2);
        for (int i = 0; i < Limits.BalanceCalm; i++)
        {
            plan.Next([0.1, 0.1], mayClose: true);
        }

        Assert.Equal(1, plan.Open);
        plan.Next([0.95, 0], mayClose: true);
        Assert.Equal(new BalanceStep { Opens = 1, From = 0, To = 1 }, plan.Next([0.95, 0], mayClose: true));
        Assert.Equal(2, plan.Open);
    }

    [Fact]
    public async Task Spread_AgentsThatKeepOneCoreBusy_AreSpreadAndThePinnedStay()
    {
        await using Kernel kernel = ThreadKernel.Start(cores: 2);
        AgentId[] pinned = [.. Enumerable.Range(0, 4).Select(_ => Spinner(kernel, new SpawnOptions { Core = 0 }))];
        AgentId[] free = [.. Enumerable.Range(0, 8).Select(_ => Spinner(kernel, null))];
        foreach (AgentId agent in free)
        {
            Assert.True(await ThreadKernel.Within(new ValueTask<bool>(kernel.MoveAgentAsync(agent, 0))));
        }

        long moves = kernel.ListCores()[1].GivenAway;
        Array.ForEach([.. pinned, .. free], agent => kernel.Grant<Over>(agent).Send(new Over(1)));
        ThreadKernel.Until(() => kernel.ListCores()[0].GivenAway > 0, "a move off the busy core");
        Assert.All(kernel.ListAgents().Where(agent => pinned.Contains(agent.Id)), static agent =>
            Assert.Equal((0, true), (agent.Core, agent.IsPinned)));
        Assert.Contains(kernel.ListAgents(), static agent => agent is { Core: 1, IsPinned: false });
        Assert.Equal(moves, kernel.ListCores()[1].GivenAway);      // nobody came back
        Volatile.Write(ref _isOver, true);
    }

    [Fact]
    public async Task Gather_ALightLoad_IsOnOneCoreAfterASecond()
    {
        await using Kernel kernel = Kernel.Start(new KernelOptions
        {
            Cores = 2, Pin = false, Balance = CoreBalance.SpreadAndGather,
        });
        AgentId[] ids = [.. Enumerable.Range(0, 4).Select(_ => kernel.Spawn("ticks", static () => new Ticking()))];
        Assert.Equal(2, kernel.ListAgents().Select(static agent => agent.Core).Distinct().Count());
        ThreadKernel.Until(
            () => kernel.ListAgents().All(static agent => agent.Core == 0), "all agents on the core that is open");
        AgentId added = kernel.Spawn("new", static () => new Ticking());
        Assert.Equal(0, kernel.ListAgents().Single(agent => agent.Id == added).Core);
        Assert.All(ids, id => Assert.Contains(kernel.ListAgents(), agent => agent.Id == id));
    }

    /// <summary>A closed core has no turns, and nobody wakes it, for whole periods in which the balancer looks; under
    /// load it is open like any other.</summary>
    [Fact]
    public async Task Gather_TheClosedCore_SleepsUntilALoadOpensItAgain()
    {
        await using Kernel kernel = Kernel.Start(new KernelOptions
        {
            Cores = 2, Pin = false, Balance = CoreBalance.SpreadAndGather,
        });
        for (int i = 0; i < 4; i++)
        {
            kernel.Spawn("ticks", static () => new Ticking());
        }

        Core closed = kernel.Cores[1];
        ThreadKernel.Until(() => kernel.Watch.Balancer!.Open == 1, "a closed core");
        ThreadKernel.Until(
            () => kernel.ListAgents().All(static agent => agent.Core == 0)
                && kernel.ListCores()[1].Asleep < kernel.ListCores()[1].Asleep && closed.Parker.IsAnnounced,
            "a closed core that sleeps");
        // What came with the last agent that left may be on its way still.
        ThreadKernel.Until(() => StandsStill(kernel) && closed.Parker.IsAnnounced, "periods in which nobody wakes it");
        CoreInfo after = kernel.ListCores()[1];

        AgentId[] load = [.. Enumerable.Range(0, 8).Select(_ => Spinner(kernel, null))];
        Assert.All(kernel.ListAgents(), static agent => Assert.Equal(0, agent.Core));
        Array.ForEach(load, agent => kernel.Grant<Over>(agent).Send(new Over(1)));
        ThreadKernel.Until(
            () => kernel.ListCores()[1].Handled > after.Handled + 10_000, "messages handled by the core that is open");
        Assert.Equal(2, kernel.Watch.Balancer!.Open);
        Assert.Contains(kernel.ListAgents(), static agent => agent.Core == 1);
        Assert.Equal(after.GivenAway, kernel.ListCores()[1].GivenAway);      // who came stays
        Volatile.Write(ref _isOver, true);
    }

    // The closed core, for five looks of the balancer and a thousand turns of the open one.
    private static bool StandsStill(Kernel kernel)
    {
        (CoreInfo Open, CoreInfo Closed) before = (kernel.ListCores()[0], kernel.ListCores()[1]);
        ThreadKernel.Until(
            () => kernel.ListCores()[0] is var open && open.Turns > before.Open.Turns + 1000
                && open.Age > before.Open.Age + (5 * Limits.BalancePeriod), "turns of the open core");
        CoreInfo after = kernel.ListCores()[1];
        return (before.Closed.Parks, before.Closed.Wakes, before.Closed.Turns, before.Closed.Fences)
            == (after.Parks, after.Wakes, after.Turns, after.Fences);
    }

    private AgentId Spinner(Kernel kernel, SpawnOptions? options)
    {
        Capability<Over> own = default;
        AgentId agent = kernel.Spawn("spins", () => new Receiver<Over>((in Over message, Context context) =>
        {
            Thread.SpinWait(1000);
            if (!Volatile.Read(ref _isOver))
            {
                context.Send(own, message);
            }
        }), options);
        own = kernel.GrantTo<Over>(agent, agent);
        return agent;
    }

    private sealed class Ticking : Agent, IHandle<Over>
    {
        protected internal override void OnStart(Context context) =>
            context.Every(TimeSpan.FromMilliseconds(2), new Over(1), TimeSpan.Zero);

        public void Handle(in Over message, Context context)
        {
        }
    }
}
