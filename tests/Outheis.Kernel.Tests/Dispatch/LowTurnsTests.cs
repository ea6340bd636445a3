using Xunit;

namespace Outheis.Tests;

/// <summary>What classes below the default do between two looks at rings and ingress: nobody above them waits for
/// much of it.</summary>
public sealed class LowTurnsTests
{
    /// <summary>Always has something to do; counts the messages of its turns.</summary>
    private sealed class Busy(Core core) : Agent, IHandle<int>
    {
        private long _turn;

        public Capability<int> Self { get; set; }

        /// <summary>How many messages each had; the first and the last one may be cut off.</summary>
        public List<int> Turns { get; } = [];

        /// <summary>Happens once, in its next turn.</summary>
        public Action? Meanwhile { get; set; }

        public void Handle(in int message, Context context)
        {
            if (core.Counters.Turns != _turn)
            {
                _turn = core.Counters.Turns;
                Turns.Add(0);
            }

            Turns[^1]++;
            context.Send(Self, message);
            Action? once = Meanwhile;
            Meanwhile = null;
            once?.Invoke();
        }
    }

    /// <summary>Something comes to core 0, which a low class has to itself.</summary>
    private sealed class Scene : IDisposable
    {
        private readonly AgentId _peer;
        private readonly AgentId _target;

        public Scene(Qos peer, Qos target)
        {
            _peer = World.Kernel.Spawn(new Puppet(), 1, qos: peer);
            _target = World.Kernel.Spawn(new Answerer<int, int>((in int x, Context _) => x), 0, qos: target);
            World.Run();
            Busy = SpawnBusy(World, Qos.Background);
            World.Pass(0);
        }

        public StepKernel World { get; } = new(cores: 2);

        public Busy Busy { get; }

        /// <summary>How many turns there are in a pass in the first of which this happens.</summary>
        public long TurnsWhere(Action meanwhile)
        {
            Busy.Meanwhile = meanwhile;
            long before = World.CoreAt(0).Counters.Turns;
            World.Pass(0);
            Assert.Empty(World.Failures);
            return World.CoreAt(0).Counters.Turns - before;
        }

        public long TurnsWhereThePeerAsks()
        {
            AskCapability<int, int> ask = World.Kernel.GrantAskTo<int, int>(_peer, _target);
            World.Kernel.DoAsync(_peer, async context => await context.AskAsync(ask, 1));
            return TurnsWhere(PassOfPeer);
        }

        public long TurnsWhereThePeerSends()
        {
            Capability<Do> right = World.Kernel.GrantTo<Do>(_peer, _target);
            World.Kernel.Do(_peer, context =>
                Assert.Equal(SendResult.Sent, context.Send(right, new Do(static _ => { }))));
            return TurnsWhere(PassOfPeer);
        }

        public long TurnsWhereThePeerReplies()
        {
            AgentId callee = World.Kernel.Spawn(new Answerer<int, int>((in int x, Context _) => x), 1);
            AskCapability<int, int> ask = World.Kernel.GrantAskTo<int, int>(_target, callee);
            World.Kernel.DoAsync(_target, async context => await context.AskAsync(ask, 1));
            for (int i = 0; i < 10; i++)
            {
                World.Pass(0);      // asks
            }

            return TurnsWhere(PassOfPeer);
        }

        public long TurnsWhereSomebodyOutsideSends() => TurnsWhere(() =>
        {
            var outside = new Thread(() => World.Kernel.Do(_target, static _ => { }));
            outside.Start();
            outside.Join();
        });

        public void Dispose()
        {
            Busy.Self = default;
            World.Dispose();
        }

        // In the middle of one of the other core.
        private void PassOfPeer()
        {
            World.Pass(1);
            World.CoreAt(0).Enter();
        }
    }

    [Theory]
    [InlineData(Qos.Background, Qos.UserInteractive, 1)]
    [InlineData(Qos.Background, Qos.Default, 1)]
    [InlineData(Qos.UserInteractive, Qos.Utility, Limits.LowTurnsPerPass)]
    public void RunPass_APeerSends_LowTurnsEndIfItIsForTheDefaultClassOrAbove(Qos peer, Qos target, long turns)
    {
        using var scene = new Scene(peer, target);
        Assert.Equal(turns, scene.TurnsWhereThePeerSends());
    }

    [Theory, InlineData(Qos.Default, 1), InlineData(Qos.Utility, Limits.LowTurnsPerPass)]
    public void RunPass_APeerAsksALowAgent_LowTurnsEndIfItIsOfTheDefaultClassOrAbove(Qos peer, long turns)
    {
        using var scene = new Scene(peer, Qos.Background);
        Assert.Equal(turns, scene.TurnsWhereThePeerAsks());
    }

    [Theory, InlineData(Qos.Default, 1), InlineData(Qos.Utility, Limits.LowTurnsPerPass)]
    public void RunPass_SomethingComesFromOutside_LowTurnsEndIfItIsForTheDefaultClassOrAbove(Qos target, long turns)
    {
        using var scene = new Scene(Qos.Default, target);
        Assert.Equal(turns, scene.TurnsWhereSomebodyOutsideSends());
    }

    [Fact]
    public void RunPass_AReplyComes_LowTurnsEnd()
    {
        using var scene = new Scene(Qos.Background, Qos.Background);
        Assert.Equal(1, scene.TurnsWhereThePeerReplies());
    }

    /// <summary>Shares are counted in turns, so those of a share are whole.</summary>
    [Theory]
    [InlineData(Qos.Background, null, false, Limits.LowTurnMessages)]
    [InlineData(Qos.Background, null, true, Limits.LowTurnMessages)]
    [InlineData(Qos.Background, Qos.Utility, false, Limits.TurnMessages)]
    [InlineData(Qos.Background, Qos.UserInteractive, true, Limits.TurnMessages)]
    [InlineData(Qos.Default, null, false, Limits.TurnMessages)]
    public void Turn_OfALowClass_IsShortWhileNobodyOfAnotherClassWaits(
        Qos qos, Qos? beside, bool isOnBudget, int messages)
    {
        using var world = new StepKernel(cores: 1, fairShare: Limits.FairShareLeast);
        Busy busy = SpawnBusy(world, qos, isOnBudget);
        Busy? other = beside is { } of ? SpawnBusy(world, of) : null;
        for (int i = 0; i < 10; i++)
        {
            world.Pass(0);
        }

        Assert.InRange(busy.Turns.Count, 3, int.MaxValue);
        Assert.All(busy.Turns[1..^1], turn => Assert.Equal(messages, turn));
        busy.Self = default;
        other?.Self = default;
    }

    private static Busy SpawnBusy(StepKernel world, Qos qos, bool isOnBudget = false)
    {
        var busy = new Busy(world.CoreAt(0));
        Budget? budget = isOnBudget
            ? world.Kernel.CreateBudget("much", new BudgetOptions { Messages = 1_000_000 }) : null;
        AgentId id = world.Kernel.Spawn(
            null, () => busy, new SpawnOptions { Core = 0, Qos = qos, Budget = budget });
        busy.Self = world.Kernel.GrantTo<int>(id, id);
        world.Kernel.Grant<int>(id).SendAll(Enumerable.Range(0, 2 * Limits.TurnMessages));
        return busy;
    }
}
