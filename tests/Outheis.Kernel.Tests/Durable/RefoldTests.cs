using Outheis.Testing;
using Outheis.Tests.Journal;
using Xunit;

namespace Outheis.Tests.Durable;

/// <summary>What a durable agent begins with when its process was killed, or stopped, at an unlucky moment.</summary>
public sealed class RefoldTests
{
    private static readonly MessageCodecs Codecs =
        new MessageCodecs().Add<Deposit>().Add<Paid>().AddRequest<GetBalance, Ledger>().AddRequest<GetBalance, Money>();

    private readonly List<string> _calls = [];
    private readonly List<Paid> _paid = [];
    private SimulatedDisk _disk = new();
    private AgentId _agent;

    private StepKernel Start(int cores = 1, int snapshotEvery = 1000) =>
        new(cores: cores, disk: _disk, codecs: Codecs, snapshotEvery: snapshotEvery);

    private void Kill(StepKernel world)
    {
        DiskImage left = _disk.Snapshot();
        world.Abandon();
        _disk = SimulatedDisk.From(left);
    }

    private Capability<Deposit> SpawnTwice(StepKernel world, Func<int, ValueTask<long>> act)
    {
        AgentId sink = world.Kernel.Spawn(
            new Receiver<Paid>((in Paid paid, Context _) => _paid.Add(paid)), name: "sink");
        _agent = world.Kernel.Spawn("twice", who => new Twice(who.Grant<Paid>(sink), (name, key) =>
        {
            _calls.Add(key);
            return act(name);
        }));
        return world.Kernel.Grant<Deposit>(_agent);
    }

    private Ledger Ask(StepKernel world) =>
        world.Result(world.Kernel.GrantAsk<GetBalance, Ledger>(_agent).AskAsync(default));

    /// <summary>The newest message is finished while the agent goes on: until that is done it is not in a
    /// snapshot.</summary>
    [Fact]
    public void Kill_WhileAnOpenTurnIsBeingFinished_LosesNothingOfIt()
    {
        var never = new TaskCompletionSource<long>();
        StepKernel world = Start();
        SpawnTwice(world, name => name == 1 ? ValueTask.FromResult(1L) : new(never.Task)).SendAll([new Deposit(5)]);
        world.RunUntil(() => _calls.Count == 2);
        Kill(world);      // the first is done, the second in doubt; then the agent sends
        world = Start();
        SpawnTwice(world, _ => new(never.Task));
        world.RunUntil(() => _calls.Count == 3);      // the third effect is begun now
        Kill(world);
        world = Start();
        SpawnTwice(world, static _ => throw new InvalidOperationException("runs again"));
        Assert.Equal(new Ledger(5, 2, 0), Ask(world));
        Assert.Equal(3, _calls.Count);
        world.Stop();
        world = Start();
        SpawnTwice(world, static _ => throw new InvalidOperationException("runs again"));
        Assert.Equal(new Ledger(5, 2, 0), Ask(world));
        Assert.Single(Journals.ReadAll(_disk, out _),
            static entry => entry.Kind == JournalKind.Sent && entry.TypeName == nameof(Paid));
        world.Stop();
    }

    /// <summary>A stop does not wait for ever. What it cut off is finished by the next process.</summary>
    [Fact]
    public void Stop_InTheMiddleOfAnAsynchronousTurn_TheNextProcessFinishesIt()
    {
        var never = new TaskCompletionSource<long>();
        StepKernel world = Start();
        SpawnTwice(world, name => name == 1 ? ValueTask.FromResult(1L) : new(never.Task)).SendAll([new Deposit(5)]);
        world.RunUntil(() => _calls.Count == 2);
        world.Stop(TimeSpan.FromMilliseconds(100));
        Assert.Empty(_paid);
        world = Start();
        SpawnTwice(world, static _ => ValueTask.FromResult(1L));
        Assert.Equal(new Ledger(5, 1, 0), Ask(world));
        Assert.Equal(3, _calls.Distinct().Count());
        Assert.Equal([new Paid(5)], _paid);
        world.Stop();
    }

