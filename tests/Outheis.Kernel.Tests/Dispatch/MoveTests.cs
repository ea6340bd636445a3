using Outheis.Supervision;
using Outheis.Tests.Coordination;
using Xunit;

namespace Outheis.Tests;

/// <summary>Agents that move from core to core (LW-08, LW-09), message by message, on one thread.</summary>
public sealed partial class MoveTests : IDisposable
{
    private readonly StepKernel _world = new(cores: 3);
    private readonly List<(int Number, int Core)> _seen = [];

    private Kernel Kernel => _world.Kernel;

    public void Dispose() => _world.Dispose();

    private AgentId Spawn(int core = 0, SpawnOptions? options = null) => Kernel.Spawn(
        "listener",
        () => new Receiver<Over>((in Over message, Context _) => See(message.Number)),
        (options ?? new()) with { Core = core });

    private void See(int number) => _seen.Add((number, Core.OfThisThread!.Index));

    private void Move(AgentId agent, int core) => Assert.True(_world.Result(Kernel.MoveAgentAsync(agent, core)));

    private int CoreOf(AgentId agent) => Kernel.ListAgents().Single(one => one.Id == agent).Core;

    private AgentState StateOf(AgentId agent) => Kernel.Living(agent).State;

    [Fact]
    public void Move_AnIdleAgent_IsOnTheOtherCoreFromThenOn()
    {
        AgentId agent = Spawn();
        Capability<Over> to = Kernel.Grant<Over>(agent);
        to.SendAll([new Over(1)]);
        _world.Run();
        Move(agent, 2);
        to.SendAll([new Over(2)]);
        _world.Run();
        Assert.Equal([(1, 0), (2, 2)], _seen);
        Assert.Equal(2, CoreOf(agent));
        Assert.Equal(
            [(1, 0), (0, 0), (0, 1)], Kernel.ListCores().Select(one => ((int)one.GivenAway, (int)one.Acquired)));
        Move(agent, 2);      // is there
        Assert.Equal(1, Kernel.ListCores().Sum(static core => core.GivenAway));
    }

    [Fact]
    public void Move_WithMessagesInItsChannel_TakesThemAlongInOrder()
    {
        AgentId agent = Spawn(options: new SpawnOptions { Capacity = 8 });
        Assert.True(_world.Result(Kernel.SuspendAsync(agent)));
        Capability<Over> to = Kernel.Grant<Over>(agent);
        to.SendAll(Enumerable.Range(0, 8).Select(static i => new Over(i)));
        _world.Run();
        Move(agent, 1);
        Assert.Equal((AgentState.Suspended, 8), (StateOf(agent), Kernel.Living(agent).Inbox.Count));
        Assert.Equal(SendResult.Full, to.Send(new Over(8)));
        Move(agent, 0);
        Move(agent, 2);
        Assert.True(_world.Result(Kernel.ResumeAsync(agent)));
        _world.Run();
        Assert.Equal(Enumerable.Range(0, 8).Select(static i => (i, 2)), _seen);
        to.SendAll(Enumerable.Range(8, 8).Select(static i => new Over(i)));      // no credit was lost on the way
        _world.Run();
        Assert.Equal(16, _seen.Count);
    }

    /// <summary>Hazard 11: what is in the ring to the old core comes before what goes to the new one.</summary>
    [Fact]
    public void Move_MessagesOnTheirWay_AreNotOvertakenByTheNewWay()
    {
        AgentId agent = Spawn(core: 0);
        Capability<Over> own = default;
        AgentId sender = Kernel.Spawn("sender", born =>
        {
            own = born.Grant<Over>(agent);
            return new Puppet();
        }, new SpawnOptions { Core = 1 });
        _world.Run();
        Capability<Do> orders = Kernel.Grant<Do>(sender);
        orders.SendAll([new Do(context => context.Send(own, new Over(1)))]);
        _world.Pass(1);      // it is in the ring to core 0, and core 0 does nothing for now
        Task<bool> moved = Kernel.MoveAgentAsync(agent, 2);
        _world.CoreAt(0).Control.TakeAll()!.Run(_world.CoreAt(0));      // it leaves, before anything is taken in
        Assert.Equal(AgentState.Moving, StateOf(agent));
        orders.SendAll([new Do(context => context.Send(own, new Over(2)))]);
        _world.Pass(1);
        for (int i = 0; i < 10; i++)
        {
            _world.Pass(2);      // has the second one, and may not hand it over
        }

        Assert.Empty(_seen);
        Assert.True(_world.Result(moved));
        _world.Run();
        Assert.Equal([(1, 2), (2, 2)], _seen);
    }

