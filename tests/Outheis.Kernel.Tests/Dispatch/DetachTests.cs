using Xunit;

namespace Outheis.Tests;

/// <summary>What a core has when a turn that was set aside is back, step by step.</summary>
public sealed class DetachTests : IDisposable
{
    private readonly record struct Go(int Number);

    private readonly StepKernel _kernel = new(cores: 2, capacity: 100);

    private Core Core => _kernel.CoreAt(0);

    private AgentId Spawn(Func<Endowment, Agent> factory, int core = 0) =>
        _kernel.Kernel.Spawn(null, factory, new SpawnOptions { Core = core });

    // As another thread would that has taken the core.
    private void WithoutThisTurn(Action? what = null)
    {
        SynchronizationContext? own = SynchronizationContext.Current;
        SynchronizationContext.SetSynchronizationContext(null);
        DetachedTurn turn = Core.Detach();
        what?.Invoke();
        while (Core.RunPass() > 0)
        {
        }

        Core.Attach(turn);
        Outheis.Core.FireTokens(turn);
        SynchronizationContext.SetSynchronizationContext(own);
    }

    private sealed class Async(DetachTests test, bool detaches) : Agent, IHandleAsync<Go>
    {
        public readonly List<(AgentId Sender, ulong Badge, uint Chain)> Seen = [];

        public async ValueTask HandleAsync(Go message, AgentContext context, CancellationToken cancellationToken)
        {
            Note();
            for (int i = 0; i < 2; i++)
            {
                await context.Yield();
                Note();
                if (detaches)
                {
                    test.WithoutThisTurn();
                    Note();
                }
            }
        }

        private void Note()
        {
            ref readonly Message current = ref test.Core.Handling;
            Seen.Add((new AgentId(current.Sender), current.Badge, current.Chain));
        }
    }

    [Fact]
    public void Attach_AfterTurnsThatResumedToo_HasItsMessage()
    {
        Async blocked = null!, other = null!;
        AgentId[] ids =
        [
            Spawn(_ => blocked = new Async(this, detaches: true)), Spawn(_ => other = new Async(this, detaches: false)),
        ];
        for (int i = 0; i < ids.Length; i++)
        {
            _kernel.Kernel.Grant<Go>(ids[i], badge: (ulong)i + 1).Send(new Go(i));
        }

        _kernel.Run();

        Assert.Equal((5, 3), (blocked.Seen.Count, other.Seen.Count));
        Assert.Single(blocked.Seen.Distinct());
        Assert.Single(other.Seen.Distinct());
        Assert.Equal((1ul, 2ul), (blocked.Seen[0].Badge, other.Seen[0].Badge));
    }

    private sealed class Burst(DetachTests test, Capability<Go> to) : Agent, IHandle<Go>
    {
        public void Handle(in Go message, Context context)
        {
            for (int i = 0; i < 7; i++)
            {
                Assert.Equal(SendResult.Sent, context.Send(to, new Go(i)));
            }

            if (message.Number == 1)
            {
                test.WithoutThisTurn();
                Assert.Equal(SendResult.Sent, context.Send(to, new Go(7)));
            }
        }
    }

    private sealed class Sink : Agent, IHandle<Go>
    {
        public readonly List<int> Numbers = [];

        public void Handle(in Go message, Context context) => Numbers.Add(message.Number);
    }

    [Fact]
    public void Attach_WithReservedCredits_GivesThemBackWhenItEnds()
    {
        var sink = new Sink();
        AgentId far = Spawn(_ => sink, core: 1);
        AgentId[] senders = [.. Enumerable.Range(0, 2).Select(
            _ => Spawn(endowment => new Burst(this, endowment.Grant<Go>(far))))];
        _kernel.Kernel.Grant<Go>(senders[0]).Send(new Go(1));
        _kernel.Kernel.Grant<Go>(senders[1]).Send(new Go(0));

        _kernel.Run();

        AgentCell target = _kernel.Kernel.Agents.Find(far.Value)!;
        Assert.Equal(15, sink.Numbers.Count);
        Assert.Equal(100, target.Credits.Free);
    }

    private sealed class Poster : Agent, IHandleAsync<Go>
    {
        public SynchronizationContext? Home;