    /// <summary>In the journal's order a message from another core may come before the record that names its
    /// target.</summary>
    [Fact]
    public void Messages_FromALowerLaneThanTheirAgents_AreDeliveredAgainAndFolded()
    {
        StepKernel world = Start(cores: 2);
        Spawn(world).SendAll(Enumerable.Range(1, 10).Select(static i => new Deposit(2 * i)));
        world.Pass(0);      // sent on, by the first core; the second has taken nothing
        Kill(world);
        world = Start(cores: 2);
        Spawn(world);
        world.Run();
        Assert.Equal(Enumerable.Range(1, 10).Select(static i => new Paid(i)), _paid);
        Kill(world);
        world = Start(cores: 2);
        Spawn(world);
        world.Run();
        Assert.Equal(10, _paid.Count);
        world.Stop();

        Capability<Deposit> Spawn(StepKernel on)
        {
            AgentId sink = on.Kernel.Spawn(
                new Receiver<Paid>((in Paid paid, Context _) => _paid.Add(paid)), core: 1, name: "sink");
            AgentId account = on.Kernel.Spawn(
                "account", who => new Account(who.Grant<Paid>(sink)), new SpawnOptions { Core = 0 });
            on.Run();
            return on.Kernel.Grant<Deposit>(account);
        }
    }

    /// <summary>The host spawns an agent and sends to it while the core is between its control queue and what came from
    /// the host: the message is journaled before the core has heard of the agent.</summary>
    [Fact]
    public void Message_OfTheHostThatComesBeforeItsAgent_IsDeliveredAgain()
    {
        StepKernel world = Start();
        world.CoreAt(0).Post(new BetweenTheQueues(() => Spawn(world).SendAll([new Paid(7)])));
        world.Pass(0);
        Kill(world);
        Assert.Empty(_paid);
        world = Start();
        Spawn(world);
        world.Run();
        Assert.Equal([new Paid(7)], _paid);
        world.Stop();

        Capability<Paid> Spawn(StepKernel on) => on.Kernel.Grant<Paid>(on.Kernel.Spawn(
            new Receiver<Paid>((in Paid paid, Context _) => _paid.Add(paid)), name: "sink"));
    }

    [Fact]
    public void Clock_WhileThePastIsHandledOnceMore_IsThatOfThen()
    {
        Money first = default;
        for (int life = 0; life < 3; life++)
        {
            StepKernel world = Start();
            world.Time.AdvanceBy(TimeSpan.FromHours(life));
            AgentId account = world.Kernel.Spawn("account", static () => new Account());
            if (life == 0)
            {
                world.Kernel.Grant<Deposit>(account).SendAll([new Deposit(1)]);      // one: two cancel out
                world.Run();
            }

            Money now = world.Result(world.Kernel.GrantAsk<GetBalance, Money>(account).AskAsync(default));
            first = life == 0 ? now : first;
            Assert.Equal(first, now);
            Kill(world);
        }
    }

    /// <summary>It looks at the clock once, which is told once however often it does, and again after an
    /// await.</summary>
    [Fact]
    public void Clock_BeforeAndAfterAnAwait_IsThatOfThen()
    {
        var answer = new TaskCompletionSource<long>();
        StepKernel world = Start();
        SpawnWatch(world, _ => new(answer.Task)).SendAll([new Deposit(1)]);
        world.RunUntil(() => _calls.Count == 1);
        world.Time.AdvanceBy(TimeSpan.FromHours(1));
        answer.SetResult(1);
        world.Run();
        Ledger first = Ask(world);
        Assert.Equal((TimeSpan.FromHours(1).Ticks, 0), (first.Doubts - first.Paid, first.Failures - first.Paid));
        Kill(world);
        world = Start();
        world.Time.AdvanceBy(TimeSpan.FromHours(5));
        SpawnWatch(world, static _ => throw new InvalidOperationException("runs again"));
        Assert.Equal(first, Ask(world));
        world.Stop();
    }

    /// <summary>The process was killed while an agent awaited an answer that never came, and the handler does not
    /// expect that: it fails as it would have, and is tried again.</summary>
    [Fact]
    public void Kill_WhileItAwaitsAnAnswer_TheMessageIsTriedAgain()
    {
        StepKernel world = Start();
        SpawnAsker(world, answers: false).SendAll([new Deposit(5), new Deposit(6)]);
        world.RunUntil(() => _calls.Count == 1);
        Kill(world);
        for (int life = 0; life < 2; life++)
        {
            world = Start();
            SpawnAsker(world, answers: true);
            world.Run();
            Assert.Equal(new Ledger(11, 0, 0), Ask(world));
            Assert.Equal(3, _calls.Count);
            Kill(world);
        }
    }

    private Capability<Deposit> SpawnWatch(StepKernel world, Func<int, ValueTask<long>> act)
    {
        _agent = world.Kernel.Spawn("watch", () => new Watch(key =>
        {
            _calls.Add(key);
            return act(1);
        }));
        return world.Kernel.Grant<Deposit>(_agent);
    }

