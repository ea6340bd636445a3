using Xunit;

namespace Outheis.Tests.Budgets;

public sealed partial class BudgetTests
{
    [Fact]
    public void Notify_SupervisorHearsOfItOnceInAPeriod()
    {
        var boss = new Boss();
        AgentId worker = Spawn(
            Make(new BudgetOptions { Messages = 2, WhenExhausted = WhenExhausted.Notify }),
            supervisor: _world.Kernel.Spawn(boss));
        Send(worker, 0, 5);
        AdvanceTo(50);
        Send(worker, 5, 1);
        AdvanceTo(99);
        var told = new BudgetExhausted(worker, "worker", 1, "budget", "messages");
        Assert.Equal([told], boss.Told);
        AdvanceTo(350);
        Assert.Equal([told, told], boss.Told);      // six messages: in three periods, the third used up by nobody
        Assert.Equal([2, 2, 2], PerPeriod());
        Assert.Empty(boss.Exits);
    }

    /// <summary>The level that is empty says what comes of it, not the one that the agent runs on.</summary>
    [Fact]
    public void Notify_OfAParent_NamesTheParent()
    {
        var boss = new Boss();
        Budget parent = Make(
            new BudgetOptions { Messages = 1, WhenExhausted = WhenExhausted.Notify }, name: "parent");
        AgentId worker = Spawn(Make(new BudgetOptions { Messages = 2 }, parent), supervisor: _world.Kernel.Spawn(boss));
        Send(worker, 0, 2);
        _world.Run();
        Assert.Equal("parent", Assert.Single(boss.Told).Budget);
    }

    /// <summary>It ends once in a period; the next incarnation has what waits, in the next one.</summary>
    [Fact]
    public void Stop_EndsTheIncarnationOnceInAPeriodAndTheNextIsThrottled()
    {
        var boss = new Boss { Restarts = true };
        AgentId worker = Spawn(
            Make(new BudgetOptions { Messages = 2, WhenExhausted = WhenExhausted.Stop }),
            supervisor: _world.Kernel.Spawn(boss));
        Send(worker, 0, 5);
        AdvanceTo(99);
        ExitSignal exit = Assert.Single(boss.Exits);
        var why = Assert.IsType<BudgetExhaustedException>(exit.Reason.Exception);
        Assert.Equal((1u, "budget", "messages"), (exit.Incarnation, why.Budget, why.Unit));
        Assert.True(InfoOf(worker) is { Incarnation: 2, IsThrottled: true, Queued: 3 });
        AdvanceTo(350);
        Assert.Equal(Enumerable.Range(0, 5), _handled.Select(static one => one.Number));
        Assert.Equal([2, 2, 1], PerPeriod());
        Assert.Equal(2, boss.Exits.Count);
    }

    /// <summary>One that awaits is throttled and answers; then it ends.</summary>
    [Fact]
    public void Stop_OfOneThatAwaits_WaitsUntilTheTurnIsOver()
    {
        AgentId worker = _world.Kernel.Spawn(
            "worker", () => new AsyncAnswerer<Load, Load>(async (request, context, _) =>
            {
                _world.Time.AdvanceBy(TimeSpan.FromMilliseconds(10));
                await context.Yield();
                return request;
            }), new SpawnOptions
            {
                Budget = Make(new BudgetOptions
                {
                    CoreTime = TimeSpan.FromMilliseconds(8), WhenExhausted = WhenExhausted.Stop,
                }),
            });
        Task<Load> ask = _world.Kernel.GrantAsk<Load, Load>(worker).AskAsync(new Load(7)).AsTask();
        _world.Run();
        Assert.Empty(_world.Failures);
        AdvanceTo(120);
        Assert.Equal(new Load(7), _world.Result(ask));
    }

