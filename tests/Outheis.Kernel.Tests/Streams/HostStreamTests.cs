using System.Runtime.CompilerServices;
using Outheis.Testing;
using Outheis.Tests.Journal;
using Xunit;

namespace Outheis.Tests.Streams;

/// <summary>The host takes streams of agents.</summary>
public sealed class HostStreamTests : IDisposable
{
    private readonly StepKernel _world = new(3);
    private readonly ProducerLog _log = new();

    private Kernel Kernel => _world.Kernel;

    public void Dispose() => _world.Dispose();

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

    private AgentId Counter() => Kernel.Spawn(new Producer<int, int>((upTo, _, token) => Count(upTo, token)), core: 1);

    private bool Next(IAsyncEnumerator<int> stream) => _world.Result(stream.MoveNextAsync());

    private AskOutcome Failure(IAsyncEnumerator<int> stream) =>
        Assert.Throws<AskException>(() =>
        {
            while (Next(stream))
            {
            }
        }).Outcome;

    private void AssertBaseline()
    {
        _world.Run();
        Assert.All(Kernel.Cores, static core => Assert.Equal((0, 0), (core.Cells.InUse, core.WaitingAgents)));
        Assert.Equal(0, Kernel.DeadLetters.Count(DeadLetterReason.LateReply));
    }

    [Theory, InlineData(1, 1), InlineData(1, 40), InlineData(3, 40), InlineData(32, 200), InlineData(32, 0)]
    public void Stream_OfTheHost_ComesInOrderWithinItsWindow(int window, int items)
    {
        IAsyncEnumerator<int> stream = Kernel.GrantStream<int, int>(Kernel.Spawn(
            new Producer<int, int>((upTo, _, token) => upTo == 0 ? None() : Count(upTo, token)), core: 1))
            .StreamAsync(items, window).GetAsyncEnumerator();
        for (int taken = 1; taken <= items; taken++)
        {
            Assert.True(Next(stream));
            Assert.Equal(taken, stream.Current);
            _world.Run();
            Assert.InRange(_log.Produced - taken, 0, window);
        }

        Assert.False(Next(stream));
        Assert.False(Next(stream));
        _world.Wait(stream.DisposeAsync().AsTask());
        AssertBaseline();
    }

    private static async IAsyncEnumerable<int> None()
    {
        await Task.CompletedTask;
        yield break;
    }

    [Fact]
    public void Host_Stops_ProducerIsDisposed()
    {
        IAsyncEnumerator<int> stream =
            Kernel.GrantStream<int, int>(Counter()).StreamAsync(0).GetAsyncEnumerator();
        Assert.True(Next(stream));
        _world.Wait(stream.DisposeAsync().AsTask());
        _world.Run();
        Assert.Equal([true], _log.Disposed);
        Assert.ThrowsAny<OperationCanceledException>(() => Next(stream));
        Assert.Empty(_world.Failures);
        AssertBaseline();
    }

    [Theory, InlineData(false), InlineData(true)]
    public void Token_Fires_EndsTheWait(bool before)
    {
        using var source = new CancellationTokenSource();
        AgentId silent = Kernel.Spawn(new Producer<int, int>((_, _, token) => Silence(token)), core: 1);
        IAsyncEnumerator<int> stream = Kernel.GrantStream<int, int>(silent)
            .StreamAsync(0, timeout: Timeout.InfiniteTimeSpan).GetAsyncEnumerator(source.Token);
        if (before)
        {
            source.Cancel();
        }

        Task<bool> first = stream.MoveNextAsync().AsTask();
        _world.Run();
        source.Cancel();
        OperationCanceledException cancelled =
            Assert.ThrowsAny<OperationCanceledException>(() => _world.Result(first));
        Assert.Equal(source.Token, cancelled.CancellationToken);
        _world.RunUntil(() => _log.Disposed.Count == (before ? 0 : 1), "the end of the producer's turn");
        AssertBaseline();
    }

    private async IAsyncEnumerable<int> Silence([EnumeratorCancellation] CancellationToken token)
    {
        try
        {
            await Task.Delay(Timeout.Infinite, token);
        }
        finally
        {
            _log.Disposed.Add(true);
        }

        yield return 1;
    }

    [Fact]
    public void Producer_IsSilent_TimesOut()
    {
        AgentId silent = Kernel.Spawn(new Producer<int, int>((_, _, token) => Silence(token)), core: 1);
        IAsyncEnumerator<int> stream = Kernel.GrantStream<int, int>(silent).StreamAsync(0).GetAsyncEnumerator();
        Task<bool> first = stream.MoveNextAsync().AsTask();
        _world.Advance(Limits.AskTimeout * 0.9);
        Assert.False(first.IsCompleted);
        _world.Advance(Limits.AskTimeout * 0.2);
        Assert.Equal(AskOutcome.TimedOut, Assert.Throws<AskException>(() => _world.Result(first)).Outcome);
        _world.RunUntil(() => _log.Disposed.Count == 1, "the end of the producer's turn");
    }

