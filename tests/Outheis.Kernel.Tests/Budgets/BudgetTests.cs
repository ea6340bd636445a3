using Outheis.Testing;
using Xunit;

namespace Outheis.Tests.Budgets;

public readonly record struct Load(int Number);

/// <summary>What agents on a budget get to do and when, in time that stands still until it is advanced.</summary>
public sealed partial class BudgetTests : IDisposable
{
    private static readonly TimeSpan Period = TimeSpan.FromMilliseconds(100);

    private readonly StepKernel _world = new(capacity: 64);
    private readonly List<(string Name, int Number, double Ms)> _handled = [];
    private double _takes;      // a handler, in milliseconds

    public void Dispose() => _world.Dispose();

    private Budget Make(BudgetOptions options, Budget? parent = null, string name = "budget") =>
        _world.Kernel.CreateBudget(name, options with { Period = Period }, parent);

    private AgentId Spawn(Budget? budget, string name = "worker", int core = 0, AgentId supervisor = default) =>
        _world.Kernel.Spawn(
            name, () => new Receiver<Load>((in Load load, Context _) => Handle(name, load)),
            new SpawnOptions { Budget = budget, Core = core, Supervisor = supervisor });

    private void Handle(string name, Load load)
    {
        _handled.Add((name, load.Number, _world.Time.Now.TotalMilliseconds));
        _world.Time.AdvanceBy(TimeSpan.FromMilliseconds(_takes));
    }

    private void Send(AgentId to, int from, int count) =>
        _world.Kernel.Grant<Load>(to).SendAll(Enumerable.Range(from, count).Select(static i => new Load(i)));

    // By single milliseconds, so that what comes is seen when it comes.
    private void AdvanceTo(double ms)
    {
        while (_world.Time.Now.TotalMilliseconds < ms)
        {
            _world.Time.AdvanceTo(TimeSpan.FromMilliseconds(Math.Min(ms, _world.Time.Now.TotalMilliseconds + 1)));
            _world.Run();
        }
    }

    private AgentInfo InfoOf(AgentId agent) => _world.Kernel.ListAgents().Single(one => one.Id == agent);

    private BudgetUnitInfo UnitOf(string unit, string budget = "budget") =>
        _world.Kernel.ListBudgets().Single(one => one.Name == budget).Units.Single(one => one.Unit == unit);

    /// <summary>A turn that takes longer is paid back: ten milliseconds in a hundred, and forty were taken.</summary>
    [Fact]
    public void CoreTime_UsedUp_IsPaidBackBeforeTheNextTurn()
    {
        AgentId worker = Spawn(Make(new BudgetOptions { CoreTime = TimeSpan.FromMilliseconds(10) }));
        _takes = 4;
        Send(worker, 0, 10);
        _world.Run();
        Assert.Equal(10, _handled.Count);
        Assert.Equal(-300_000, UnitOf("core time").Left);
        Send(worker, 10, 1);
        AdvanceTo(399);
        Assert.Equal(10, _handled.Count);
        Assert.True(InfoOf(worker).IsThrottled);
        AdvanceTo(500);
        Assert.InRange(_handled[^1].Ms, 400, 402);
        Assert.False(InfoOf(worker).IsThrottled);
        Assert.Equal(440_000, UnitOf("core time").Spent);
    }

    [Fact]
    public void CoreTime_Left_IsNotAddedToTheNextPeriod()
    {
        AgentId worker = Spawn(Make(new BudgetOptions { CoreTime = TimeSpan.FromMilliseconds(10) }));
        AdvanceTo(950);
        _takes = 10;
        Send(worker, 0, 1);
        _world.Run();
        Send(worker, 1, 1);
        AdvanceTo(999);
        Assert.Single(_handled);
        AdvanceTo(1005);
        Assert.Equal(2, _handled.Count);
    }

    [Fact]
    public void Messages_UsedUp_TheRestComesInTheNextPeriodsInOrder()
    {
        AgentId worker = Spawn(Make(new BudgetOptions { Messages = 5 }));
        Send(worker, 0, 12);
        AdvanceTo(350);
        Assert.Equal(Enumerable.Range(0, 12), _handled.Select(static one => one.Number));
        Assert.Equal([5, 5, 2], PerPeriod());
        Assert.Equal(new BudgetUnitInfo("messages", 5, 5, 12), UnitOf("messages"));
    }