    /// <summary>The other half of it: what the agent itself has sent.</summary>
    [Fact]
    public void Move_WhatTheAgentHadSent_IsNotOvertakenByWhatItSendsThen()
    {
        AgentId receiver = Spawn(core: 2);
        Capability<Over> own = default;
        AgentId moves = Kernel.Spawn("moves", born =>
        {
            own = born.Grant<Over>(receiver);
            return new Puppet();
        }, new SpawnOptions { Core = 0 });
        _world.Run();
        Capability<Do> orders = Kernel.Grant<Do>(moves);
        orders.SendAll([new Do(context => context.Send(own, new Over(1)))]);
        _world.Pass(0);      // in the ring to core 2, which does nothing for now
        Task<bool> moved = Kernel.MoveAgentAsync(moves, 1);
        orders.SendAll([new Do(context => context.Send(own, new Over(2)))]);
        for (int i = 0; i < 20; i++)
        {
            _world.Pass(0);
            _world.Pass(1);
        }

        Assert.False(moved.IsCompleted);      // core 2 has not said what it has received
        Assert.True(_world.Result(moved));
        _world.Run();
        Assert.Equal([(1, 2), (2, 2)], _seen);
    }

    [Fact]
    public void Move_AgentsOfTheNewCore_MaySendBeforeItIsThere()
    {
        AgentId agent = Spawn(core: 0, new SpawnOptions { Capacity = 4 });
        Capability<Over> own = default;
        AgentId sender = Kernel.Spawn("sender", born =>
        {
            own = born.Grant<Over>(agent);
            return new Puppet();
        }, new SpawnOptions { Core = 1 });
        _world.Run();
        Task<bool> moved = Kernel.MoveAgentAsync(agent, 1);
        _world.CoreAt(0).Control.TakeAll()!.Run(_world.CoreAt(0));
        var results = new List<SendResult>();
        Kernel.Grant<Do>(sender).SendAll([new Do(context =>
        {
            for (int i = 0; i < 5; i++)
            {
                results.Add(context.Send(own, new Over(i)));
            }
        })]);
        _world.Pass(1);
        Assert.Equal(
            [SendResult.Sent, SendResult.Sent, SendResult.Sent, SendResult.Sent, SendResult.Full], results);
        Assert.Empty(_seen);
        Assert.True(_world.Result(moved));
        _world.Run();
        Assert.Equal(Enumerable.Range(0, 4).Select(static i => (i, 1)), _seen);
    }

    /// <summary>An ask that waits in its channel keeps the agent raised, there as here.</summary>
    [Fact]
    public void Move_WithAnUrgentAskInItsChannel_StaysRaisedAndAnswers()
    {
        AgentId agent = Kernel.Spawn(
            "answers", () => new Answerer<Over, Over>((in Over request, Context _) => new Over(request.Number + 1)),
            new SpawnOptions { Core = 0, Qos = Qos.Background });
        Assert.True(_world.Result(Kernel.SuspendAsync(agent)));
        Task<Over> reply = Kernel.GrantAsk<Over, Over>(agent, qos: Qos.UserInteractive).AskAsync(new Over(1)).AsTask();
        _world.Run();
        Assert.Equal(Qos.UserInteractive, Kernel.Living(agent).EffectiveQos);
        Move(agent, 1);
        Assert.Equal(Qos.UserInteractive, Kernel.Living(agent).EffectiveQos);
        Assert.True(_world.Result(Kernel.ResumeAsync(agent)));
        Assert.Equal(new Over(2), _world.Result(reply));
        _world.Run();
        Assert.Equal(Qos.Background, Kernel.Living(agent).EffectiveQos);
    }

    /// <summary>Ops that come by the old way run before those that came by the new one.</summary>
    [Fact]
    public void Move_WhatTheHostWantsMeanwhile_HappensWhereItThenIs()
    {
        AgentId agent = Spawn();
        _world.Run();
        Task<bool> moved = Kernel.MoveAgentAsync(agent, 1);
        _world.CoreAt(0).Control.TakeAll()!.Run(_world.CoreAt(0));
        Task<bool> suspended = Kernel.SuspendAsync(agent);
        Task<bool> resumed = Kernel.ResumeAsync(agent);
        Task<bool> onward = Kernel.MoveAgentAsync(agent, 2);
        Task stopped = Kernel.StopAgentAsync(agent);
        Assert.True(_world.Result(moved));
        Assert.True(_world.Result(suspended) && _world.Result(resumed) && _world.Result(onward));
        _world.Wait(stopped);
        Assert.Empty(Kernel.ListAgents());
        Assert.False(_world.Result(Kernel.MoveAgentAsync(agent, 0)));
    }

