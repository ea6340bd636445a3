using Outheis.Tests.Coordination;
using Xunit;

namespace Outheis.Tests;

/// <summary>For what a move waits: whatever comes back to the core that the agent is on.</summary>
public sealed partial class MoveTests
{
    [Fact]
    public void Move_WhileItAwaits_WaitsForTheEndOfTheTurn()
    {
        var gate = new TaskCompletionSource();
        var cores = new List<int>();
        AgentId agent = Kernel.Spawn("awaits", () => new Puppet(), new SpawnOptions { Core = 0 });
        Kernel.Grant<DoAsync>(agent).SendAll([new DoAsync(async (context, _) =>
        {
            await gate.Task.ConfigureAwait(true);
            cores.Add(Core.OfThisThread!.Index);
        })]);
        _world.Run();
        Task<bool> moved = Kernel.MoveAgentAsync(agent, 1);
        _world.Run();
        Assert.False(moved.IsCompleted);
        Assert.Equal((AgentState.Waiting, 0), (StateOf(agent), CoreOf(agent)));
        gate.SetResult();
        Assert.True(_world.Result(moved));
        Assert.Equal([0], cores);
        Assert.Equal(1, CoreOf(agent));
    }

    /// <summary>Its turn is over, and what it asked for comes back to its core all the same.</summary>
    [Fact]
    public void Move_WithAnAskThatNobodyAwaits_WaitsForItsEnd()
    {
        AgentId answers = Kernel.Spawn(
            "answers", () => new Answerer<Over, Over>((in Over request, Context _) => request),
            new SpawnOptions { Core = 2 });
        Assert.True(_world.Result(Kernel.SuspendAsync(answers)));
        AskCapability<Over, Over> own = default;
        AgentId asks = Kernel.Spawn("asks", born =>
        {
            own = born.GrantAsk<Over, Over>(answers);
            return new Puppet();
        }, new SpawnOptions { Core = 0 });
        ValueTask<Over> reply = default;
        Kernel.Grant<DoAsync>(asks).SendAll([new DoAsync((context, _) =>
        {
            reply = context.AskAsync(own, new Over(5));
            return default;
        })]);
        _world.Run();
        Task<bool> moved = Kernel.MoveAgentAsync(asks, 1);
        _world.Run();
        Assert.Equal((false, AgentState.Idle, 0), (moved.IsCompleted, StateOf(asks), CoreOf(asks)));
        Assert.True(_world.Result(Kernel.ResumeAsync(answers)));
        Assert.True(_world.Result(moved));
        Kernel.Grant<DoAsync>(asks).SendAll([new DoAsync(async (_, _) => See((await reply).Number))]);
        _world.Run();
        Assert.Equal([(5, 1)], _seen);      // its slot went home to core 0
        Assert.Equal(0, _world.CoreAt(0).Replies.Pending);
    }

    [Fact]
    public void Move_AReentrantAgentWithTurnsInFlight_WaitsForTheLast()
    {
        var gate = new TaskCompletionSource();
        AgentId agent = Kernel.Spawn(
            "reenters", () => new Puppet { Reenters = Reentrancy.Always }, new SpawnOptions { Core = 0 });
        var wait = new DoAsync(async (_, _) => await gate.Task.ConfigureAwait(true));
        Kernel.Grant<DoAsync>(agent).SendAll([wait, wait]);
        _world.Run();
        Task<bool> moved = Kernel.MoveAgentAsync(agent, 1);
        _world.Run();
        Assert.Equal((false, AgentState.Idle, 0), (moved.IsCompleted, StateOf(agent), CoreOf(agent)));
        gate.SetResult();
        Assert.True(_world.Result(moved));
        Assert.Equal(1, CoreOf(agent));
    }

    /// <summary>An agent's context is the same object in all its turns: it goes with it.</summary>
    [Fact]
    public void Move_BetweenTwoAsynchronousTurns_TheSecondAsksFromTheNewCore()
    {
        AgentId answers = Kernel.Spawn(
            "answers", () => new Answerer<Over, Over>((in Over request, Context _) => new Over(request.Number + 1)),
            new SpawnOptions { Core = 2 });
        AskCapability<Over, Over> own = default;
        AgentId asks = Kernel.Spawn("asks", born =>
        {
            own = born.GrantAsk<Over, Over>(answers);
            return new Puppet();
        }, new SpawnOptions { Core = 0 });
        var order = new DoAsync(async (context, _) =>
        {
            Over reply = await context.AskAsync(own, new Over(_seen.Count)).ConfigureAwait(true);
            See(reply.Number);
        });
        Kernel.Grant<DoAsync>(asks).SendAll([order]);
        _world.Run();
        Move(asks, 1);
        Kernel.Grant<DoAsync>(asks).SendAll([order]);
        _world.Run();
        Assert.Equal([(1, 0), (2, 1)], _seen);
    }

    [Fact]
    public void Move_WhileAnOffloadIsUnderWay_WaitsForItsResult()
    {
        using var gate = new ManualResetEventSlim();
        AgentId agent = Kernel.Spawn("offloads", () => new Worker(this, gate), new SpawnOptions { Core = 0 });
        Kernel.Grant<Do>(agent).SendAll([new Do(static context => { })]);
        _world.Run();
        Task<bool> moved = Kernel.MoveAgentAsync(agent, 1);
        _world.Run();
        Assert.False(moved.IsCompleted);
        gate.Set();
        Assert.True(_world.Result(moved));
        Assert.Equal([(7, 0)], _seen);
    }

    private sealed class Worker(MoveTests test, ManualResetEventSlim gate)
        : Agent, IHandle<Do>, IHandle<int>, IHandle<OffloadFailed>
    {
        public void Handle(in Do message, Context context) => context.Offload(gate, static (gate, _) =>
        {
            gate.Wait();
            return 7;
        });

        public void Handle(in int message, Context context) => test.See(message);

        public void Handle(in OffloadFailed message, Context context) => test.See(-1);
    }
}