    /// <summary>Agents of several cores count in the budget that they share, and that in its parent.</summary>
    [Theory, InlineData(1), InlineData(2), InlineData(3), InlineData(4), InlineData(5)]
    public void Messages_SharedByCoresUnderAParent_AreNeverExceeded(int seed)
    {
        using var world = new StepKernel(seed, cores: 3);
        Budget top = world.Kernel.CreateBudget("top", new BudgetOptions { Messages = 70, Period = Period });
        var perBudget = new Dictionary<string, List<double>> { ["left"] = [], ["right"] = [] };
        int sent = 0;
        foreach ((string name, int limit) in new[] { ("left", 20), ("right", 60) })
        {
            var options = new BudgetOptions { Messages = limit, Period = Period };
            Budget budget = world.Kernel.CreateBudget(name, options, top);
            for (int core = 0; core < 3; core++, sent += 100)
            {
                AgentId agent = world.Kernel.Spawn(
                    name, () => new Receiver<Load>((in Load _, Context _) =>
                        perBudget[name].Add(world.Time.Now.TotalMilliseconds)),
                    new SpawnOptions { Budget = budget, Core = core });
                world.Kernel.Grant<Load>(agent).SendAll(Enumerable.Repeat(default(Load), 100));
            }
        }

        world.Advance(TimeSpan.FromSeconds(2));
        Assert.Equal(sent, perBudget.Values.Sum(static one => one.Count));
        Assert.All(perBudget["left"].CountBy(InPeriod), static one => Assert.InRange(one.Value, 1, 20));
        Assert.All(perBudget["right"].CountBy(InPeriod), static one => Assert.InRange(one.Value, 1, 60));
        int[] all = [.. perBudget.Values.SelectMany(static one => one).CountBy(InPeriod)
            .Select(static one => one.Value)];
        Assert.All(all, static one => Assert.InRange(one, 1, 70));
        Assert.True(all.Take(5).Sum() == 350, "the parent caps what its children would have");
    }

    [Fact]
    public void JournalBytes_UsedUp_AgentWaits()
    {
        using var world = new StepKernel(disk: new SimulatedDisk(), cores: 1);
        Budget budget = world.Kernel.CreateBudget(
            "budget", new BudgetOptions { JournalBytes = 400, Period = Period });
        AgentId sink = world.Kernel.Receive<Load>((in Load _, Context _) => { });
        int said = 0;
        AgentId agent = world.Kernel.Spawn("writer", who => new Writer(who.Grant<Load>(sink), () => said++),
            new SpawnOptions { Budget = budget });
        world.Kernel.Grant<Load>(agent).SendAll(Enumerable.Range(0, 20).Select(static i => new Load(i)));
        world.Run();
        Assert.Equal(20, said);      // of one turn
        BudgetUnitInfo bytes = world.Kernel.ListBudgets()[0].Units[2];
        Assert.InRange(bytes.Spent, 20 * 48, 20 * 128);
        Assert.Equal(400 - bytes.Spent, bytes.Left);
        world.Kernel.Grant<Load>(agent).SendAll([new Load(20)]);
        long periods = 1 + (-bytes.Left!.Value / 400);
        world.Advance((periods * Period) - TimeSpan.FromMilliseconds(5));
        Assert.Equal(20, said);
        world.Advance(TimeSpan.FromMilliseconds(10));
        Assert.Equal(21, said);
    }

    /// <summary>It costs nothing while it waits, and its channel takes messages until it is full.</summary>
    [Fact]
    public void Throttled_CoreSleepsUntilThePeriodAndTheChannelFills()
    {
        AgentId worker = Spawn(Make(new BudgetOptions { Messages = 1 }));
        Send(worker, 0, 2);
        _world.Run();
        Core core = _world.CoreAt(0);
        Assert.Equal((0, false), (_world.Pass(0), core.HasWork()));
        Assert.Equal(Period, core.SleepAtMost());
        long turns = core.Counters.Turns;
        Capability<Load> way = _world.Kernel.Grant<Load>(worker);
        int taken = 0;
        while (way.Send(new Load(2 + taken)) == SendResult.Sent)
        {
            taken++;
            _world.Run();
        }

        Assert.Equal(63, taken);      // one waits already
        Assert.Equal((turns, Period), (core.Counters.Turns, core.SleepAtMost()));
        Assert.Single(_handled);
        AdvanceTo(100);
        Assert.Equal(2, _handled.Count);
        Assert.Equal(SendResult.Sent, way.Send(new Load(65)));
    }

