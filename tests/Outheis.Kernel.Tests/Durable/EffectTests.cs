using Outheis.Testing;
using Outheis.Tests.Journal;
using Xunit;

namespace Outheis.Tests.Durable;

public readonly record struct Order(long Cents);

public readonly record struct Ledger(long Paid, long Doubts, long Failures);

/// <summary>Pays through the world outside.</summary>
public sealed class Payer(Func<string, ValueTask<long>> pay)
    : DurableAgent<Ledger>(default), IHandleAsync<Order>, IAnswer<GetBalance, Ledger>
{
    public async ValueTask HandleAsync(Order message, AgentContext context, CancellationToken cancellationToken)
    {
        Effect<long> paid = await context.EffectAsync("pay", (key, _) => pay(key));
        State = paid.Outcome switch
        {
            EffectOutcome.Done => State with { Paid = State.Paid + (paid.Value * message.Cents) },
            EffectOutcome.Failed => State with { Failures = State.Failures + 1 },
            _ => State with { Doubts = State.Doubts + 1 },
        };
    }

    public Ledger Answer(in GetBalance request, Context context) => State;
}

/// <summary>Pays, and may fail after it has.</summary>
public sealed class Careless(Func<bool> throws, Func<string, ValueTask<long>> pay)
    : DurableAgent<Ledger>(default), IHandleAsync<Order>, IAnswer<GetBalance, Ledger>
{
    public async ValueTask HandleAsync(Order message, AgentContext context, CancellationToken cancellationToken)
    {
        long paid = (await context.EffectAsync("pay", (_, _) => pay("pay"))).Required;
        await context.EffectAsync("fee", (_, _) => pay("fee"));
        if (throws()) throw new InvalidOperationException("it has paid");
        await context.EffectAsync("tip", (_, _) => pay("tip"));
        State = State with { Paid = State.Paid + (paid * message.Cents) };
    }

    public Ledger Answer(in GetBalance request, Context context) => State;
}

/// <summary>Fails after it has paid; the next time it asks first, and is not answered.</summary>
public sealed class TwoStep(int attempt, List<string> calls)
    : DurableAgent<Ledger>(default), IHandleAsync<Order>, IAnswer<GetBalance, Ledger>
{
    public async ValueTask HandleAsync(Order message, AgentContext context, CancellationToken cancellationToken)
    {
        if (attempt > 1)
        {
            Effect<long> asked = await context.EffectAsync("ask first", async (_, _) =>
            {
                calls.Add("ask first");
                return await new TaskCompletionSource<long>().Task;
            });
            State = State with { Doubts = State.Doubts + (asked.Outcome == EffectOutcome.InDoubt ? 1 : 0) };
        }

        Effect<long> paid = await context.EffectAsync("pay", (_, _) =>
        {
            calls.Add("pay");
            return ValueTask.FromResult(1L);
        });
        if (attempt == 1) throw new InvalidOperationException("it has paid");
        State = State with { Paid = State.Paid + (paid.Required * message.Cents) };
    }

    public Ledger Answer(in GetBalance request, Context context) => State;
}

/// <summary>An effect runs once, whatever happens to the process; what came of it is told again.</summary>
public sealed class EffectTests
{
    private static readonly MessageCodecs Codecs =
        new MessageCodecs().Add<Order>().AddRequest<GetBalance, Ledger>();

    private readonly List<string> _calls = [];
    private SimulatedDisk _disk = new();
    private AgentId _payer;

    private StepKernel Start(Durability durability = Durability.Buffered) =>
        new(cores: 1, disk: _disk, codecs: Codecs, durability: durability);

    private Capability<Order> Spawn(StepKernel world, Func<ValueTask<long>> pay)
    {
        _payer = world.Kernel.Spawn("payer", () => new Payer(key =>
        {
            _calls.Add(key);
            return pay();
        }));
        return world.Kernel.Grant<Order>(_payer);
    }

    private Ledger Ask(StepKernel world) =>
        world.Result(world.Kernel.GrantAsk<GetBalance, Ledger>(_payer).AskAsync(default));

    private void Go(StepKernel world, DiskImage left)
    {
        world.Abandon();
        _disk = SimulatedDisk.From(left);
    }

