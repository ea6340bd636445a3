using Xunit;

namespace Outheis.Tests;

/// <summary>Who asks raises whom it waits for (GC-08, SE-41).</summary>
public sealed class OverrideTests : IDisposable
{
    private const int Backlog = 10_000;
    private const int DefaultWork = 200_000;      // messages: fewer turns than the lowest band would need to drain

    private readonly StepKernel _world = new(17, capacity: 2 * Backlog);

    private Kernel Kernel => _world.Kernel;

    public void Dispose() => _world.Dispose();

    private readonly record struct Work(int Number);

    private Qos ClassOf(AgentId agent) => Kernel.ListAgents().Single(info => info.Id == agent).EffectiveQos;

    /// <summary>Asks and writes down what came of it.</summary>
    private AgentId Ask(AgentId callee, Qos qos, int core, List<object> outcomes, TimeSpan? timeout = null)
    {
        AgentId asker = Kernel.Spawn(new Puppet(), core, qos: qos);
        AskCapability<int, int> to = Kernel.GrantAskTo<int, int>(asker, callee);
        Kernel.DoAsync(asker, async (context, token) =>
        {
            try
            {
                outcomes.Add(await context.AskAsync(to, 1, timeout, token));
            }
            catch (AskException failed)
            {
                outcomes.Add(failed.Outcome);
            }
        });
        return asker;
    }

    /// <summary>Answers when the gate opens.</summary>
    private AgentId Gated(TaskCompletionSource gate, Qos qos = Qos.Background, int core = 0, AgentId boss = default) =>
        Kernel.Spawn(
            new AsyncAnswerer<int, int>(async (x, _, _) =>
            {
                await gate.Task;
                return x;
            }),
            core, qos: qos, supervisor: boss);

    /// <summary>Asks another one in order to answer.</summary>
    private AgentId Middle(AgentId callee, int core)
    {
        AskCapability<int, int> to = default;
        AgentId middle = Kernel.Spawn(
            new AsyncAnswerer<int, int>((x, context, _) => context.AskAsync(to, x)), core, qos: Qos.Background);
        to = Kernel.GrantAskTo<int, int>(middle, callee);
        return middle;
    }

    [Theory]
    [InlineData(0, Qos.UserInteractive), InlineData(1, Qos.UserInteractive)]
    [InlineData(0, Qos.Background), InlineData(1, Qos.Background)]      // an ask that overrides nothing
    [InlineData(0, null), InlineData(1, null)]                          // a send
    public void Ask_BusyBackgroundAgentBesideDefaultWork_AnswersBeforeThatIsDoneIfItOverrides(int core, Qos? asker)
    {
        bool isAsk = asker is not null, overrides = asker > Qos.Default;
        int left = DefaultWork, leftAtAnswer = -1;
        List<int> handled = [];
        AgentId callee = Kernel.Spawn(new BusyAnswerer(handled, () => leftAtAnswer = left), 0, qos: Qos.Background);
        Capability<Work> burden = Kernel.Grant<Work>(callee);
        for (int sent = 0; sent < Backlog; sent++)
        {
            while (burden.Send(new Work(sent)) != SendResult.Sent)
            {
                _world.CoreAt(0).DrainArrivals();      // without a turn for the callee
            }
        }

        for (int i = 0; i < 4; i++)
        {
            Capability<int> self = default;
            AgentId worker = Kernel.Receive(
                (in int x, Context context) =>
                {
                    if (--left > 0)
                    {
                        context.Send(self, x);
                    }
                },
                core: 0);
            self = Kernel.GrantTo<int>(worker, worker);
            Kernel.Grant<int>(worker).Send(1);
        }

        List<object> outcomes = [];
        if (asker is { } qos)
        {
            Ask(callee, qos, core, outcomes, Timeout.InfiniteTimeSpan);
        }
        else
        {
            AgentId sender = Kernel.Spawn(new Puppet(), core, qos: Qos.UserInteractive);
            Capability<Work> to = Kernel.GrantTo<Work>(sender, callee);
            Kernel.Do(sender, context => context.Send(to, new Work(Backlog)));
        }

        _world.Run();
        Assert.Equal(isAsk ? [2] : [], outcomes);
        Assert.Equal(Enumerable.Range(0, Backlog), handled.Where(static number => number < Backlog));
        Assert.True(
            overrides ? leftAtAnswer > DefaultWork / 2 : leftAtAnswer <= 0, $"{leftAtAnswer} left");
        Assert.Equal(Qos.Background, ClassOf(callee));
    }

