using System.Runtime.CompilerServices;
using Outheis.Testing.Generators;
using Xunit;

namespace Outheis.Tests.Streams;

/// <summary>One agent takes a stream of another, under a seed and in virtual time.</summary>
public sealed class StreamTests : IDisposable
{
    private static readonly TimeSpan Second = TimeSpan.FromSeconds(1);

    private readonly StepKernel _world = new(29);
    private readonly ProducerLog _log = new();
    private readonly List<object?> _taken = [];

    private Kernel Kernel => _world.Kernel;

    public void Dispose() => _world.Dispose();

    private AgentCell Cell(AgentId agent) => Kernel.Agents.Find(agent.Value)!;

    /// <summary>Counts up to what was asked for; 0: for ever.</summary>
    private async IAsyncEnumerable<int> Count(int upTo, [EnumeratorCancellation] CancellationToken token)
    {
        try
        {
            for (int i = 1; upTo == 0 || i <= upTo; i++)
            {
                _log.Produced++;
                yield return i;
            }

            await Task.CompletedTask;
        }
        finally
        {
            _log.Disposed.Add(token.IsCancellationRequested);
        }
    }

    private AgentId Counter(int core = 1, AgentId boss = default, Reentrancy reenters = Reentrancy.None) =>
        Kernel.Spawn(
            new Producer<int, int>((upTo, _, token) => Count(upTo, token)) { Reenters = reenters }, core,
            supervisor: boss, name: "counter");

    private AgentId Consumer(int core = 0) => Kernel.Spawn(new Puppet(), core, name: "consumer");

    /// <summary>Takes a stream in a turn of an agent and writes down what came, and how it ended.</summary>
    private AgentId Take(
        AgentId producer, int upTo, int window = Limits.StreamWindow, Func<int, AgentContext, Task<bool>>? each = null,
        TimeSpan? timeout = null, CancellationToken? own = null, AgentId consumer = default)
    {
        AgentId agent = consumer == default ? Consumer() : consumer;
        StreamCapability<int, int> from = Kernel.GrantStreamTo<int, int>(agent, producer);
        TakeBy(agent, from, upTo, window, each, timeout, own);
        return agent;
    }

    private void TakeBy(
        AgentId agent, StreamCapability<int, int> from, int upTo, int window = Limits.StreamWindow,
        Func<int, AgentContext, Task<bool>>? each = null, TimeSpan? timeout = null, CancellationToken? own = null) =>
        Kernel.DoAsync(agent, async (context, token) =>
        {
            try
            {
                await foreach (int item in context.StreamAsync(from, upTo, window, timeout)
                    .WithCancellation(own ?? token))
                {
                    _taken.Add(item);
                    if (each is not null && !await each(item, context))
                    {
                        break;
                    }
                }

                _taken.Add("end");
            }
            catch (AskException failed)
            {
                _taken.Add(failed.Outcome);
                _taken.Add(failed.InnerException);
            }
            catch (OperationCanceledException)
            {
                _taken.Add("cancelled");
            }
        });

    private void Kill(AgentId agent) => Cell(agent).Core.Post(new Killing(Cell(agent)));

    private static IEnumerable<object> Numbers(int upTo) => Enumerable.Range(1, upTo).Select(static i => (object)i);

    /// <summary>Nothing is under way, and nobody waits.</summary>
    private void AssertBaseline()
    {
        _world.Run();
        foreach (Core core in Kernel.Cores)
        {
            Assert.Equal((0, 0, 0), (core.Replies.Pending, core.Cells.InUse, core.WaitingAgents));
        }

        Assert.Equal(0, Kernel.DeadLetters.Count(DeadLetterReason.LateReply));
    }

    public static MatrixTheoryData<int, int, int> Shapes { get; } = new([0, 1], [1, 2, 3, 32, 1024], [0, 1, 2, 100]);

    public static MatrixTheoryData<int, int> Windows { get; } = new([0, 1], [1, 2, 5, 32]);

    public static MatrixTheoryData<int, bool> Tokens { get; } = new([0, 1], [false, true]);

    public static MatrixTheoryData<bool, Reentrancy> Turns { get; } =
        new([false, true], [Reentrancy.None, Reentrancy.Always]);

