using Outheis.Tests.Journal;
using Xunit;

namespace Outheis.Tests;

/// <summary>Agents that ask each other in a circle: told at once, and nobody else is (GC-09).</summary>
public sealed class DeadlockTests
{
    private readonly record struct Begin;

    private readonly record struct Question(int Hops);

    /// <summary>Asks the next one when it is told to begin, and when it is asked for as many hops as are left. Minus
    /// one stands for what came of an ask that closed a circle.</summary>
    private class Node(List<string> log, string name) : Agent, IHandleAsync<Begin>, IAnswerAsync<Question, int>
    {
        public AskCapability<Question, int>[] Next { get; set; } = [];

        public Task Gate { get; set; } = Task.CompletedTask;

        public async ValueTask HandleAsync(Begin message, AgentContext context, CancellationToken cancellationToken) =>
            log.Add($"{name} {await AskOnAsync(int.MaxValue, context)}");

        public async ValueTask<int> AnswerAsync(
            Question request, AgentContext context, CancellationToken cancellationToken) =>
            request.Hops == 0 ? 0 : await AskOnAsync(request.Hops - 1, context);

        private async ValueTask<int> AskOnAsync(int hops, AgentContext context)
        {
            await Gate;
            try
            {
                Task<int>[] asked = [.. Next.Select(to =>
                    context.AskAsync(to, new Question(hops), Timeout.InfiniteTimeSpan).AsTask())];
                return (await Task.WhenAll(asked)).Sum();
            }
            catch (AskException none) when (none.Outcome == AskOutcome.Deadlock)
            {
                lock (log)
                {
                    log.Add(none.Message);
                }

                return -1;
            }
        }
    }

    private sealed class OwnCalls(List<string> log, string name) : Node(log, name)
    {
        protected internal override Reentrancy Reentrancy => Reentrancy.CallChain;
    }

    private readonly List<string> _log = [];

    private int Told => _log.Count(
        static line => line.Contains("waits for the agent that asks it", StringComparison.Ordinal));

    /// <summary>Nodes a, b, c and so on, each of which asks those that its letters say.</summary>
    private (Node[] Nodes, AgentId[] Ids) Spawn(Kernel kernel, int cores, params string[] next)
    {
        Node[] nodes = [.. next.Select((_, i) => new Node(_log, $"{(char)('a' + i)}"))];
        return (nodes, Join(kernel, cores, nodes, next));
    }

    private static AgentId[] Join(Kernel kernel, int cores, Node[] nodes, string[] next)
    {
        AgentId[] ids = [.. nodes.Select((node, i) => kernel.Spawn(node, i % cores, name: $"{(char)('a' + i)}"))];
        for (int i = 0; i < nodes.Length; i++)
        {
            nodes[i].Next = [.. next[i].Select(to => kernel.GrantAskTo<Question, int>(ids[i], ids[to - 'a']))];
        }

        return ids;
    }

    /// <summary>One asks the next, and so on round the circle.</summary>
    [Theory]
    [InlineData(1, 2), InlineData(2, 2), InlineData(1, 3), InlineData(3, 3), InlineData(2, 9)]
    public void Ask_ThatComesBackToItsAsker_IsToldAtOnceAndNamesTheCircle(int cores, int length)
    {
        using var world = new StepKernel(cores: cores);
        string[] next = [.. Enumerable.Range(0, length).Select(i => $"{(char)('a' + (i + 1) % length)}")];
        (_, AgentId[] ids) = Spawn(world.Kernel, cores, next);
        world.Kernel.Grant<Begin>(ids[0]).Send(default);
        world.Run();      // no time goes by

        Assert.Equal(2, _log.Count);
        string last = $"{(char)('a' + length - 1)}";
        string circle = string.Concat(
            Enumerable.Range(1, length - 1).Select(i => $", which waits for {(char)('a' + i)}"));
        Assert.Equal(
            $"a waits for the agent that asks it: {last} asks a{circle}. Send it a message, or let one of them be "
            + "reentrant.", _log[0]);
        Assert.Equal("a -1", _log[1]);
        AssertQuiet(world);
    }

