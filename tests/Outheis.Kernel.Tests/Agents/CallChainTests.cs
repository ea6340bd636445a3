using Xunit;

namespace Outheis.Tests;

/// <summary>Agents that are asked by whom they ask.</summary>
public sealed class CallChainTests : IDisposable
{
    private readonly StepKernel _world = new(5);
    private readonly List<string> _log = [];

    private Kernel Kernel => _world.Kernel;

    public void Dispose() => _world.Dispose();

    private AgentCell Cell(AgentId agent) => Kernel.Agents.Find(agent.Value)!;

    /// <summary>An agent that answers 1, and one that answers by asking it and adding 1.</summary>
    private (AgentId Agent, AskCapability<int, int> Back) Circle(Reentrancy reentrancy, int core, int steps)
    {
        AgentId first = Kernel.Spawn(
            new Answerer<int, int>((in int x, Context _) =>
            {
                _log.Add($"answers {x}");
                return x;
            })
            { Reenters = reentrancy }, core: 0);
        AgentId next = first;
        for (int i = 0; i < steps; i++)
        {
            AskCapability<int, int> to = default;
            AgentId middle = Kernel.Spawn(
                new AsyncAnswerer<int, int>(async (x, context, _) =>
                    await context.AskAsync(to, x, Timeout.InfiniteTimeSpan) + 1), core: core);
            to = Kernel.GrantAskTo<int, int>(middle, next);
            next = middle;
        }

        return (first, Kernel.GrantAskTo<int, int>(first, next));
    }

    [Theory, InlineData(0, 1), InlineData(1, 1), InlineData(1, 3)]
    public void CallChain_AskedByWhomItAsks_Answers(int core, int steps)
    {
        (AgentId agent, AskCapability<int, int> around) = Circle(Reentrancy.CallChain, core, steps);
        Kernel.DoAsync(agent, async context => _log.Add($"gets {await context.AskAsync(around, 1)}"));
        _world.Run();
        Assert.Equal(["answers 1", $"gets {1 + steps}"], _log);
        Assert.Equal(AgentState.Idle, Cell(agent).State);
    }

    [Fact]
    public void CallChain_ThroughAnAskOfTheHost_IsTheSameChain()
    {
        AskCapability<int, int> around = default;
        AgentId agent = Kernel.Spawn(
            new AsyncAnswerer<int, int>(async (x, context, _) => x == 0 ? 7 : await context.AskAsync(around, 0))
            { Reenters = Reentrancy.CallChain });
        AskCapability<int, int> back = default;
        AgentId middle = Kernel.Spawn(
            new AsyncAnswerer<int, int>((x, context, _) => context.AskAsync(back, x)), core: 1);
        (around, back) = (Kernel.GrantAskTo<int, int>(agent, middle), Kernel.GrantAskTo<int, int>(middle, agent));
        Assert.Equal(7, _world.Result(Kernel.GrantAsk<int, int>(agent).AskAsync(1)));
    }

    [Fact]
    public void NotReentrant_AskedByWhomItAsks_IsNotAndTheAskerHearsAtOnce()
    {
        (AgentId agent, AskCapability<int, int> around) = Circle(Reentrancy.None, 1, 1);
        Kernel.DoAsync(agent, async context =>
        {
            AskException failed = await Assert.ThrowsAsync<AskException>(async () => await context.AskAsync(around, 1));
            _log.Add($"{failed.Outcome}");
        });
        _world.Run();
        Assert.Equal(["Failed"], _log);      // whoever asked back heard of the deadlock, and threw
    }

    [Fact]
    public void CallChain_WhatIsOfNoChainOfItsOwn_WaitsForTheTurn()
    {
        var gate = new TaskCompletionSource();
        AskCapability<int, int> back = default;
        AgentId agent = Kernel.Spawn(
            new Answerer<int, int>((in int x, Context _) =>
            {
                _log.Add($"answers {x}");
                return x;
            })
            { Reenters = Reentrancy.CallChain }, core: 0);
        AgentId callee = Kernel.Spawn(
            new AsyncAnswerer<int, int>(async (x, context, _) =>
            {
                await gate.Task;
                return await context.AskAsync(back, x);
            }),
            core: 1);
        back = Kernel.GrantAskTo<int, int>(callee, agent);
        AskCapability<int, int> around = Kernel.GrantAskTo<int, int>(agent, callee);
        AgentId stranger = Kernel.Spawn(new Puppet(), core: 0);
        AskCapability<int, int> strange = Kernel.GrantAskTo<int, int>(stranger, agent);
        Kernel.DoAsync(agent, async context => _log.Add($"gets {await context.AskAsync(around, 1)}"));
        _world.Run();
        ValueTask<int> host = Kernel.GrantAsk<int, int>(agent).AskAsync(2);
        Kernel.Do(agent, _ => _log.Add("is told"));
        Kernel.DoAsync(stranger, async context => await context.AskAsync(strange, 3));
        _world.Run();
        Assert.Empty(_log);
        gate.SetResult();
        _world.Run();
        Assert.Equal("answers 1, gets 1", string.Join(", ", _log.Take(2)));
        Assert.Equal(["answers 2", "is told", "answers 3"], _log.Skip(2));
        Assert.Equal(2, _world.Result(host));
    }

    [Fact]
    public void CallChain_TheAskWasGivenUp_ItsRequestsComeInTheirTurn()
    {
        var gate = new TaskCompletionSource();
        (AgentId agent, AskCapability<int, int> around) = Circle(Reentrancy.CallChain, 1, 1);
        AskCapability<int, int> back = default;
        AgentId slow = Kernel.Spawn(
            new AsyncAnswerer<int, int>(async (x, context, _) =>
            {
                await gate.Task;
                return await context.AskAsync(back, x);
            }),
            core: 1);
        back = Kernel.GrantAskTo<int, int>(slow, agent);
        AskCapability<int, int> toSlow = Kernel.GrantAskTo<int, int>(agent, slow);
        var later = new TaskCompletionSource();
        Kernel.DoAsync(agent, async context =>
        {
            await Assert.ThrowsAsync<AskException>(
                async () => await context.AskAsync(toSlow, 9, TimeSpan.FromMilliseconds(20)));
            await later.Task;
            _log.Add("over");
        });
        _world.Run();
        _world.Advance(TimeSpan.FromMilliseconds(100));
        gate.SetResult();
        _world.Run();
        Assert.Empty(_log);
        later.SetResult();
        _world.Run();
        Assert.Equal(["over", "answers 9"], _log);
    }
}
