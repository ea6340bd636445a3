using Xunit;

namespace Outheis.Tests;

/// <summary>What a reentrant agent begins while its turns await, and how those end.</summary>
public sealed class ReentrancyTests : IDisposable
{
    private readonly StepKernel _world = new(5);
    private readonly List<string> _log = [];

    private Kernel Kernel => _world.Kernel;

    public void Dispose() => _world.Dispose();

    private AgentCell Cell(AgentId agent) => Kernel.Agents.Find(agent.Value)!;

    [Theory, InlineData(Reentrancy.Always), InlineData(Reentrancy.CallChain)]
    public void Ask_OfItself_IsAnswered(Reentrancy reentrancy)
    {
        AgentId agent = Kernel.Spawn(
            new Answerer<int, int>((in int x, Context _) => x + 1) { Reenters = reentrancy });
        AskCapability<int, int> self = Kernel.GrantAskTo<int, int>(agent, agent);
        Kernel.DoAsync(agent, async context => _log.Add($"{await context.AskAsync(self, 1)}"));
        _world.Run();
        Assert.Equal(["2"], _log);
    }

    [Fact]
    public void Always_TurnsThatAwait_EachHasItsOwnContext()
    {
        var gates = new Dictionary<int, TaskCompletionSource>();
        AgentId agent = Kernel.Spawn(
            new AsyncAnswerer<int, (ulong, AgentId)>(async (x, context, token) =>
            {
                gates[x] = new TaskCompletionSource();
                await gates[x].Task;
                await context.Yield();
                Assert.False(token.IsCancellationRequested);
                return (context.Badge, context.Sender);
            })
            { Reenters = Reentrancy.Always }, core: 0);
        List<(AgentId Asker, int Number)> right = [];
        for (int i = 1; i <= 5; i++)
        {
            int number = i;
            AgentId asker = Kernel.Spawn(new Puppet(), core: i % 2);
            AskCapability<int, (ulong, AgentId)> to =
                Kernel.GrantAskTo<int, (ulong, AgentId)>(asker, agent, badge: (ulong)i);
            Kernel.DoAsync(asker, async context =>
            {
                Assert.Equal(((ulong)number, asker), await context.AskAsync(to, number));
                right.Add((asker, number));
            });
        }

        _world.Run();
        Assert.Equal(5, gates.Count);
        foreach (int number in (int[])[4, 1, 5, 3, 2])
        {
            gates[number].SetResult();
            _world.Run();
        }

        Assert.Equal([4, 1, 5, 3, 2], right.Select(static done => done.Number));
        Assert.Empty(_world.Failures);
        Assert.Equal(AgentState.Idle, Cell(agent).State);
    }

    [Fact]
    public void Always_AtTheBound_TheNextOneWaitsInTheChannel()
    {
        var gates = new List<TaskCompletionSource>();
        AgentId agent = Kernel.Spawn(
            new AsyncReceiver<int>(async (x, _, _) =>
            {
                var gate = new TaskCompletionSource();
                gates.Add(gate);
                await gate.Task;
                _log.Add($"{x}");
            })
            { Reenters = Reentrancy.Always });
        Kernel.Grant<int>(agent).SendAll(Enumerable.Range(0, Limits.TurnsInFlight + 2));
        _world.Run();
        Assert.Equal((Limits.TurnsInFlight, 2), (gates.Count, Cell(agent).Inbox.Count));
        Assert.Equal(AgentState.Waiting, Cell(agent).State);
        gates[3].SetResult();
        _world.Run();
        Assert.Equal((Limits.TurnsInFlight + 1, 1), (gates.Count, Cell(agent).Inbox.Count));
        Assert.Equal(["3"], _log);
        for (int i = 0; i < gates.Count; i++)
        {
            gates[i].TrySetResult();
            _world.Run();
        }

        Assert.Equal(Limits.TurnsInFlight + 2, _log.Count);
        Assert.Equal(0, _world.CoreAt(0).WaitingAgents + _world.CoreAt(1).WaitingAgents);
    }