    [Theory, MemberData(nameof(Shapes))]
    public void Stream_ItsItems_ComeInOrderOnceAndThenTheEnd(int core, int window, int items)
    {
        AgentId producer = Kernel.Spawn(
            new Producer<int, int>((upTo, _, token) => upTo == 0 ? Nothing() : Count(upTo, token)), core);
        Take(producer, items, window);
        _world.Run();
        Assert.Equal([.. Numbers(items), "end"], _taken);
        Assert.Equal(items, _log.Produced);
        AssertBaseline();
    }

    private static async IAsyncEnumerable<int> Nothing()
    {
        await Task.CompletedTask;
        yield break;
    }

    [Theory, InlineData(0), InlineData(1)]
    public void Stream_ItemsOfEveryKind_ComeWhole(int core)
    {
        var shared = new SharedMessage(7);
        AgentId producer = Kernel.Spawn(new Many(shared), core);
        AgentId consumer = Consumer();
        StreamCapability<NamedMessage, SharedMessage> byReference =
            Kernel.GrantStreamTo<NamedMessage, SharedMessage>(consumer, producer);
        StreamCapability<BoxedMessage, BoxedMessage> boxed =
            Kernel.GrantStreamTo<BoxedMessage, BoxedMessage>(consumer, producer);
        Kernel.DoAsync(consumer, async context =>
        {
            await foreach (SharedMessage item in context.StreamAsync(byReference, new NamedMessage(3, "three")))
            {
                _taken.Add(item);
            }

            await foreach (BoxedMessage item in context.StreamAsync(boxed, new BoxedMessage(1, 2, 3, 4, 5, 6, 7)))
            {
                _taken.Add(item.Check);
            }
        });
        _world.Run();
        Assert.Equal([shared, shared, shared, 7L, 8L], _taken);
        Assert.Same(shared, _taken[0]);
        AssertBaseline();
    }

    [Theory, MemberData(nameof(Windows))]
    public void Consumer_IsSlow_ProducerIsAheadByTheWindowAndNoMore(int core, int window)
    {
        var gates = new Queue<TaskCompletionSource>();
        Take(Counter(core), 0, window, async (item, _) =>
        {
            var gate = new TaskCompletionSource();
            gates.Enqueue(gate);
            await gate.Task;
            return item < 50;
        });
        for (int taken = 1; taken < 50; taken++)
        {
            _world.Run();
            Assert.Equal(taken, _taken.Count);
            Assert.InRange(_log.Produced - taken, (window + 1) / 2, window);
            gates.Dequeue().SetResult();
        }

        _world.Run();
        gates.Dequeue().SetResult();
        _world.Run();
        Assert.Equal([.. Numbers(50), "end"], _taken);
        AssertBaseline();
    }

    [Theory, InlineData(0), InlineData(1)]
    public void Producer_Throws_WhatCameBeforeIsTakenAndThenTheReasonIsTold(int core)
    {
        var bug = new InvalidDataException("bug");
        AgentId producer = Kernel.Spawn(new Producer<int, int>((_, _, _) => Throwing(bug)), core);
        Take(producer, 0);
        _world.Run();
        Assert.Equal([1, 2, 3, AskOutcome.Failed, bug], _taken);
        Assert.Same(bug, Assert.Single(_world.Failures).Reason.Exception);
        AssertBaseline();
    }

    private static async IAsyncEnumerable<int> Throwing(Exception bug)
    {
        yield return 1;
        yield return 2;
        await Task.CompletedTask;
        yield return 3;
        throw bug;
    }

    [Theory, InlineData(0), InlineData(1)]
    public void Producer_Ends_ConsumerIsTold(int core)
    {
        AgentId boss = Kernel.Spawn(new Restarter());
        AgentId producer = Counter(core, boss);
        var gate = new TaskCompletionSource();
        Take(producer, 0, window: 4, async (item, _) =>
        {
            await (item == 1 ? gate.Task : Task.CompletedTask);
            return true;
        });
        _world.Run();
        Kill(producer);
        _world.Run();
        Assert.Equal([true], _log.Disposed);
        gate.SetResult();
        _world.Run();
        Assert.Equal([1, 2, 3, 4, AskOutcome.Dead, null], _taken);
        Assert.Equal(2u, Cell(producer).Incarnation);
        AssertBaseline();
    }

