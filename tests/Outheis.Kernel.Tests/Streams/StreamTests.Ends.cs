using System.Runtime.CompilerServices;
using Xunit;

namespace Outheis.Tests.Streams;

/// <summary>How a stream ends by its consumer: break, end, token, timeout, revocation.</summary>
public sealed partial class StreamTests
{
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

    /// <summary>The first item comes while its producer is in the first stretch of its turn.</summary>
    [Theory, InlineData(0), InlineData(1)]
    public void Revoked_BeforeTheFirstItem_BothSidesEnd(int core)
    {
        AgentId producer = Counter(core);
        AgentId consumer = Consumer();
        StreamCapability<int, int> from = Kernel.GrantStreamTo<int, int>(consumer, producer);
        var gate = new TaskCompletionSource();
        Kernel.DoAsync(producer, async _ => await gate.Task);
        _world.Run();
        TakeBy(
            consumer, from, 0, each: static (item, _) => Task.FromResult(item < 100),
            timeout: Timeout.InfiniteTimeSpan);
        _world.Run();
        _world.Wait(Kernel.RevokeAsync(from));
        gate.SetResult();
        _world.Run();
        Assert.Equal([1, AskOutcome.Revoked, null], _taken);
        Assert.Equal([true], _log.Disposed);
        AssertBaseline();
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
            return item < 1000;
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
}