    [Fact]
    public void Throw_OtherTurnsInFlight_AreFencedAndTheirAskersTold()
    {
        var gates = new Dictionary<int, TaskCompletionSource>();
        List<object> late = [];
        AgentId target = Kernel.Receive<int>((in int x, Context _) => _log.Add($"reached by {x}"));
        Capability<int> to = default;
        AgentId boss = Kernel.Spawn(new Restarter());
        AgentId agent = Kernel.Spawn(
            "server", endow =>
            {
                to = endow.Grant<int>(target);
                return new AsyncAnswerer<int, int>(async (x, context, _) =>
                {
                    if (x > 100)
                    {
                        return x;
                    }

                    gates[x] = new TaskCompletionSource();
                    await gates[x].Task;
                    if (x == 2)
                    {
                        throw new InvalidDataException("bug");
                    }

                    late.Add(context.Send(to, x));
                    return x;
                })
                { Reenters = Reentrancy.Always };
            },
            new SpawnOptions { Supervisor = boss });
        AskCapability<int, int> ask = Kernel.GrantAsk<int, int>(agent);
        Task<int>[] asks = [.. Enumerable.Range(1, 3).Select(x => ask.AskAsync(x).AsTask())];
        _world.Run();
        gates[2].SetResult();
        _world.RunUntil(() => asks.All(static asked => asked.IsCompleted), "the end of the asks");
        _world.Run();
        AskOutcome[] outcomes = [.. asks.Select(
            asked => ((AskException)asked.Exception!.InnerException!).Outcome)];
        Assert.Equal([AskOutcome.Dead, AskOutcome.Failed, AskOutcome.Dead], outcomes);
        Assert.Equal(1, Kernel.DeadLetters.Count(DeadLetterReason.HandlerFailed));
        Assert.Equal(2, Kernel.DeadLetters.Count(DeadLetterReason.TargetDead));
        Assert.Equal(2u, Cell(agent).Incarnation);
        gates[1].SetResult();
        gates[3].SetResult();
        _world.Run();
        Assert.Equal([SendResult.Denied, SendResult.Denied], late);
        Assert.Empty(_log);
        Assert.Equal(101, _world.Result(ask.AskAsync(101)));
        Assert.Equal(0, _world.CoreAt(0).WaitingAgents + _world.CoreAt(1).WaitingAgents);
    }

    [Fact]
    public void Stop_OfOneTurn_NothingElseBeginsAndTheOthersEndFirst()
    {
        var gate = new TaskCompletionSource();
        AgentId agent = Kernel.Spawn(
            new Puppet { Reenters = Reentrancy.Always, Stopped = reason => _log.Add($"stopped: {reason.Kind}") });
        Kernel.DoAsync(agent, async _ =>
        {
            await gate.Task;
            _log.Add("first");
        });
        Kernel.DoAsync(agent, async context =>
        {
            await context.Yield();
            context.Stop();
            _log.Add("second");
        });
        _world.Run();
        Kernel.Do(agent, _ => _log.Add("third"));
        _world.Run();
        Assert.Equal(["second"], _log);
        gate.SetResult();
        _world.Run();
        Assert.Equal(["second", "first", "stopped: Normal"], _log);
        Assert.Equal(1, Kernel.DeadLetters.Count(DeadLetterReason.TargetDead));
    }

    [Fact]
    public void StopAgent_TurnsInFlight_FiresAllTheirTokensAndEndsWithTheLast()
    {
        AgentId agent = Kernel.Spawn(
            new Puppet { Reenters = Reentrancy.Always, Stopped = reason => _log.Add($"stopped: {reason.Kind}") });
        for (int i = 0; i < 3; i++)
        {
            Kernel.DoAsync(agent, async (_, token) =>
            {
                await Task.Delay(Timeout.Infinite, token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing
                    | ConfigureAwaitOptions.ContinueOnCapturedContext);
                _log.Add("turn");
            });
        }

        _world.Run();
        _world.Wait(Kernel.StopAgentAsync(agent));
        _world.RunUntil(() => _log.Count == 4);
        Assert.Equal(["turn", "turn", "turn", "stopped: Shutdown"], _log);
    }

    [Fact]
    public void Asker_GivesUp_OnlyItsTurnHearsOfIt()
    {
        Dictionary<int, CancellationToken> tokens = [];
        var gate = new TaskCompletionSource();
        AgentId agent = Kernel.Spawn(
            new AsyncAnswerer<int, int>(async (x, _, token) =>
            {
                tokens[x] = token;
                await gate.Task;
                return x;
            })
            { Reenters = Reentrancy.Always });
        AskCapability<int, int> ask = Kernel.GrantAsk<int, int>(agent);
        using var patience = new CancellationTokenSource();
        Task<int>[] asks =
        [
            ask.AskAsync(0, Timeout.InfiniteTimeSpan).AsTask(),
            ask.AskAsync(1, Timeout.InfiniteTimeSpan, patience.Token).AsTask(),
            ask.AskAsync(2, Timeout.InfiniteTimeSpan).AsTask(),
        ];
        _world.Run();
        patience.Cancel();
        _world.RunUntil(() => asks[1].IsCompleted, "the end of the ask");
        _world.Run();
        Assert.Equal(
            [false, true, false], tokens.OrderBy(static t => t.Key).Select(t => t.Value.IsCancellationRequested));
        gate.SetResult();
        Assert.Equal(0, _world.Result(asks[0]));
        Assert.Equal(2, _world.Result(asks[2]));
        Assert.True(asks[1].IsCanceled);
        Assert.Empty(_world.Failures);
    }