    [Fact]
    public void Outcome_AfterAKill_IsReturnedAndNothingRuns()
    {
        StepKernel world = Start();
        Spawn(world, static () => ValueTask.FromResult(2L)).SendAll([new Order(5), new Order(7)]);
        world.Run();
        Assert.Equal(new Ledger(24, 0, 0), Ask(world));
        Assert.Equal(2, _calls.Distinct().Count());
        Go(world, _disk.Snapshot());
        world = Start();
        Spawn(world, static () => throw new InvalidOperationException("runs again"));
        world.Run();
        Assert.Equal(new Ledger(24, 0, 0), Ask(world));
        Assert.Equal(2, _calls.Count);
        world.Stop();
    }

    [Fact]
    public void Failure_IsAnOutcomeTooAndToldAgain()
    {
        StepKernel world = Start();
        Spawn(world, static () => throw new TimeoutException("no answer")).SendAll([new Order(5)]);
        world.Run();
        Assert.Equal(new Ledger(0, 0, 1), Ask(world));
        Go(world, _disk.Snapshot());
        world = Start();
        Spawn(world, static () => ValueTask.FromResult(1L));
        Assert.Equal(new Ledger(0, 0, 1), Ask(world));
        Assert.Single(_calls);
        world.Stop();
    }

    [Theory, InlineData(Durability.Buffered, false), InlineData(Durability.Durable, true)]
    public void Intent_WithoutOutcome_IsInDoubtOnceAndForEverAndNeverRunsAgain(Durability durability, bool cutsPower)
    {
        StepKernel world = Start(durability);
        var never = new TaskCompletionSource<long>();
        Spawn(world, () => new ValueTask<long>(never.Task)).SendAll([new Order(5)]);
        world.RunUntil(() => _calls.Count == 1);
        Go(world, cutsPower ? _disk.PowerCutLosingAll() : _disk.Snapshot());
        for (int life = 0; life < 3; life++)
        {
            world = Start(durability);
            Spawn(world, static () => ValueTask.FromResult(1L));
            world.Run();
            Assert.Equal(new Ledger(0, 1, 0), Ask(world));
            Assert.Single(_calls);
            if (life == 0)
            {
                Go(world, _disk.Snapshot());
            }
            else
            {
                world.Stop();
            }
        }
    }

    [Fact]
    public void Key_WithoutAJournal_IsAnotherForEachEffect()
    {
        using var world = new StepKernel(cores: 1);
        Spawn(world, static () => ValueTask.FromResult(1L)).SendAll([new Order(1), new Order(2), new Order(3)]);
        world.Run();
        Assert.Equal(3, _calls.Distinct().Count());
    }

    /// <summary>A handler that throws after it has paid, and the message that comes again, in this process and in the
    /// next ones.</summary>
    [Fact]
    public void Outcome_OfAnAttemptThatFailed_IsToldAgainAndNothingRunsTwice()
    {
        bool throws = true;
        StepKernel world = Start();
        SpawnCareless(world, () => throws, Pay).SendAll([new Order(5)]);
        world.Run();
        Assert.Equal(["pay", "fee"], _calls);
        Go(world, _disk.Snapshot());
        throws = false;
        for (int life = 0; life < 3; life++)
        {
            world = Start();
            SpawnCareless(world, () => throws, Pay);
            world.Run();
            Assert.Equal(new Ledger(5, 0, 0), Ask(world));
            Assert.Equal(["pay", "fee", "tip"], _calls);
            Go(world, _disk.Snapshot());
        }

        ValueTask<long> Pay(string key)
        {
            _calls.Add(key);
            return ValueTask.FromResult(1L);
        }
    }

    /// <summary>The process is killed while it pays; what is in doubt makes the handler throw each time.</summary>
    [Fact]
    public void Doubt_ThatMakesTheHandlerThrow_StaysInDoubtUntilAPersonDecides()
    {
        var never = new TaskCompletionSource<long>();
        StepKernel world = Start();
        SpawnCareless(world, static () => false, Pay).SendAll([new Order(5)]);
        world.RunUntil(() => _calls.Count == 1);
        Go(world, _disk.Snapshot());
        for (int life = 0; life < 4; life++)
        {
            world = Start();
            SpawnCareless(world, static () => false, Pay);
            world.Run();
            Assert.Equal(["pay"], _calls);
            Go(world, _disk.Snapshot());
        }

        ValueTask<long> Pay(string key)
        {
            _calls.Add(key);
            return new ValueTask<long>(never.Task);
        }
    }