    /// <summary>All begin by themselves: nobody's request comes of another's.</summary>
    [Theory, InlineData(1), InlineData(2), InlineData(3)]
    public void Ask_EachOfTheNextAtTheSameTime_AtLeastOneIsToldAndNobodyHangs(int cores)
    {
        for (int seed = 0; seed < 60; seed++)
        {
            _log.Clear();
            using var world = new StepKernel(seed, cores);
            int length = 2 + (seed % 4);
            string[] next = [.. Enumerable.Range(0, length).Select(i => $"{(char)('a' + (i + 1) % length)}")];
            (_, AgentId[] ids) = Spawn(world.Kernel, cores, next);
            Array.ForEach(ids, id => world.Kernel.Grant<Begin>(id).Send(default));
            for (int step = 0; step < 200; step++)
            {
                world.Step();
            }

            world.Run();
            Assert.True(Told >= 1, $"seed={seed}");
            Assert.Equal(length, _log.Count - Told);
            AssertQuiet(world);
        }
    }

    /// <summary>A asks B and C, and waits for both; C asks A.</summary>
    [Fact]
    public void Ask_BackToSomebodyWhoWaitsForSeveral_IsTold()
    {
        using var world = new StepKernel();
        (Node[] nodes, AgentId[] ids) = Spawn(world.Kernel, 2, "bc", "", "a");
        var gate = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        nodes[1].Gate = gate.Task;
        world.Kernel.Grant<Begin>(ids[0]).Send(default);
        world.Run();
        Assert.StartsWith("a waits for the agent that asks it: c asks a, which waits for c.", Assert.Single(_log));
        gate.SetResult();
        world.RunUntil(() => _log.Count == 2);
        Assert.Equal("a -1", _log[1]);
    }

    /// <summary>A waits for X; D, whom X does not wait for, asks A meanwhile. That is a queue.</summary>
    [Theory, InlineData(1), InlineData(2)]
    public void Ask_OfSomebodyWhoWaitsForOthers_Waits(int cores)
    {
        using var world = new StepKernel(cores: cores);
        (Node[] nodes, AgentId[] ids) = Spawn(world.Kernel, cores, "b", "", "a", "ac");
        var gate = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        nodes[1].Gate = gate.Task;
        foreach (int first in new[] { 0, 3 })      // a waits for b; d for a and c, c for a
        {
            world.Kernel.Grant<Begin>(ids[first]).Send(default);
            world.Run();
        }

        Assert.Empty(_log);
        gate.SetResult();
        world.RunUntil(() => _log.Count == 2);
        Assert.Equal(["a 0", "d 0"], _log.Order());
        AssertQuiet(world);
    }

    /// <summary>A waits for one turn of X, which waits for Y; another turn of X waits for P, who asks A.</summary>
    [Fact]
    public void Ask_OfWhomAnotherTurnWaitsFor_Waits()
    {
        using var world = new StepKernel();
        Kernel kernel = world.Kernel;
        var gate = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        AskCapability<int, int> toY = default, toX = default, toA = default, toP = default;
        AgentId y = kernel.Spawn(new AsyncAnswerer<int, int>(async (n, _, _) =>
        {
            await gate.Task;
            return n;
        }), 0);
        AgentId x = kernel.Spawn(
            new AsyncAnswerer<int, int>((n, context, _) => context.AskAsync(n == 1 ? toY : toP, n))
            { Reenters = Reentrancy.Always }, 1);
        AgentId a = kernel.Spawn(new AsyncAnswerer<int, int>((_, context, _) => context.AskAsync(toX, 1)), 0);
        AgentId p = kernel.Spawn(new AsyncAnswerer<int, int>((n, context, _) => context.AskAsync(toA, n)), 1);
        (toY, toP) = (kernel.GrantAskTo<int, int>(x, y), kernel.GrantAskTo<int, int>(x, p));
        (toX, toA) = (kernel.GrantAskTo<int, int>(a, x), kernel.GrantAskTo<int, int>(p, a));
        ValueTask<int> one = kernel.GrantAsk<int, int>(a).AskAsync(0);
        world.Run();
        ValueTask<int> two = kernel.GrantAsk<int, int>(x).AskAsync(2);
        world.Run();
        gate.SetResult();
        Assert.Equal((1, 1), (world.Result(one), world.Result(two)));
        AssertQuiet(world);
    }