    /// <summary>In order, whichever core the first of them came to.</summary>
    [Fact]
    public void Move_OpsOfTheOldWay_ComeBeforeThoseOfTheNewOne()
    {
        AgentId agent = Spawn();
        _world.Run();
        AgentCell cell = Kernel.Living(agent);
        Task<bool> moved = Kernel.MoveAgentAsync(agent, 1);
        var order = new List<int>();
        _world.CoreAt(0).Control.TakeAll()!.Run(_world.CoreAt(0));
        _world.CoreAt(1).Post(new Note(cell, order, 2));
        _world.Pass(1);                                    // finds it not there yet
        _world.CoreAt(0).Post(new Note(cell, order, 1));      // of somebody who read the old home
        while (_world.CoreAt(1).Control.IsEmpty)
        {
            _world.Pass(0);
            _world.Pass(2);
            _ = _world.CoreAt(1).Control.IsEmpty && _world.Pass(1) > 0;
        }

        _world.CoreAt(1).Post(new Note(cell, order, 3));      // right behind the op that brings it
        Assert.True(_world.Result(moved));
        _world.Run();
        Assert.Equal([1, 2, 3], order);
        _world.CoreAt(0).Post(new Note(cell, order, 4));      // long after: follows it
        _world.Run();
        Assert.Equal([1, 2, 3, 4], order);
    }

    [Fact]
    public void Move_WhatWaitsForItsTurn_HasItThereAlone()
    {
        AgentId agent = Spawn();
        AgentId other = Spawn();
        _world.Run();
        Kernel.Grant<Over>(other).SendAll([new Over(0)]);
        Kernel.Grant<Over>(agent).SendAll([new Over(1)]);
        _world.CoreAt(0).DrainArrivals();
        Assert.Equal(AgentState.Ready, StateOf(agent));
        Task<bool> moved = Kernel.MoveAgentAsync(agent, 1);
        _world.CoreAt(0).Control.TakeAll()!.Run(_world.CoreAt(0));
        Assert.Equal(ReadyQueue.NotWaiting, Kernel.Living(agent).ReadySlot);
        Assert.True(_world.Result(moved));
        _world.Run();
        Assert.Equal([(0, 0), (1, 1)], _seen.Order());
        Assert.Equal(0, _world.Pass(0));
    }

    /// <summary>C1: what the old core kept for its own senders, any sender has then.</summary>
    [Fact]
    public void Move_CreditsKeptForTheOldCore_AreEverybodysAgain()
    {
        AgentId agent = Spawn(options: new SpawnOptions { Capacity = 64 });
        Capability<Over> own = default;
        AgentId neighbour = Kernel.Spawn("neighbour", born =>
        {
            own = born.Grant<Over>(agent);
            return new Puppet();
        }, new SpawnOptions { Core = 0 });
        Kernel.Grant<Do>(neighbour).SendAll([new Do(context => context.Send(own, new Over(0)))]);
        _world.Run();
        Assert.True(Kernel.Living(agent).Credits.Home > 0);
        Assert.True(_world.Result(Kernel.SuspendAsync(agent)));
        Move(agent, 1);
        Capability<Over> to = Kernel.Grant<Over>(agent);
        to.SendAll(Enumerable.Range(1, 64).Select(static i => new Over(i)));
        Assert.Equal(SendResult.Full, to.Send(new Over(65)));
    }

    [Fact]
    public void Move_OfAThrottledAgent_ItsBudgetDecidesThere()
    {
        Budget budget = Kernel.CreateBudget("one", new BudgetOptions
        {
            Period = TimeSpan.FromSeconds(1), Messages = 1,
        });
        AgentId agent = Spawn(options: new SpawnOptions { Budget = budget });
        Kernel.Grant<Over>(agent).SendAll([new Over(1), new Over(2)]);
        _world.Run();
        Assert.True(Kernel.ListAgents().Single().IsThrottled);
        Move(agent, 1);
        _world.Run();
        Assert.Equal([(1, 0)], _seen);
        Assert.True(Kernel.ListAgents().Single().IsThrottled);
        _world.Advance(TimeSpan.FromSeconds(1));
        Assert.Equal([(1, 0), (2, 1)], _seen);
    }

    [Fact]
    public void Move_OfAChild_ItsSupervisorRestartsItThere()
    {
        AgentId supervisor = Kernel.Spawn(
            "restarts", static () => new Supervisor(new SupervisorOptions()), new SpawnOptions { Core = 0 });
        AgentId agent = Kernel.Spawn(
            "child",
            () => new Receiver<Over>((in Over message, Context _) =>
            {
                See(message.Number);
                if (message.Number == 1)
                {
                    throw new InvalidOperationException("as the test wants it");
                }
            }), new SpawnOptions { Core = 0, Supervisor = supervisor });
        Move(agent, 1);
        Kernel.Grant<Over>(agent).SendAll([new Over(1), new Over(2)]);
        _world.Run();
        Assert.Equal([(1, 1), (2, 1)], _seen);
        Assert.Equal(2u, Kernel.Living(agent).Incarnation);
    }

    private sealed class Note(AgentCell agent, List<int> order, int number) : AgentOp(agent)
    {
        protected override void RunAtHome(Core core) => order.Add(number);
    }

    private T ThrownBy<T>(AgentId agent, int core)
        where T : Exception => Assert.Throws<T>(() => MoveNow(agent, core));

    private void MoveNow(AgentId agent, int core) => _ = Kernel.MoveAgentAsync(agent, core);
}