    [Fact]
    public void Ask_CalleeWaitsForItsTurn_HasItNext()
    {
        List<int> handled = [];
        AgentId callee = Kernel.Spawn(new BusyAnswerer(handled, () => handled.Add(-1)), 0, qos: Qos.Background);
        AgentId[] others = [.. Enumerable.Range(100, 10).Select(
            number => Kernel.Receive((in int _, Context _) => handled.Add(number), 0))];
        _world.Run();
        Kernel.Grant<Work>(callee).Send(new Work(1));
        Array.ForEach(others, other => Kernel.Grant<int>(other).Send(0));
        List<object> outcomes = [];
        Ask(callee, Qos.UserInteractive, 0, outcomes);
        _world.Run();
        Assert.Equal([1, -1, .. Enumerable.Range(100, 10)], handled);
    }

    [Theory, InlineData(0), InlineData(1)]
    public void Ask_CalleeWaitsForOthers_RaisesTheWholeChainUntilItIsAnswered(int core)
    {
        var gate = new TaskCompletionSource();
        List<object> outcomes = [];
        AgentId last = Gated(gate, core: core);
        AgentId second = Middle(last, 1 - core);
        AgentId first = Middle(second, 0);
        AgentId low = Ask(first, Qos.Utility, 0, outcomes);
        _world.Run();
        Assert.All([first, second, last], agent => Assert.Equal(Qos.Utility, ClassOf(agent)));

        Ask(first, Qos.UserInteractive, 1, outcomes);
        _world.Run();
        Assert.All([first, second, last], agent => Assert.Equal(Qos.UserInteractive, ClassOf(agent)));
        Assert.Equal(Qos.Utility, ClassOf(low));

        gate.SetResult();
        _world.RunUntil(() => outcomes.Count == 2);
        _world.Run();
        Assert.All([first, second, last], agent => Assert.Equal(Qos.Background, ClassOf(agent)));
        AssertNothingIsOwed();
    }

    [Fact]
    public void Ask_ReplyCrossesWithTheRaise_TheCalleeFallsAgain()
    {
        List<object> outcomes = [];
        bool meets = false;
        AgentId callee = Kernel.Spawn(
            new Answerer<int, int>((in int x, Context _) =>
            {
                if (meets)
                {
                    meets = false;
                    _world.Pass(0);      // where the asker is raised, and says so
                    _world.CoreAt(1).Enter();
                }

                return x;
            }),
            core: 1, qos: Qos.Background);
        AgentId middle = Middle(callee, 0);
        Ask(middle, Qos.Background, 0, outcomes);
        while (_world.Pass(0) > 0)
        {
        }

        meets = true;
        ValueTask<int> reply = Kernel.GrantAsk<int, int>(middle, qos: Qos.UserInitiated).AskAsync(7);
        _world.Pass(1);
        Assert.Equal(1, _world.CoreAt(0).Counters.Raised);
        Assert.False(meets);
        Assert.Empty(outcomes);

        _world.Pass(1);      // the notice comes after the answer
        Assert.Equal(Qos.UserInitiated, ClassOf(callee));
        _world.Run();
        Assert.Equal([1], outcomes);
        Assert.Equal(7, _world.Result(reply));
        Assert.Equal(Qos.Background, ClassOf(callee));
        AssertNothingIsOwed();
    }