    [Fact]
    public void Asks_OfTwoTurns_TheTokenOfOneEndsItsOwn()
    {
        var gate = new TaskCompletionSource();
        AgentId callee = Kernel.Spawn(
            new AsyncAnswerer<int, int>(async (x, _, _) =>
            {
                await gate.Task;
                return x;
            })
            { Reenters = Reentrancy.Always }, core: 1);
        AskCapability<int, int> to = default;
        AgentId agent = Kernel.Spawn(
            new AsyncAnswerer<int, int>((x, context, token) =>
                context.AskAsync(to, x, Timeout.InfiniteTimeSpan, token))
            { Reenters = Reentrancy.Always }, core: 0, supervisor: Kernel.Spawn(new Restarter()));
        to = Kernel.GrantAskTo<int, int>(agent, callee);
        AskCapability<int, int> ask = Kernel.GrantAsk<int, int>(agent);
        using var patience = new CancellationTokenSource();
        Task<int> one = ask.AskAsync(1, Timeout.InfiniteTimeSpan).AsTask();
        Task<int> two = ask.AskAsync(2, Timeout.InfiniteTimeSpan, patience.Token).AsTask();
        _world.Run();
        Assert.Equal(2, _world.CoreAt(0).Replies.Pending);
        AgentContext whole = Cell(agent).Async!;
        AgentContext second = Cell(agent).Turns!.InFlight[1];
        _world.CoreAt(0).Replies.AbandonWithTurn(second);
        Assert.Equal((1, true), (_world.CoreAt(0).Replies.Pending, !ReferenceEquals(whole.FirstAsk!.Asker, second)));
        Assert.False(one.IsCompleted || two.IsCompleted);
    }

    [Fact]
    public void Context_UsedInAnotherTurnOfTheSameAgent_Throws()
    {
        AgentContext? kept = null;
        Exception? thrown = null;
        var gate = new TaskCompletionSource();
        AgentId agent = Kernel.Spawn(new Puppet { Reenters = Reentrancy.Always });
        Kernel.DoAsync(agent, async context =>
        {
            kept = context;
            await gate.Task;
        });
        Kernel.DoAsync(agent, async context =>
        {
            await context.Yield();
            thrown = Record.Exception(() => kept!.NextRandom());
            _ = context.NextRandom();
        });
        _world.Run();
        Assert.Contains("another turn", Assert.IsType<InvalidOperationException>(thrown).Message);
    }

    [Fact]
    public void Ask_OfAHigherClass_RaisesUntilItsOwnTurnAnswered()
    {
        var gates = new Dictionary<int, TaskCompletionSource>();
        AgentId agent = Kernel.Spawn(
            new AsyncAnswerer<int, int>(async (x, _, _) =>
            {
                gates[x] = new TaskCompletionSource();
                await gates[x].Task;
                return x;
            })
            { Reenters = Reentrancy.Always }, qos: Qos.Background);
        Task<int> low = Kernel.GrantAsk<int, int>(agent, qos: Qos.Utility).AskAsync(1).AsTask();
        Task<int> high = Kernel.GrantAsk<int, int>(agent, qos: Qos.UserInteractive).AskAsync(2).AsTask();
        _world.Run();
        Assert.Equal(Qos.UserInteractive, Cell(agent).EffectiveQos);
        gates[2].SetResult();
        Assert.Equal(2, _world.Result(high));
        Assert.Equal(Qos.Utility, Cell(agent).EffectiveQos);
        gates[1].SetResult();
        Assert.Equal(1, _world.Result(low));
        Assert.Equal(Qos.Background, Cell(agent).EffectiveQos);
    }

    [Fact]
    public void Spawn_ADurableAgentThatIsReentrant_IsRefused()
    {
        InvalidOperationException refused = Assert.Throws<InvalidOperationException>(
            () => Kernel.Spawn("both", static () => new Both()));
        Assert.Contains("durable", refused.Message);
        Assert.Empty(Kernel.ListAgents());
    }

    private sealed class Both() : DurableAgent<Both.Kept>(default)
    {
        public record struct Kept(int Count);

        protected internal override Reentrancy Reentrancy => Reentrancy.Always;
    }
}