    [Theory, InlineData(0), InlineData(1)]
    public void Producer_IsStopped_StreamIsCutAndSaysSo(int core)
    {
        AgentId producer = Counter(core);
        var gate = new TaskCompletionSource();
        Take(producer, 0, window: 2, async (item, _) =>
        {
            await (item == 1 ? gate.Task : Task.CompletedTask);
            return true;
        });
        _world.Run();
        _world.Wait(Kernel.StopAgentAsync(producer));
        gate.SetResult();
        _world.Run();
        Assert.Equal(AskOutcome.Dead, _taken[^2]);
        Assert.Equal([true], _log.Disposed);
        Assert.Empty(_world.Failures);
        AssertBaseline();
    }

    [Theory, MemberData(nameof(Windows))]
    public void Consumer_LeavesTheLoop_ProducerIsDisposedAndGoesOn(int core, int window)
    {
        AgentId producer = Counter(core);
        AgentId consumer = Take(producer, 0, window, static (item, _) => Task.FromResult(item < 5));
        _world.Run();
        Assert.Equal([.. Numbers(5), "end"], _taken);
        Assert.Equal([true], _log.Disposed);
        Assert.Empty(_world.Failures);
        Assert.Equal(1u, Cell(producer).Incarnation);
        AssertBaseline();
        _taken.Clear();
        Take(producer, 3, consumer: consumer);
        _world.Run();
        Assert.Equal([.. Numbers(3), "end"], _taken);
    }

    [Theory, InlineData(0), InlineData(1)]
    public void Consumer_LeavesTheLoopAndGoesOn_ProducerIsDisposedMeanwhile(int core)
    {
        AgentId producer = Counter(core);
        AgentId consumer = Consumer();
        StreamCapability<int, int> from = Kernel.GrantStreamTo<int, int>(consumer, producer);
        var gate = new TaskCompletionSource();
        Kernel.DoAsync(consumer, async context =>
        {
            await foreach (int item in context.StreamAsync(from, 0))
            {
                _taken.Add(item);
                break;
            }

            await gate.Task;
            _taken.Add("end");
        });
        _world.Run();
        Assert.Equal([1], _taken);
        Assert.Equal([true], _log.Disposed);
        Assert.Equal(AgentState.Idle, Cell(producer).State);
        gate.SetResult();
        _world.Run();
        Assert.Equal([1, "end"], _taken);
        AssertBaseline();
    }

    /// <summary>What an iterator awaits with its token throws then: that is no failure of the producer's.</summary>
    [Fact]
    public void Consumer_LeavesTheLoop_ProducerThatAwaitsWithItsTokenGoesOn()
    {
        AgentId producer = Kernel.Spawn(new Producer<int, int>((_, _, token) => OneAndThenSilence(token)), core: 1);
        var gate = new TaskCompletionSource();
        Take(producer, 0, each: async (_, _) =>
        {
            await gate.Task;
            return false;
        });
        _world.Run();
        gate.SetResult();
        _world.RunUntil(() => _log.Disposed.Count == 1, "the end of the producer's turn");
        _world.RunUntil(() => Cell(producer).State == AgentState.Idle, "the end of the producer's turn");
        Assert.Empty(_world.Failures);
        AssertBaseline();
    }

    private async IAsyncEnumerable<int> OneAndThenSilence([EnumeratorCancellation] CancellationToken token)
    {
        yield return 1;
        try
        {
            await Task.Delay(Timeout.Infinite, token);
        }
        finally
        {
            _log.Disposed.Add(token.IsCancellationRequested);
        }
    }

    [Theory, InlineData(0), InlineData(1)]
    public void Consumer_Ends_ProducerIsDisposedAndNothingIsLeft(int core)
    {
        AgentId producer = Counter(core);
        AgentId consumer = Take(producer, 0, 4, static async (_, _) =>
        {
            await new TaskCompletionSource().Task;
            return true;
        });
        _world.Run();
        Assert.Equal([1], _taken);
        Kill(consumer);
        _world.Run();
        Assert.Equal([true], _log.Disposed);
        Assert.Equal(AgentState.Idle, Cell(producer).State);
        AssertBaseline();
    }