    /// <summary>Others of its core do not notice.</summary>
    [Fact]
    public void Throttled_OthersGoOn()
    {
        AgentId worker = Spawn(Make(new BudgetOptions { Messages = 1 })), other = Spawn(null, "other");
        Send(worker, 0, 10);
        Send(other, 0, 60);
        _world.Run();
        Assert.Equal(60, _handled.Count(static one => one.Name == "other"));
        Assert.Equal(1, _handled.Count(static one => one.Name == "worker"));
    }

    [Fact]
    public void Throttled_StoppedByTheHost_EndsAtOnce()
    {
        AgentId worker = Spawn(Make(new BudgetOptions { Messages = 1 }));
        Send(worker, 0, 3);
        _world.Run();
        _world.Wait(_world.Kernel.StopAgentAsync(worker));
        Assert.DoesNotContain(_world.Kernel.ListAgents(), one => one.Id == worker);
        Assert.Equal(2, _world.Kernel.DeadLetters.Total);
        AdvanceTo(250);
        Assert.Single(_handled);
    }

    /// <summary>What an agent awaits is no message: it goes on with none left. Its next message waits.</summary>
    [Fact]
    public void Messages_UsedUp_ATurnThatAwaitsGoesOn()
    {
        int steps = 0;
        AgentId worker = _world.Kernel.Spawn("worker", () => new AsyncReceiver<Load>(async (_, context, _) =>
        {
            await context.Yield();
            await context.Yield();
            steps++;
        }), new SpawnOptions { Budget = Make(new BudgetOptions { Messages = 1 }) });
        Send(worker, 0, 2);
        _world.Run();
        Assert.Equal(1, steps);
        AdvanceTo(100);
        Assert.Equal(2, steps);
    }

    /// <summary>With no time left it does not go on; a stop ends it all the same.</summary>
    [Fact]
    public void CoreTime_UsedUp_ATurnThatAwaitsWaitsUnlessItIsToStop()
    {
        int steps = 0;
        var ended = new List<ExitReason>();
        AgentId worker = _world.Kernel.Spawn("worker", () => new AsyncReceiver<Load>(async (_, context, _) =>
        {
            steps++;
            _world.Time.AdvanceBy(TimeSpan.FromMilliseconds(1000));
            await context.Yield();
            steps++;
        })
        { Stopped = ended.Add }, new SpawnOptions
        {
            Budget = Make(new BudgetOptions { CoreTime = TimeSpan.FromMilliseconds(1) }),
        });
        Send(worker, 0, 1);
        _world.Run();
        AdvanceTo(10_000);
        Assert.Equal((1, true), (steps, InfoOf(worker).IsThrottled));
        _world.Wait(_world.Kernel.StopAgentAsync(worker));
        _world.Run();
        Assert.Equal(2, steps);
        Assert.Equal([ExitReason.Shutdown], ended);
    }

    /// <summary>A stop waits for a period as for anything else, within its deadline.</summary>
    [Theory, InlineData(80, false), InlineData(1000, true)]
    public void Stop_WhileThrottled_WaitsUntilTheDeadline(int deadline, bool drains)
    {
        AgentId worker = Spawn(Make(new BudgetOptions { Messages = 2 }));
        Send(worker, 0, 5);
        _world.Run();
        StopReport report = _world.Stop(TimeSpan.FromMilliseconds(deadline));
        Assert.Equal((drains, drains ? 5 : 2), (report.Drained, _handled.Count));
        Assert.Equal(drains ? [] : [3], report.Undrained.Select(static one => one.Queued));
    }

    private int[] PerPeriod() =>
        [.. _handled.Select(static one => one.Ms).CountBy(InPeriod).Select(static one => one.Value)];

    private static int InPeriod(double ms) => (int)(ms / Period.TotalMilliseconds);

    private sealed class Writer(Capability<Load> to, Action said) : Agent, IHandle<Load>
    {
        public void Handle(in Load message, Context context)
        {
            said();
            context.Send(to, in message);
        }
    }
}