    [Fact]
    public void Ask_EndsWithoutAReply_TheCalleeFallsAgain()
    {
        List<object> outcomes = [];
        AgentId timesOut = Gated(new TaskCompletionSource());
        Ask(timesOut, Qos.UserInitiated, 1, outcomes, TimeSpan.FromSeconds(1));
        AgentId boss = Kernel.Spawn(new Restarter());
        AgentId throws = Kernel.Spawn(
            new Answerer<int, int>((in int _, Context _) => throw new InvalidOperationException("asked for")), 0,
            qos: Qos.Background, supervisor: boss);
        Ask(throws, Qos.UserInitiated, 0, outcomes);
        var gate = new TaskCompletionSource();
        AgentId ends = Gated(gate, boss: boss);
        AgentId asker = Ask(ends, Qos.UserInitiated, 0, outcomes, Timeout.InfiniteTimeSpan);
        _world.Run();
        Assert.Equal(Qos.UserInitiated, ClassOf(timesOut));
        Assert.Equal(Qos.Background, ClassOf(throws));
        Assert.Equal(Qos.UserInitiated, ClassOf(ends));

        _world.Advance(TimeSpan.FromSeconds(2));
        _world.Wait(Kernel.StopAgentAsync(asker));
        _world.Run();
        Assert.Equal(Qos.Background, ClassOf(timesOut));
        Assert.Equal(Qos.Background, ClassOf(ends));
        Assert.Equal([AskOutcome.Failed, AskOutcome.TimedOut], outcomes);
        AssertNothingIsOwed();
        gate.SetResult();
        _world.Run();
    }

    [Fact]
    public void Ask_QueuedAtAnAgentThatIsRestarted_StillRaisesIt()
    {
        List<object> outcomes = [];
        AgentId boss = Kernel.Spawn(new Listener());
        AgentId callee = Kernel.Spawn(new Fragile(), 0, qos: Qos.Background, supervisor: boss);
        Kernel.Grant<Work>(callee).Send(new Work(0));
        _world.Run();      // it has ended
        Ask(callee, Qos.UserInteractive, 1, outcomes);
        _world.Run();
        Assert.Equal(Qos.UserInteractive, ClassOf(callee));
        Assert.Empty(outcomes);

        Kernel.Do(boss, context => context.Restart(callee));
        _world.Run();
        Assert.Equal([1], outcomes);
        Assert.Equal(Qos.Background, ClassOf(callee));
        AssertNothingIsOwed();
    }

    [Fact]
    public void HostAsk_WithAClass_IsDoneInIt()
    {
        var gate = new TaskCompletionSource();
        AgentId callee = Gated(gate);
        ValueTask<int> plain = Kernel.GrantAsk<int, int>(callee).AskAsync(1);
        _world.Run();
        Assert.Equal(Qos.Default, ClassOf(callee));

        ValueTask<int> urgent = Kernel.GrantAsk<int, int>(callee, qos: Qos.UserInteractive).AskAsync(2);
        _world.Run();
        Assert.Equal(Qos.UserInteractive, ClassOf(callee));

        gate.SetResult();
        Assert.Equal(1, _world.Result(plain));
        Assert.Equal(2, _world.Result(urgent));
        Assert.Equal(Qos.Background, ClassOf(callee));
    }

    [Fact]
    public void Ask_HighOneGivenUpThenAMiddleOne_KeepsTheTurnThatItHad()
    {
        List<int> handled = [];
        AgentId callee = Kernel.Spawn(new BusyAnswerer(handled, () => handled.Add(-1)), 0, qos: Qos.Background);
        AgentId other = Kernel.Receive((in int number, Context _) => handled.Add(number), 0);
        _world.Run();
        Core core = _world.CoreAt(0);
        AgentCell cell = Kernel.Living(callee);
        Kernel.Grant<Work>(callee).Send(new Work(1));
        Kernel.Grant<int>(other).Send(100);
        core.DrainArrivals();
        core.Raise(cell, 1, Qos.UserInteractive);
        Core.EndOverride(cell, 1);
        core.Raise(cell, 2, Qos.Utility);
        Assert.Equal(Qos.Utility, ClassOf(callee));
        _world.Run();
        Core.EndOverride(cell, 2);
        Assert.Equal([1, 100], handled);
    }

    [Fact]
    public void HostAsk_GivenUpBeforeItCame_RaisesNobody()
    {
        AgentId boss = Kernel.Spawn(new Listener());
        AgentId callee = Kernel.Spawn(new Fragile(), 0, qos: Qos.Background, supervisor: boss);
        Kernel.Grant<Work>(callee).Send(new Work(0));
        _world.Run();      // it has ended, so what comes stays in its channel
        using var source = new CancellationTokenSource();
        ValueTask<int> reply = Kernel.GrantAsk<int, int>(callee, qos: Qos.UserInteractive).AskAsync(
            1, null, source.Token);
        source.Cancel();
        _world.Run();
        Assert.True(reply.IsCanceled);
        Assert.Equal(Qos.Background, ClassOf(callee));
        AssertNothingIsOwed();
    }