    [Theory, InlineData(0), InlineData(1)]
    public void Consumer_EndsWhileItWaits_ProducerHearsOfIt(int core)
    {
        AgentId producer = Kernel.Spawn(new Producer<int, int>((_, _, token) => OneAndThenSilence(token)), core);
        AgentId consumer = Take(producer, 0, timeout: Timeout.InfiniteTimeSpan);
        _world.Run();
        Kill(consumer);
        _world.RunUntil(() => _log.Disposed.Count == 1 && _taken.Count == 2, "the end of both sides");
        Assert.Equal([1, "cancelled"], _taken);
        AssertBaseline();
    }

    [Theory, MemberData(nameof(Tokens))]
    public void Token_Fires_EndsTheWaitAndTheProducer(int core, bool isTurns)
    {
        using var own = new CancellationTokenSource();
        AgentId producer = Kernel.Spawn(new Producer<int, int>((_, _, token) => OneAndThenSilence(token)), core);
        AgentId consumer = Take(
            producer, 0, timeout: Timeout.InfiniteTimeSpan, own: isTurns ? null : own.Token);
        _world.Run();
        Assert.Equal([1], _taken);
        if (isTurns)
        {
            _ = Kernel.StopAgentAsync(consumer);
        }
        else
        {
            own.Cancel();
        }

        _world.RunUntil(() => _log.Disposed.Count == 1 && _taken.Count == 2, "the end of both sides");
        Assert.Equal([1, "cancelled"], _taken);
        AssertBaseline();
    }

    [Fact]
    public void Timeout_IsForOneItemAndNotForTheConsumersOwnTime()
    {
        var gates = new Queue<TaskCompletionSource>();
        AgentId producer = Kernel.Spawn(new Producer<int, int>((_, _, token) => Gated(gates)), core: 1);
        var slow = new TaskCompletionSource();
        Take(producer, 0, timeout: Second, each: async (item, _) =>
        {
            await (item == 2 ? slow.Task : Task.CompletedTask);
            return true;
        });
        _world.Run();
        for (int i = 0; i < 2; i++)
        {
            _world.Advance(Second * 0.9);      // more than a second in all
            gates.Dequeue().SetResult();
            _world.Run();
        }

        Assert.Equal([1, 2], _taken);
        _world.Advance(Second * 3);
        slow.SetResult();
        _world.Run();
        _world.Advance(Second * 0.9);
        Assert.Equal([1, 2], _taken);
        _world.Advance(Second * 0.2);
        Assert.Equal([1, 2, AskOutcome.TimedOut, null], _taken);
        gates.Dequeue().SetResult();
        AssertBaseline();
        Assert.Equal(AgentState.Idle, Cell(producer).State);
    }

    private static async IAsyncEnumerable<int> Gated(Queue<TaskCompletionSource> gates)
    {
        for (int i = 1; ; i++)
        {
            var gate = new TaskCompletionSource();
            gates.Enqueue(gate);
            await gate.Task;
            yield return i;
        }
    }

    [Theory, InlineData(0), InlineData(1)]
    public void Revoked_UnderWay_WhatWasLetComesAndThenTheEnd(int core)
    {
        AgentId producer = Counter(core);
        AgentId consumer = Consumer();
        StreamCapability<int, int> from = Kernel.GrantStreamTo<int, int>(consumer, producer);
        var gate = new TaskCompletionSource();
        TakeBy(consumer, from, 0, window: 8, async (item, _) =>
        {
            await (item == 3 ? gate.Task : Task.CompletedTask);
            return true;
        });
        _world.Run();
        Task revoked = Kernel.RevokeAsync(from);
        _world.Wait(revoked);
        gate.SetResult();
        _world.Run();
        Assert.Equal(AskOutcome.Revoked, _taken[^2]);
        Assert.Equal(Numbers(_taken.Count - 2), _taken[..^2]);
        Assert.InRange(_taken.Count - 2, 3, 11);
        Assert.Equal([true], _log.Disposed);
        AssertBaseline();
        _taken.Clear();
        TakeBy(consumer, from, 5);
        _world.Run();
        Assert.Equal([AskOutcome.Revoked, null], _taken);
    }