    /// <summary>An attempt that paid and threw, one that was cut off by a kill before it came to that, and the rest of
    /// it in the next process.</summary>
    [Fact]
    public void Outcome_OfAnAttemptThatFailed_IsToldAgainToOneThatWasCutOff()
    {
        int attempts = 0;
        StepKernel world = Start();
        SpawnTwoStep(world).SendAll([new Order(5)]);
        world.RunUntil(() => _calls.Count == 2);
        Go(world, _disk.Snapshot());
        for (int life = 0; life < 2; life++)
        {
            world = Start();
            SpawnTwoStep(world);
            world.Run();
            Assert.Equal(new Ledger(5, 1, 0), Ask(world));
            Assert.Equal(["pay", "ask first"], _calls);
            Go(world, _disk.Snapshot());
        }

        Capability<Order> SpawnTwoStep(StepKernel on)
        {
            AgentId supervisor = on.Kernel.Spawn(new Restarter());
            _payer = on.Kernel.Spawn(
                "payer", () => new TwoStep(++attempts, _calls), new SpawnOptions { Supervisor = supervisor });
            return on.Kernel.Grant<Order>(_payer);
        }
    }

    private Capability<Order> SpawnCareless(
        StepKernel world, Func<bool> throws, Func<string, ValueTask<long>> pay)
    {
        AgentId supervisor = world.Kernel.Spawn(new Restarter());
        _payer = world.Kernel.Spawn(
            "payer", () => new Careless(throws, pay), new SpawnOptions { Supervisor = supervisor });
        return world.Kernel.Grant<Order>(_payer);
    }

    [Fact]
    public void Outcome_OfAnEffectThatTakesLong_GoesIntoTheStateOnce()
    {
        StepKernel world = Start();
        var slow = new TaskCompletionSource<long>();
        Capability<Order> to = Spawn(world, () => new ValueTask<long>(slow.Task));
        to.SendAll([new Order(3)]);
        world.RunUntil(() => _calls.Count == 1);
        slow.SetResult(10);
        world.RunUntil(() => world.Kernel.ListAgents().Single(a => a.Id == _payer).State == AgentState.Idle);
        Assert.Equal(30, Ask(world).Paid);
        world.Stop();
    }

    [Fact]
    public void Rebuild_AtEachMessage_IsTheStateThatItLeft()
    {
        StepKernel world = Start();
        Dictionary<long, long> paidAt = [];
        Capability<Order> to = Spawn(world, static () => ValueTask.FromResult(1L));
        for (int i = 1; i <= 20; i++)
        {
            world.Time.AdvanceBy(TimeSpan.FromMilliseconds(10));
            to.SendAll([new Order(i)]);
            world.Run();
            JournalEntry order = Journals.ReadAll(_disk, out _).Last(entry => entry.TypeName == nameof(Order)
                && entry.Kind == JournalKind.Sent);
            paidAt[order.Position] = Ask(world).Paid;
        }

        int calls = _calls.Count;
        foreach ((long position, long paid) in paidAt)
        {
            Assert.Equal(paid, world.Result(world.Kernel.RebuildAsync<Ledger>(_payer, position)).Paid);
        }

        Assert.Equal(calls, _calls.Count);
        Assert.Throws<ArgumentException>(() => world.Result(world.Kernel.RebuildAsync<Ledger>(_payer, 123)));
        Assert.Throws<ArgumentException>(
            () => world.Result(world.Kernel.RebuildAsync<long>(_payer, paidAt.Keys.First())));
        world.Stop();
        world = Start();
        Spawn(world, static () => ValueTask.FromResult(1L));
        world.Run();
        (long ofTheRunBefore, long paidThen) = paidAt.ElementAt(7);
        Assert.Equal(paidThen, world.Result(world.Kernel.RebuildAsync<Ledger>(_payer, ofTheRunBefore)).Paid);
        world.Stop();
    }

    [Fact]
    public void Rebuild_AtATime_IsTheStateOfThen()
    {
        using StepKernel world = Start();
        Capability<Order> to = Spawn(world, static () => ValueTask.FromResult(1L));
        world.Run();
        List<(DateTimeOffset Time, long Paid)> states = [];
        for (int i = 1; i <= 10; i++)
        {
            world.Advance(TimeSpan.FromMilliseconds(20));
            to.SendAll([new Order(i)]);
            world.Run();
            world.Advance(TimeSpan.FromMilliseconds(20));
            states.Add((world.Time.GetUtcNow(), Ask(world).Paid));
            world.Advance(TimeSpan.FromMilliseconds(20));
        }

        Assert.Equal(
            states.Select(static s => s.Paid),
            states.Select(s => world.Result(world.Kernel.RebuildAsync<Ledger>(_payer, s.Time)).Paid));
    }
}