    /// <summary>An agent cannot leave its budget by having others do its work.</summary>
    [Theory, InlineData(false), InlineData(true)]
    public void Spawn_InATurn_RunsOnTheMakersBudgetUnlessItHasOne(bool hasOne)
    {
        Budget budget = Make(new BudgetOptions { Messages = 3 });
        Budget? own = hasOne ? Make(new BudgetOptions(), name: "own") : null;
        SpawnCapability<int> right = default;
        AgentId maker = _world.Kernel.Spawn("maker", who =>
        {
            right = who.GrantSpawn<int>(
                "child", static (_, _) => new Puppet(), new SpawnOptions { Budget = own });
            return new Puppet();
        }, new SpawnOptions { Budget = budget });
        AgentId child = default;
        _world.Kernel.Do(maker, context => context.Spawn(right, 0, out child));
        _world.Run();
        Assert.Equal(hasOne ? "own" : "budget", InfoOf(child).Budget);
    }

    /// <summary>Nobody waits longer than for what it lacks: messages come in an hour, core time in a moment.</summary>
    [Fact]
    public void Resume_WhileItsMessagesWaitLonger_GoesOnOnceThereIsCoreTime()
    {
        Budget slow = _world.Kernel.CreateBudget(
            "slow", new BudgetOptions { Messages = 1, Period = TimeSpan.FromHours(1) });
        Budget budget = Make(new BudgetOptions { CoreTime = TimeSpan.FromMilliseconds(10) }, slow);
        AgentId agent = _world.Kernel.Spawn(
            "agent", static () => new Puppet { Reenters = Reentrancy.Always }, new SpawnOptions { Budget = budget });
        TaskCompletionSource first = new(), second = new();
        double ended = 0;
        _world.Kernel.DoAsync(agent, async _ =>
        {
            await first.Task;
            _world.Time.AdvanceBy(TimeSpan.FromMilliseconds(25));
            await second.Task;
            ended = _world.Time.Now.TotalMilliseconds;
        });
        _world.Kernel.DoAsync(agent, static _ => default);      // waits for the hour
        _world.Run();
        first.SetResult();
        _world.Run();
        Assert.True(InfoOf(agent).IsThrottled);
        second.SetResult();
        _world.Run();
        Assert.Equal(0, ended);      // it has taken more than is its
        AdvanceTo(1000);
        Assert.InRange(ended, 100, 300);
        Assert.True(InfoOf(agent).IsThrottled);
    }

    [Fact]
    public void CreateBudget_WhatCannotBeMeant_IsRefused()
    {
        Kernel kernel = _world.Kernel;
        using var other = new StepKernel();
        Budget foreign = other.Kernel.CreateBudget("foreign", new BudgetOptions());
        Assert.Throws<ArgumentException>(() => kernel.CreateBudget("x", new BudgetOptions(), foreign));
        Assert.Throws<ArgumentException>(() => Spawn(foreign));
        foreach (BudgetOptions wrong in new BudgetOptions[]
        {
            new() { Period = TimeSpan.Zero }, new() { CoreTime = TimeSpan.Zero }, new() { Messages = 0 },
            new() { JournalBytes = -1 }, new() { Units = new Dictionary<string, long> { ["tokens"] = 0 } },
            new() { Units = Enumerable.Range(0, 9).ToDictionary(static i => $"{i}", static _ => 1L) },
        })
        {
            Assert.Throws<ArgumentOutOfRangeException>(() => kernel.CreateBudget("x", wrong));
        }

        Budget? deepest = null;
        for (int i = 0; i < Limits.BudgetDepth; i++)
        {
            deepest = kernel.CreateBudget("x", new BudgetOptions(), deepest);
        }

        Assert.Throws<ArgumentOutOfRangeException>(() => kernel.CreateBudget("x", new BudgetOptions(), deepest));
        Assert.Equal(Limits.BudgetDepth, kernel.ListBudgets().Count);
    }

    private sealed class Boss : Agent, IHandle<BudgetExhausted>, IHandle<ExitSignal>
    {
        public List<BudgetExhausted> Told { get; } = [];

        public List<ExitSignal> Exits { get; } = [];

        public bool Restarts { get; init; }

        public void Handle(in BudgetExhausted message, Context context) => Told.Add(message);

        public void Handle(in ExitSignal message, Context context)
        {
            Exits.Add(message);
            if (Restarts)
            {
                context.Restart(message.Agent);
            }
        }
    }
}