    [Fact]
    public void Stream_WithoutTheRight_IsRefused()
    {
        AgentId producer = Counter();
        AgentId consumer = Consumer();
        TakeBy(consumer, default, 1);
        TakeBy(consumer, Kernel.GrantStream<int, int>(producer), 1);      // the host's
        _world.Run();
        Assert.Equal([AskOutcome.Denied, null, AskOutcome.Denied, null], _taken);
        Assert.Equal(0, _log.Produced);
        AssertBaseline();
        _taken.Clear();
        TakeBy(producer, Kernel.GrantStreamTo<int, int>(producer, producer), 1);
        _world.Run();
        Assert.Equal([AskOutcome.SelfAsk, null], _taken);
    }

    [Fact]
    public void Producer_SeesWhoAsksAndByWhichBadge()
    {
        (AgentId Sender, ulong Badge) seen = default;
        AgentId producer = Kernel.Spawn(new Producer<int, int>((upTo, context, token) =>
        {
            seen = (context.Sender, context.Badge);
            return Count(upTo, token);
        }));
        AgentId consumer = Consumer();
        TakeBy(consumer, Kernel.GrantStreamTo<int, int>(consumer, producer, badge: 9), 1);
        _world.Run();
        Assert.Equal((consumer, 9ul), seen);
    }

    [Fact]
    public void Grant_OfWhatIsNotProduced_IsRefused()
    {
        ArgumentException none = Assert.Throws<ArgumentException>(() => Kernel.GrantStream<int, long>(Counter()));
        Assert.Contains("IProduce<Int32, Int64>", none.Message);
        Assert.Throws<ArgumentOutOfRangeException>(
            () => Kernel.GrantStream<int, int>(Counter()).StreamAsync(1, window: 0));
        Assert.Throws<ArgumentOutOfRangeException>(
            () => Kernel.GrantStream<int, int>(Counter()).StreamAsync(1, Limits.StreamWindowMost + 1));
    }

    [Fact]
    public void Producer_IsNotReentrant_StreamsComeOneAfterAnother()
    {
        AgentId producer = Counter();
        var gate = new TaskCompletionSource();
        Take(producer, 2, window: 1, async (_, _) =>
        {
            await gate.Task;
            return true;
        });
        _world.Run();
        Take(producer, 2);
        _world.Run();
        Assert.Equal([1], _taken);
        gate.SetResult();
        _world.Run();
        Assert.Equal([1, 2, "end", 1, 2, "end"], _taken);
        AssertBaseline();
    }

    [Fact]
    public void Producer_IsReentrant_StreamsAreBesideEachOtherAndEndByThemselves()
    {
        AgentId producer = Counter(reenters: Reentrancy.Always);
        var gates = new List<TaskCompletionSource>();
        for (int i = 0; i < 3; i++)
        {
            Take(producer, 0, window: 2, async (item, _) =>
            {
                var gate = new TaskCompletionSource();
                gates.Add(gate);
                await gate.Task;
                return item < 3;
            });
            _world.Run();
        }

        Assert.Equal([1, 1, 1], _taken);
        Assert.Equal(3, Cell(producer).Turns!.InFlight.Count);
        for (int next = 1; next < 100 && _log.Disposed.Count == 0; next += 3)      // the second one alone goes on
        {
            gates[next == 1 ? 1 : gates.Count - 1].SetResult();
            _world.Run();
        }

        Assert.Equal([1, 1, 1, 2, 3, "end"], _taken);
        Assert.Equal([true], _log.Disposed);
        Assert.Equal(2, Cell(producer).Turns!.InFlight.Count);
        gates[0].SetResult();
        gates[2].SetResult();
        _world.Run();
        Assert.Equal([1, 1, 1, 2, 3, "end", 2, 2], _taken);
        Kill(producer);
        gates.ForEach(static gate => gate.TrySetResult());
        _world.Run();
        gates.ForEach(static gate => gate.TrySetResult());
        _world.Run();
        Assert.Equal(3, _log.Disposed.Count);
        AssertBaseline();
    }

    [Fact]
    public void Stream_OfAReentrantAgentItself_Comes()
    {
        AgentId agent = Counter(reenters: Reentrancy.Always);
        TakeBy(agent, Kernel.GrantStreamTo<int, int>(agent, agent), 70, window: 4);
        _world.Run();
        Assert.Equal([.. Numbers(70), "end"], _taken);
        AssertBaseline();
    }