        public ValueTask HandleAsync(Go message, AgentContext context, CancellationToken cancellationToken)
        {
            Home = SynchronizationContext.Current;
            return default;
        }
    }

    [Fact]
    public void StopAgent_WhatWasPostedToItBlocks_EndsItAfterwards()
    {
        var poster = new Poster();
        AgentId id = Spawn(_ => poster);
        _kernel.Kernel.Grant<Go>(id).Send(new Go(0));
        _kernel.Run();
        AgentCell cell = _kernel.Kernel.Agents.Find(id.Value)!;
        AgentState? meanwhile = null;
        poster.Home!.Post(
            _ =>
            {
                WithoutThisTurn(() => Core.Post(new LifecycleOp(cell, restart: false)));
                meanwhile = cell.State;
            },
            null);

        _kernel.Run();

        Assert.Equal((AgentState.Running, AgentState.Dead), (meanwhile, cell.State));
    }

    private sealed class Doer : Agent, IHandle<Go>
    {
        public Action<int> Act = static _ => { };
        public readonly List<int> Numbers = [];

        public void Handle(in Go message, Context context)
        {
            Numbers.Add(message.Number);
            Act(message.Number);
        }
    }

    [Fact]
    public void Suspend_WhileItsHandlerBlocks_HandlesNoFurtherMessage()
    {
        var doer = new Doer();
        AgentId id = Spawn(_ => doer);
        AgentCell cell = _kernel.Kernel.Agents.Find(id.Value)!;
        doer.Act = number =>
        {
            if (number == 0)
            {
                WithoutThisTurn(() => Core.Post(new SuspendOp(cell, resumes: false)));
            }
        };
        for (int i = 0; i < 3; i++)
        {
            _kernel.Kernel.Grant<Go>(id).Send(new Go(i));
        }

        _kernel.Run();
        Assert.Equal([0], doer.Numbers);
        Assert.Equal(AgentState.Suspended, cell.State);

        Core.Post(new SuspendOp(cell, resumes: true));
        _kernel.Run();
        Assert.Equal([0, 1, 2], doer.Numbers);
    }

    [Fact]
    public void Exclusion_WhileAHandlerOfItBlocks_KeepsTheOthersOut()
    {
        Exclusion exclusion = _kernel.Kernel.OpenExclusion("one at a time", core: 0);
        Doer[] doers = [new Doer(), new Doer()];
        AgentId[] ids = [.. doers.Select(doer => _kernel.Kernel.Spawn(
            null, () => doer, new SpawnOptions { Exclusion = exclusion }))];
        int[]? meanwhile = null;
        doers[0].Act = number =>
        {
            if (number == 0)
            {
                WithoutThisTurn();
                meanwhile = [.. doers[1].Numbers];
            }
        };
        _kernel.Kernel.Grant<Go>(ids[0]).Send(new Go(0));
        _kernel.Kernel.Grant<Go>(ids[1]).Send(new Go(1));

        _kernel.Run();

        Assert.Empty(meanwhile!);
        Assert.Equal([1], doers[1].Numbers);
    }

    [Fact]
    public void Budget_WhileItsHandlerBlocks_CountsItsOwnMessagesAlone()
    {
        Budget budget = _kernel.Kernel.CreateBudget(
            "few", new BudgetOptions { Period = TimeSpan.FromSeconds(1), Messages = 10 });
        var counted = new Doer();
        var other = new Doer();
        AgentId ours = _kernel.Kernel.Spawn(null, () => counted, new SpawnOptions { Core = 0, Budget = budget });
        AgentId theirs = Spawn(_ => other);
        counted.Act = number =>
        {
            if (number == 0)
            {
                WithoutThisTurn();
            }
        };
        _kernel.Kernel.Grant<Go>(ours).Send(new Go(0));
        for (int i = 0; i < 8; i++)
        {
            _kernel.Kernel.Grant<Go>(theirs).Send(new Go(i));
        }

        _kernel.Run();

        Assert.Equal((1, 8), (counted.Numbers.Count, other.Numbers.Count));
        Assert.Equal(9, _kernel.Kernel.ListBudgets().Single().Units[1].Left);      // messages
    }

    public void Dispose() => _kernel.Dispose();
}