    /// <summary>Nobody waits any more.</summary>
    [Fact]
    public void Ask_ThatClosedACircle_RaisesItsCalleeNoLonger()
    {
        using var world = new StepKernel();
        Kernel kernel = world.Kernel;
        var gate = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        AskCapability<int, int> on = default, back = default;
        AgentId a = kernel.Spawn(
            new AsyncAnswerer<int, int>((n, context, _) => context.AskAsync(on, n)), 0, qos: Qos.Background);
        AgentId b = kernel.Spawn(new AsyncAnswerer<int, int>(async (n, context, _) =>
        {
            AskException none = await Assert.ThrowsAsync<AskException>(async () => await context.AskAsync(back, n));
            Assert.Equal(AskOutcome.Deadlock, none.Outcome);
            await gate.Task;
            return n;
        }), 1, qos: Qos.UserInteractive);
        (on, back) = (kernel.GrantAskTo<int, int>(a, b), kernel.GrantAskTo<int, int>(b, a));
        ValueTask<int> asked = kernel.GrantAsk<int, int>(a, qos: Qos.Background).AskAsync(1);
        world.Run();
        Assert.Equal(Qos.Background, kernel.Agents.Find(a.Value)!.EffectiveQos);
        gate.SetResult();
        Assert.Equal(1, world.Result(asked));
        AssertQuiet(world);
    }

    /// <summary>B has answered A, which the answer has not reached yet, and then asks C, who asks A: on three cores A
    /// may hear of C first.</summary>
    [Fact]
    public void Ask_WhileTheReplyThatWouldOpenTheCircleIsOnItsWay_Waits()
    {
        for (int before = 0; before < 4; before++)
        {
            using var world = new StepKernel(cores: 3);
            (_, AgentId[] ids) = Spawn(world.Kernel, 3, "b", "c", "a");
            world.Run();
            for (int i = 0; i < before; i++)
            {
                world.Pass(0);      // another peer is looked at first
            }

            ValueTask<int> one = world.Kernel.GrantAsk<Question, int>(ids[0]).AskAsync(new Question(1));
            world.Pass(0);      // A asks B, which is to answer at once
            ValueTask<int> two = world.Kernel.GrantAsk<Question, int>(ids[1]).AskAsync(new Question(2));
            world.Pass(1);      // and then asks C
            world.Pass(2);      // who asks A
            world.Run();
            Assert.Equal((0, 0), (world.Result(one), world.Result(two)));
            Assert.Empty(_log);
            AssertQuiet(world);
        }
    }

    /// <summary>A waits for D and E; E's reply and D's question come together, so A is about to go on.</summary>
    [Fact]
    public void Ask_OfSomebodyWhoIsAboutToGoOnAndThenWaits_IsTold()
    {
        using var world = new StepKernel(cores: 2);
        Node[] others = [.. "ade".Select(name => new Node(_log, $"{name}"))];
        AgentId a = world.Kernel.Spawn(others[0], 0, name: "a");
        AgentId d = world.Kernel.Spawn(others[1], 1, name: "d"), e = world.Kernel.Spawn(others[2], 1, name: "e");
        others[0].Next = [world.Kernel.GrantAskTo<Question, int>(a, e), world.Kernel.GrantAskTo<Question, int>(a, d)];
        others[1].Next = [world.Kernel.GrantAskTo<Question, int>(d, a)];
        world.Kernel.Grant<Begin>(a).Send(default);
        world.Run();
        Assert.StartsWith("a waits for the agent that asks it: d asks a, which waits for d.", _log[0]);
        Assert.Equal(["a -1"], _log[1..]);
        AssertQuiet(world);
    }

    /// <summary>It takes requests of its own call chains while it waits; those of others wait.</summary>
    [Fact]
    public void Ask_ComesBackToOneThatTakesItsOwnCalls_IsAnsweredAndOneOfAnotherChainIsTold()
    {
        using var world = new StepKernel();
        Node[] nodes = [new OwnCalls(_log, "a"), new Node(_log, "b")];
        AgentId[] ids = Join(world.Kernel, 2, nodes, ["b", "a"]);
        ValueTask<int> around = world.Kernel.GrantAsk<Question, int>(ids[0]).AskAsync(new Question(2));
        Assert.Equal(0, world.Result(around));
        Assert.Empty(_log);
        world.Kernel.Grant<Begin>(ids[0]).Send(default);
        world.Kernel.Grant<Begin>(ids[1]).Send(default);
        world.Run();
        Assert.True(Told >= 1);
        Assert.All(world.Kernel.Cores, static core => Assert.Equal(0, core.WaitingAgents));
    }