    private Capability<Deposit> SpawnAsker(StepKernel world, bool answers)
    {
        AgentId supervisor = world.Kernel.Spawn(new Restarter());
        AgentId bank = world.Kernel.Spawn("bank", () => new Bank(_calls, answers));
        _agent = world.Kernel.Spawn(
            "asker", who => new Asker(who.GrantAsk<GetBalance, Money>(bank)),
            new SpawnOptions { Supervisor = supervisor });
        return world.Kernel.Grant<Deposit>(_agent);
    }

    /// <summary>The clock that an agent sees while its newest message is finished is told, too.</summary>
    [Fact]
    public void Clock_OfAnotherAgentsTurn_IsNotThatOfAnAgentThatStarts()
    {
        using StepKernel world = Start();
        List<DateTimeOffset> seen = [];
        AgentId other = world.Kernel.Spawn(
            new Receiver<Deposit>((in Deposit _, Context context) => seen.Add(context.UtcNow)));
        world.Kernel.Grant<Deposit>(other).SendAll([new Deposit(1)]);
        world.Run();
        world.Time.AdvanceBy(TimeSpan.FromHours(1));
        world.Kernel.Spawn(new Starter(seen));
        world.Run();
        Assert.Equal(TimeSpan.FromHours(1), seen[1] - seen[0]);
    }

    private sealed class Starter(List<DateTimeOffset> seen) : Agent
    {
        protected internal override void OnStart(Context context) => seen.Add(context.UtcNow);
    }

    /// <summary>Acts twice, sends, acts once more.</summary>
    private sealed class Twice(Capability<Paid> onward, Func<int, string, ValueTask<long>> act)
        : DurableAgent<Ledger>(default), IHandleAsync<Deposit>, IAnswer<GetBalance, Ledger>
    {
        public async ValueTask HandleAsync(Deposit message, AgentContext context, CancellationToken cancellationToken)
        {
            Effect<long> first = await context.EffectAsync("first", (key, _) => act(1, key));
            Effect<long> second = await context.EffectAsync("second", (key, _) => act(2, key));
            await context.SendAsync(onward, new Paid(message.Cents), cancellationToken);
            Effect<long> third = await context.EffectAsync("third", (key, _) => act(3, key));
            State = new Ledger(
                State.Paid + message.Cents, State.Doubts + Doubt(first) + Doubt(second) + Doubt(third), 0);
        }

        public Ledger Answer(in GetBalance request, Context context) => State;

        private static int Doubt(Effect<long> effect) => effect.Outcome == EffectOutcome.InDoubt ? 1 : 0;
    }

    /// <summary>Looks at the clock twice, acts, looks once more.</summary>
    private sealed class Watch(Func<string, ValueTask<long>> act)
        : DurableAgent<Ledger>(default), IHandleAsync<Deposit>, IAnswer<GetBalance, Ledger>
    {
        public async ValueTask HandleAsync(Deposit message, AgentContext context, CancellationToken cancellationToken)
        {
            (long first, long second) = (context.UtcNow.UtcTicks, context.UtcNow.UtcTicks);
            await context.EffectAsync("act", (key, _) => act(key));
            State = new Ledger(first, context.UtcNow.UtcTicks, second);
        }

        public Ledger Answer(in GetBalance request, Context context) => State;
    }

    private sealed class Asker(AskCapability<GetBalance, Money> bank)
        : DurableAgent<Ledger>(default), IHandleAsync<Deposit>, IAnswer<GetBalance, Ledger>
    {
        public async ValueTask HandleAsync(Deposit message, AgentContext context, CancellationToken cancellationToken)
        {
            Money known = await context.AskAsync(bank, default, cancellationToken: cancellationToken);
            State = new Ledger(State.Paid + message.Cents + known.Cents, 0, 0);
        }

        public Ledger Answer(in GetBalance request, Context context) => State;
    }

    private sealed class Bank(List<string> calls, bool answers) : Agent, IAnswerAsync<GetBalance, Money>
    {
        public async ValueTask<Money> AnswerAsync(
            GetBalance request, AgentContext context, CancellationToken cancellationToken)
        {
            calls.Add("asked");
            await Task.Delay(answers ? TimeSpan.Zero : Timeout.InfiniteTimeSpan, cancellationToken);
            return default;
        }
    }

    private sealed class BetweenTheQueues(Action act) : KernelOp
    {
        public override void Run(Core core)
        {
            var host = new Thread(() => act());
            host.Start();
            host.Join();
        }
    }
}