    [Fact]
    public void Ask_OfALowerClass_LowersNobody()
    {
        var gate = new TaskCompletionSource();
        List<object> outcomes = [];
        AgentId callee = Gated(gate, Qos.UserInitiated);
        Ask(callee, Qos.Background, 0, outcomes);
        _world.Run();
        Assert.Equal(Qos.UserInitiated, ClassOf(callee));
        AssertNothingIsOwed();
        gate.SetResult();
        _world.RunUntil(() => outcomes.Count == 1);
    }

    /// <summary>Two that wait for each other, and may, since they are reentrant.</summary>
    [Fact]
    public void Ask_AroundInACircle_RaisesEverybodyOnceAndEnds()
    {
        var gate = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        List<object> outcomes = [];
        AskCapability<int, int> on = default, back = default;
        AgentId first = Kernel.Spawn(
            new AsyncAnswerer<int, int>(async (x, context, _) =>
            {
                if (x > 0)
                {
                    return await context.AskAsync(on, x);
                }

                await gate.Task;
                return 7;
            })
            { Reenters = Reentrancy.Always },
            0, qos: Qos.Background);
        AgentId second = Kernel.Spawn(
            new AsyncAnswerer<int, int>((x, context, _) => context.AskAsync(back, x - 1))
            { Reenters = Reentrancy.Always },
            1, qos: Qos.Background);
        (on, back) = (Kernel.GrantAskTo<int, int>(first, second), Kernel.GrantAskTo<int, int>(second, first));
        Ask(first, Qos.Utility, 0, outcomes);
        Ask(first, Qos.UserInteractive, 1, outcomes);
        _world.Run();
        Assert.Equal((Qos.UserInteractive, Qos.UserInteractive), (ClassOf(first), ClassOf(second)));
        gate.SetResult();
        _world.RunUntil(() => outcomes.Count == 2);
        _world.Run();
        Assert.Equal([7, 7], outcomes);
        Assert.Equal(Qos.Background, ClassOf(first));
        Assert.Equal(Qos.Background, ClassOf(second));
        AssertNothingIsOwed();
    }

    [Fact]
    public void Qos_ThatThereIsNot_IsRefused()
    {
        AgentId agent = Gated(new TaskCompletionSource());
        Assert.Throws<ArgumentOutOfRangeException>(() => Kernel.Spawn(new Puppet(), qos: (Qos)5));
        Assert.Throws<ArgumentOutOfRangeException>(() => Kernel.GrantAsk<int, int>(agent, qos: (Qos)200));
        Assert.Empty(Kernel.ListCapabilities());
    }

    [Theory]
    [InlineData(Qos.Background, null, Qos.Background)]
    [InlineData(Qos.Background, Qos.UserInteractive, Qos.UserInteractive)]
    [InlineData(Qos.Default, Qos.Utility, Qos.Default)]
    [InlineData(Qos.UserInteractive, Qos.UserInteractive, Qos.UserInteractive)]
    [InlineData(Qos.Utility, Qos.Default, Qos.Default)]
    public void Effective_IsTheHigherOfOwnAndAsked(Qos own, Qos? asked, Qos effective) =>
        Assert.Equal(effective, QosRules.Effective(own, asked));

    private void AssertNothingIsOwed() => Assert.All(
        Kernel.Agents.Snapshot(), agent => Assert.Empty(agent.Overrides?.Asks ?? new Dictionary<ulong, Qos>()));

    private sealed class BusyAnswerer(List<int> handled, Action answered) : Puppet, IHandle<Work>, IAnswer<int, int>
    {
        public void Handle(in Work message, Context context)
        {
            handled.Add(message.Number);
            if (message.Number == Backlog)
            {
                answered();
            }
        }

        public int Answer(in int request, Context context)
        {
            answered();
            return 2 * request;
        }
    }

    private sealed class Fragile : Agent, IHandle<Work>, IAnswer<int, int>
    {
        public void Handle(in Work message, Context context) => throw new InvalidOperationException("asked for");

        public int Answer(in int request, Context context) => request;
    }
}