    /// <summary>Whoever forgets an enumerator does not keep the producer waiting.</summary>
    [Theory, MemberData(nameof(Turns))]
    public void Turn_EndsWithAStreamThatIsNotOver_ProducerIsDisposed(bool awaits, Reentrancy reenters)
    {
        AgentId producer = Counter();
        AgentId consumer = Kernel.Spawn(new Puppet { Reenters = reenters }, core: 0);
        StreamCapability<int, int> from = Kernel.GrantStreamTo<int, int>(consumer, producer);
        Kernel.DoAsync(consumer, async context =>
        {
            IAsyncEnumerator<int> forgotten = context.StreamAsync(from, 0).GetAsyncEnumerator();
            ValueTask<bool> first = forgotten.MoveNextAsync();
            if (awaits)
            {
                Assert.True(await first);
            }
        });
        _world.Run();
        Assert.Equal(awaits ? [true] : [], _log.Disposed);      // it need not have begun
        Assert.Equal(AgentState.Idle, Cell(producer).State);
        AssertBaseline();
    }

    [Theory, InlineData(0), InlineData(1)]
    public void Override_ProducerIsRaisedUntilTheStreamIsOver(int core)
    {
        AgentId producer = Kernel.Spawn(
            new Producer<int, int>((upTo, _, token) => Count(upTo, token)), core, qos: Qos.Background);
        AgentId consumer = Kernel.Spawn(new Puppet(), core: 0, qos: Qos.UserInitiated);
        var gate = new TaskCompletionSource();
        Take(producer, 10, 2, consumer: consumer, each: async (item, _) =>
        {
            await (item == 5 ? gate.Task : Task.CompletedTask);
            return true;
        });
        _world.Run();
        Assert.Equal(Qos.UserInitiated, Cell(producer).EffectiveQos);
        gate.SetResult();
        _world.Run();
        Assert.Equal([.. Numbers(10), "end"], _taken);
        Assert.Equal(Qos.Background, Cell(producer).EffectiveQos);
    }

    [Fact]
    public void MoveNext_Misused_Throws()
    {
        AgentId producer = Counter();
        AgentId consumer = Consumer();
        StreamCapability<int, int> from = Kernel.GrantStreamTo<int, int>(consumer, producer);
        Exception?[] thrown = new Exception?[2];
        IAsyncEnumerator<int>? kept = null;
        Kernel.DoAsync(consumer, async context =>
        {
            kept = context.StreamAsync(from, 0).GetAsyncEnumerator();
            ValueTask<bool> first = kept.MoveNextAsync();
            thrown[0] = Record.Exception(() => Move(kept));
            Assert.True(await first);
            await kept.DisposeAsync();
        });
        _world.RunUntil(() => _log.Disposed.Count == 1);
        thrown[1] = Record.Exception(() => Move(kept!));
        Assert.All(thrown, static bug => Assert.IsType<InvalidOperationException>(bug));
        AssertBaseline();
    }

    private static void Move(IAsyncEnumerator<int> stream) => _ = stream.MoveNextAsync().AsTask();

    private sealed class Many(SharedMessage shared)
        : Agent, IProduce<NamedMessage, SharedMessage>, IProduce<BoxedMessage, BoxedMessage>
    {
        async IAsyncEnumerable<SharedMessage> IProduce<NamedMessage, SharedMessage>.ProduceAsync(
            NamedMessage request, AgentContext context, [EnumeratorCancellation] CancellationToken cancellationToken)
        {
            for (int i = 0; i < request.Number; i++)
            {
                await context.Yield();
                yield return shared;
            }
        }

        async IAsyncEnumerable<BoxedMessage> IProduce<BoxedMessage, BoxedMessage>.ProduceAsync(
            BoxedMessage request, AgentContext context, [EnumeratorCancellation] CancellationToken cancellationToken)
        {
            yield return request;
            await context.Yield();
            yield return request with { Check = request.Check + 1 };
        }
    }

    private sealed class Killing(AgentCell agent) : KernelOp
    {
        public override void Run(Core core) => Lifecycle.End(core, agent, ExitReason.Shutdown);
    }
}