    [Fact]
    public void Host_TakesItsTime_DoesNotTimeOut()
    {
        IAsyncEnumerator<int> stream =
            Kernel.GrantStream<int, int>(Counter()).StreamAsync(5, window: 2).GetAsyncEnumerator();
        for (int i = 0; i < 5; i++)
        {
            Assert.True(Next(stream));
            _world.Advance(Limits.AskTimeout * 2);
        }

        Assert.False(Next(stream));
    }

    [Fact]
    public void Producer_EndsOrIsUnwilling_IsTold()
    {
        AgentId producer = Counter();
        StreamCapability<int, int> from = Kernel.GrantStream<int, int>(producer);
        IAsyncEnumerator<int> stream = from.StreamAsync(0).GetAsyncEnumerator();
        Assert.True(Next(stream));
        _world.Wait(Kernel.StopAgentAsync(producer));
        Assert.Equal(AskOutcome.Dead, Failure(stream));
        Assert.Equal(AskOutcome.Dead, Failure(from.StreamAsync(0).GetAsyncEnumerator()));
        Assert.Equal(
            AskOutcome.Denied, Failure(default(StreamCapability<int, int>).StreamAsync(0).GetAsyncEnumerator()));
        AssertBaseline();
    }

    [Fact]
    public void Revoked_UnderWay_WhatWasLetComesAndThenTheEnd()
    {
        StreamCapability<int, int> from = Kernel.GrantStream<int, int>(Counter());
        IAsyncEnumerator<int> stream = from.StreamAsync(0, window: 8).GetAsyncEnumerator();
        Assert.True(Next(stream));
        _world.Run();
        _world.Wait(Kernel.RevokeAsync(from));
        Assert.Equal(AskOutcome.Revoked, Failure(stream));
        Assert.InRange(stream.Current, 2, 9);
        _world.Run();
        Assert.Equal([true], _log.Disposed);
        AssertBaseline();
    }

    [Fact]
    public void Kernel_Stops_BothSidesEnd()
    {
        AgentId silent = Kernel.Spawn(new Producer<int, int>((_, _, token) => Silence(token)), core: 1);
        Task<bool> waits = Kernel.GrantStream<int, int>(silent)
            .StreamAsync(0, timeout: Timeout.InfiniteTimeSpan).GetAsyncEnumerator().MoveNextAsync().AsTask();
        IAsyncEnumerator<int> takes = Kernel.GrantStream<int, int>(Counter()).StreamAsync(0).GetAsyncEnumerator();
        Assert.True(Next(takes));
        _world.Stop(TimeSpan.FromSeconds(1));
        Assert.Equal(2, _log.Disposed.Count);
        Assert.Equal(AskOutcome.Dead, Assert.Throws<AskException>(() => _world.Result(waits)).Outcome);
        Assert.Equal(AskOutcome.Dead, Failure(takes));
    }

    /// <summary>In a durable kernel an item comes when the disk has it.</summary>
    [Fact]
    public void Durable_ItemsAreOnTheDiskWhenTheyCome()
    {
        var disk = new SimulatedDisk();
        using var world = new StepKernel(disk: disk, durability: Durability.Durable);
        AgentId producer = world.Kernel.Spawn(new Producer<int, int>((upTo, _, token) => Count(upTo, token)), core: 1);
        IAsyncEnumerator<int> stream =
            world.Kernel.GrantStream<int, int>(producer).StreamAsync(50, window: 4).GetAsyncEnumerator();
        for (int i = 1; i <= 50; i++)
        {
            Assert.True(world.Result(stream.MoveNextAsync()));
            Assert.Equal(i, stream.Current);
            if (i % 10 == 1)
            {
                JournalEntry[] left = [.. Journals.ReadAll(SimulatedDisk.From(disk.PowerCutLosingAll()), out _)];
                Assert.InRange(left.Count(static entry => entry is
                { Kind: JournalKind.Replied, TypeName: nameof(Int32) }), i, i + 4);
            }
        }

        Assert.False(world.Result(stream.MoveNextAsync()));
    }

    [Fact]
    public void Durable_TheFlushFails_StreamEndsWithTheReason()
    {
        var disk = new SimulatedDisk();
        using var world = new StepKernel(disk: disk, durability: Durability.Durable);
        AgentId producer = world.Kernel.Spawn(new Producer<int, int>((upTo, _, token) => Count(upTo, token)), core: 1);
        IAsyncEnumerator<int> stream =
            world.Kernel.GrantStream<int, int>(producer).StreamAsync(0, window: 4).GetAsyncEnumerator();
        Assert.True(world.Result(stream.MoveNextAsync()));
        disk.FailNext(DiskVerb.SyncFile);
        Exception failure = Assert.ThrowsAny<Exception>(() =>
        {
            for (int i = 0; i < 100 && world.Result(stream.MoveNextAsync()); i++)
            {
            }
        });
        Assert.IsType<JournalException>(failure);
        world.RunUntil(() => _log.Disposed.Count == 1, "the end of the producer's turn");
    }
}
