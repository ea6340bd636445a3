using System.Runtime.CompilerServices;
using Outheis.Testing.Generators;
using Xunit;

namespace Outheis.Tests.Streams;

/// <summary>One agent takes a stream of another, under a seed and in virtual time.</summary>
public sealed partial class StreamTests : IDisposable
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
