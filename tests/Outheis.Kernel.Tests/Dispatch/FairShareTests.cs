using Xunit;

namespace Outheis.Tests;

/// <summary>How much of a core each class of service has, and how long it waits at most (INV-41).</summary>
public sealed class FairShareTests
{
    private const int Classes = 5;
    private const int AgentsOfAClass = 2;
    private const int Periods = 40;      // from one turn of the lowest class to the next

    /// <summary>Always has something to do; counts its turns and the longest way from one to the next.</summary>
    private sealed class Saturated : Agent, IHandle<int>
    {
        private long _last;

        public Capability<int> Self { get; set; }

        public Core Core { get; set; } = null!;

        public long Turns { get; private set; }

        public long LongestWait { get; private set; }

        public void Handle(in int message, Context context)
        {
            long turn = Core.Counters.Turns;
            if (turn != _last)
            {
                Turns++;
                LongestWait = Math.Max(LongestWait, turn - _last);
                _last = turn;
            }

            context.Send(Self, message);
        }
    }

    [Theory, InlineData(4), InlineData(5), InlineData(Limits.FairShare), InlineData(300)]
    public void Turns_EveryClassSaturated_EachHasItsShareAndWaitsNoLongerThanTheBound(int share)
    {
        using var world = new StepKernel(cores: 1, fairShare: share);
        Saturated[][] classes = [.. Enumerable.Range(0, Classes).Select(_ =>
            new Saturated[] { new(), new() })];
        for (int qos = 0; qos < Classes; qos++)
        {
            foreach (Saturated agent in classes[qos])
            {
                AgentId id = world.Kernel.Spawn(agent, 0, qos: (Qos)qos);
                (agent.Core, agent.Self) = (world.CoreAt(0), world.Kernel.GrantTo<int>(id, id));
                world.Kernel.Grant<int>(id).Send(0);
            }
        }

        while (world.CoreAt(0).Counters.Turns < Periods * share)
        {
            world.Pass(0);
        }

        long turns = world.CoreAt(0).Counters.Turns;
        long[] had = [.. classes.Select(static agents => agents.Sum(static agent => agent.Turns))];
        long[] waited = [.. classes.Select(static agents => agents.Max(static agent => agent.LongestWait))];
        string seen = $"turns {string.Join(' ', had)} of {turns}, waits {string.Join(' ', waited)}";
        Assert.True(had[0] >= turns / share, seen);
        Assert.True(had[1..4].All(of => of >= (turns / (share * Classes)) - 1), seen);
        Assert.True(had[4] >= turns - (2 * turns / share) - 2, seen);
        Assert.True(waited[0] <= AgentsOfAClass * share, seen);
        Assert.True(waited[1..4].All(most => most <= AgentsOfAClass * share * Classes), seen);
        foreach (Saturated agent in classes.SelectMany(static agents => agents))
        {
            agent.Self = default;
        }
    }

    /// <summary>What a higher class is sent meanwhile waits for the next pass, so those of low ones are
    /// short.</summary>
    [Theory, InlineData(Qos.Background, 4), InlineData(Qos.Utility, 4), InlineData(Qos.Default, Limits.TurnsPerPass)]
    public void RunPass_OneClassSaturated_LooksAtRingsAfterItsNumberOfTurns(Qos qos, int most)
    {
        using var world = new StepKernel(cores: 1);
        var agent = new Saturated { Core = world.CoreAt(0) };
        AgentId id = world.Kernel.Spawn(agent, 0, qos: qos);
        agent.Self = world.Kernel.GrantTo<int>(id, id);
        world.Kernel.Grant<int>(id).Send(0);
        world.Pass(0);
        long before = world.CoreAt(0).Counters.Turns;
        world.Pass(0);
        Assert.Equal(most, world.CoreAt(0).Counters.Turns - before);
        agent.Self = default;
    }

    /// <summary>Something for the kernel to do that asks for more of itself.</summary>
    private sealed class Endless : KernelOp
    {
        public override void Run(Core core) => core.Post(new Endless());
    }

    [Fact]
    public void RunPass_ControlWithoutEnd_HasATurnOfAMessageAllTheSame()
    {
        using var world = new StepKernel(cores: 1);
        var agent = new Saturated { Core = world.CoreAt(0) };
        AgentId id = world.Kernel.Spawn(agent, 0);
        agent.Self = world.Kernel.GrantTo<int>(id, id);
        world.Kernel.Grant<int>(id).SendAll([0, 0, 0]);
        world.Pass(0);
        world.CoreAt(0).Post(new Endless());
        (long turns, long handled) = (world.CoreAt(0).Counters.Turns, world.CoreAt(0).Counters.Handled);
        world.Pass(0);
        world.Pass(0);
        Assert.Equal((2, 2), (world.CoreAt(0).Counters.Turns - turns, world.CoreAt(0).Counters.Handled - handled));
        agent.Self = default;
    }

    [Theory, InlineData(4), InlineData(9), InlineData(Limits.FairShare)]
    public void Births_FamilyWithoutEnd_WhoWasMadeBeforeStartsByItsShare(int share)
    {
        var births = new Births(share);
        AgentCell earlier = Cells.Agent();
        births.Put(earlier);
        int starts = 0;
        AgentCell? taken;
        do
        {
            births.BeginTurn();
            births.Put(Cells.Agent());
            taken = births.Take(somebodyIsReady: false);
            starts++;
        }
        while (!ReferenceEquals(taken, earlier));

        share *= Limits.StartsPerShare;
        Assert.InRange(starts, share, 2 * share);      // who was set aside with it comes first
    }

    [Theory, InlineData(3), InlineData(4097), InlineData(0), InlineData(-64)]
    public void Options_AShareThatCannotBe_IsRefused(int share) =>
        Assert.Throws<ArgumentOutOfRangeException>(() => Kernel.Start(new KernelOptions { FairShare = share }));
}