    /// <summary>A durable agent is told the same when it handles its past once more.</summary>
    [Fact]
    public void Ask_OfADurableAgent_IsToldTheSameFromTheJournal()
    {
        var disk = new Outheis.Testing.SimulatedDisk();
        MessageCodecs codecs = new MessageCodecs().Add<Begin>().AddRequest<Question, int>();
        for (int life = 0; life < 2; life++)
        {
            List<AskOutcome> heard = [];
            var world = new StepKernel(cores: 1, disk: disk, codecs: codecs);
            var node = new Node(_log, "b");
            AgentId[] ids = [default, world.Kernel.Spawn(node, 0, name: "b")];
            ids[0] = world.Kernel.Spawn(
                "a", who => new Lasting(heard, who.GrantAsk<Question, int>(ids[1])), new SpawnOptions { Core = 0 });
            node.Next = [world.Kernel.GrantAskTo<Question, int>(ids[1], ids[0])];
            world.Run();
            if (life == 0)
            {
                world.Kernel.Grant<Begin>(ids[1]).Send(default);      // b asks a before a, which has begun, asks b
                world.Kernel.Grant<Begin>(ids[0]).Send(default);
                world.Run();
            }

            Assert.Equal([AskOutcome.Deadlock], heard);
            world.Kernel.Abandon();      // killed
        }
    }

    private sealed class Lasting(List<AskOutcome> heard, AskCapability<Question, int> to)
        : DurableAgent<int>(0), IHandleAsync<Begin>, IAnswer<Question, int>
    {
        public async ValueTask HandleAsync(Begin message, AgentContext context, CancellationToken cancellationToken)
        {
            try
            {
                await context.AskAsync(to, new Question(1));
            }
            catch (AskException none)
            {
                heard.Add(none.Outcome);
            }
        }

        public int Answer(in Question request, Context context) => 0;
    }

    private static void AssertQuiet(StepKernel world)
    {
        Assert.Empty(world.Failures);
        Assert.All(world.Kernel.Cores, static core => Assert.Equal((0, 0), (core.Replies.Pending, core.WaitingAgents)));
    }
}

/// <summary>The same on real cores.</summary>
[Collection(OnThreads.Name)]
public sealed class DeadlockThreadTests
{
    private readonly record struct Begin;

    private readonly record struct Question;

    private sealed class Asker(Action<AskOutcome> heard) : Agent, IHandleAsync<Begin>, IAnswer<Question, int>
    {
        public AskCapability<Question, int> Next { get; set; }

        public async ValueTask HandleAsync(Begin message, AgentContext context, CancellationToken cancellationToken)
        {
            try
            {
                await context.AskAsync(Next, default, Timeout.InfiniteTimeSpan).ConfigureAwait(true);
                heard(AskOutcome.Replied);
            }
            catch (AskException none)
            {
                heard(none.Outcome);
            }
        }

        public int Answer(in Question request, Context context) => 0;
    }

    /// <summary>Nobody hangs, though none of these asks ever times out.</summary>
    [Fact]
    public async Task Ask_EachOtherAgainAndAgain_NeverHangs()
    {
        const int pairs = 64, rounds = 200;
        await using Kernel kernel = ThreadKernel.Start();
        int over = 0, told = 0;
        Asker[] askers = [.. Enumerable.Range(0, 2 * pairs).Select(_ => new Asker(outcome =>
        {
            Assert.True(outcome is AskOutcome.Replied or AskOutcome.Deadlock, $"{outcome}");
            Interlocked.Add(ref told, outcome == AskOutcome.Deadlock ? 1 : 0);
            Interlocked.Increment(ref over);
        }))];
        AgentId[] ids = [.. askers.Select((asker, i) => kernel.Spawn(asker, i % 2))];
        for (int i = 0; i < askers.Length; i++)
        {
            askers[i].Next = kernel.GrantAskTo<Question, int>(ids[i], ids[i ^ 1]);
        }

        Capability<Begin>[] begin = [.. ids.Select(id => kernel.Grant<Begin>(id))];
        for (int round = 1; round <= rounds; round++)
        {
            Array.ForEach(begin, static one => Assert.Equal(SendResult.Sent, one.Send(default)));
            int all = round * askers.Length;
            ThreadKernel.Until(() => Volatile.Read(ref over) == all, $"the end of round {round}");
        }

        TestContext.Current.TestOutputHelper?.WriteLine($"{told} of {over} asks closed a circle");
        Assert.True(told > 0);
    }
}
