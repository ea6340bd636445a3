using Outheis.Testing;
using Xunit;

namespace Outheis.Tests.Journal;

/// <summary>Who waits for the disk, who shares a flush, and what a failed one means. Any moment at all: the simulator's
/// workload "durable".</summary>
public sealed class DurableSendTests
{
    private readonly SimulatedDisk _disk = new();
    private readonly List<int> _received = [];

    private StepKernel Start(Durability durability = Durability.Buffered, int cores = 2) =>
        new(cores: cores, disk: _disk, durability: durability);

    private Capability<int> Receiver(StepKernel world, int capacity = 1024) =>
        world.Kernel.Grant<int>(world.Kernel.Receive(_received, capacity: capacity));

    [Fact]
    public void SendAsync_Durable_IsDoneWhenTheDiskHasIt()
    {
        using StepKernel world = Start();
        Capability<int> to = Receiver(world);
        long before = _disk.BytesSynced;
        Task<SendResult> sent = to.SendAsync(1, Durability.Durable).AsTask();
        Assert.False(sent.IsCompleted);
        Assert.Equal(SendResult.Sent, world.Result(sent));
        Assert.True(_disk.BytesSynced > before);
        DiskImage left = _disk.PowerCutLosingAll();
        Assert.Contains(
            Journals.ReadAll(SimulatedDisk.From(left), out _),
            entry => entry.Kind == JournalKind.Sent && entry.TypeName == nameof(Int32));
    }

    [Fact]
    public void SendAsync_Buffered_WaitsForNoDisk()
    {
        using StepKernel world = Start();
        Assert.True(Receiver(world).SendAsync(1, Durability.Buffered).AsTask().IsCompleted);
        Assert.Equal(0, world.Kernel.Flusher!.Flushes);
    }

    [Fact]
    public void SendAsync_OfAHundredSenders_ShareFewFlushes()
    {
        using StepKernel world = Start(cores: 1);
        Capability<int> to = Receiver(world);
        world.Run();
        using var slow = new ManualResetEventSlim();
        _disk.BeforeCall = () => Assert.True(slow.Wait(TimeSpan.FromSeconds(60)));
        Task<SendResult>[] sends =
            [.. Enumerable.Range(0, 100).Select(i => to.SendAsync(i, Durability.Durable).AsTask())];
        world.Run();      // all are with the flusher, the first of them perhaps at the disk
        slow.Set();
        _disk.BeforeCall = null;
        world.Wait(Task.WhenAll(sends));
        Assert.All(sends, static send => Assert.Equal(SendResult.Sent, send.Result));
        Assert.InRange(world.Kernel.Flusher!.Flushes, 1, 2);
        Assert.Equal(Enumerable.Range(0, 100), _received);
    }

    [Fact]
    public void SendAsync_OfAnAgent_IsDoneWhenTheDiskHasItAndWhatCausedIt()
    {
        using StepKernel world = Start();
        AgentId sender = world.Kernel.Spawn(new Puppet());
        Capability<int> to = world.Kernel.GrantTo<int>(sender, world.Kernel.Receive(_received));
        SendResult? result = null;
        world.Kernel.DoAsync(sender, async context => result = await context.SendAsync(to, 5, Durability.Durable));
        world.RunUntil(() => result is not null);
        Assert.Equal(SendResult.Sent, result);
        JournalEntry[] entries = [.. Journals.ReadAll(SimulatedDisk.From(_disk.PowerCutLosingAll()), out _)];
        JournalEntry sent = entries.Single(entry => entry.Kind == JournalKind.Sent && entry.Sender == sender);
        Assert.Contains(entries, entry => entry.Position == sent.Cause);
        Assert.Contains(entries, entry => entry.Consumed.Any(taken => taken.Position == sent.Cause));
    }

    [Fact]
    public void SendAsync_Full_WaitsForRoomAndThenForTheDisk()
    {
        using StepKernel world = Start(cores: 1);
        Capability<int> to = Receiver(world, capacity: 1);
        Task<SendResult>[] sends =
            [.. Enumerable.Range(0, 20).Select(i => to.SendAsync(i, Durability.Durable).AsTask())];
        world.Wait(Task.WhenAll(sends));
        Assert.Equal(20, _received.Count);
    }

    [Fact]
    public void FlushAsync_WhatWasSentBefore_IsDurable()
    {
        using StepKernel world = Start(cores: 3);
        Capability<int>[] to = [.. Enumerable.Range(0, 6).Select(_ => Receiver(world))];
        for (int i = 0; i < 60; i++)
        {
            Assert.Equal(SendResult.Sent, to[i % 6].Send(i));
        }

        world.Wait(world.Kernel.FlushAsync());
        Assert.Equal(60, Journals.ReadAll(SimulatedDisk.From(_disk.PowerCutLosingAll()), out _)
            .Count(static entry => entry.Kind == JournalKind.Sent && entry.TypeName == nameof(Int32)));
    }

    /// <summary>What an agent took and answered with nothing waits to be written down in a batch.</summary>
    [Fact]
    public unsafe void FlushAsync_OfSeveralCores_CoversWhatTheBusyOnesTook()
    {
        using StepKernel world = Start(cores: 2);
        AgentId busy = world.Kernel.Spawn(
            new Receiver<int>((in int number, Context _) => _received.Add(number)), core: 0);
        world.Run();
        world.Kernel.Grant<int>(busy).SendAll([1, 2, 3]);
        Task flush = world.Kernel.FlushAsync();
        while (_received.Count < 3 || world.CoreAt(1).Control.IsEmpty)
        {
            world.Pass(0);
        }

        while (!flush.IsCompleted)
        {
            world.Pass(1);
        }

        Assert.Equal(3, Journals.ReadAll(SimulatedDisk.From(_disk.PowerCutLosingAll()), out _)
            .Where(static entry => entry.Kind == JournalKind.Consumed)
            .Sum(static entry => entry.Payload.Length / sizeof(ConsumedEntry)));
    }

    [Fact]
    public void DurableKernel_SendAndAskWithoutAWord_WaitForTheDisk()
    {
        using StepKernel world = Start(Durability.Durable);
        Assert.Equal(SendResult.Sent, world.Result(Receiver(world).SendAsync(1)));
        Assert.Equal(1, world.Kernel.Flusher!.Flushes);
        AgentId echo = world.Kernel.Spawn(new Echo());
        Assert.Equal(7, world.Result(world.Kernel.GrantAsk<int, int>(echo).AskAsync(7)));
        Assert.Equal(2, world.Kernel.Flusher.Flushes);
        Assert.Contains(
            Journals.ReadAll(SimulatedDisk.From(_disk.PowerCutLosingAll()), out _),
            static entry => entry.Kind == JournalKind.Replied);
    }

    /// <summary>ES-44: everybody who waits hears of it, nobody later is told that it worked, nothing is tried
    /// again.</summary>
    [Fact]
    public void FailedFlush_ReachesEveryWaiterAndIsNeverRetriedIntoSuccess()
    {
        using StepKernel world = Start(cores: 1);
        Capability<int> to = Receiver(world);
        Task<SendResult>[] sends =
            [.. Enumerable.Range(0, 5).Select(i => to.SendAsync(i, Durability.Durable).AsTask())];
        Task flush = world.Kernel.FlushAsync();
        _disk.FailNext(DiskVerb.SyncFile);
        foreach (Task waiter in (Task[])[.. sends, flush])
        {
            world.RunUntil(() => waiter.IsCompleted);
            JournalException failure = Assert.IsType<JournalException>(waiter.Exception!.InnerException);
            Assert.Contains("do not rely on a retry", failure.Message, StringComparison.Ordinal);
        }

        long syncs = _disk.Calls(DiskVerb.SyncFile);
        Assert.Equal(SendResult.NotDurable, world.Result(to.SendAsync(9, Durability.Durable)));
        Task again = world.Kernel.FlushAsync();
        world.RunUntil(() => again.IsCompleted);
        Assert.IsType<JournalException>(again.Exception!.InnerException);
        Assert.Equal(syncs, _disk.Calls(DiskVerb.SyncFile));
        Assert.Equal(SendResult.Sent, to.Send(10));      // buffered goes on
        world.Run();
        Assert.Equal([0, 1, 2, 3, 4, 10], _received);
        Assert.NotNull(world.Stop().JournalFailure);
        using JournalDirectory next = Journals.Open(_disk, out RecoveryReport report);
        Assert.False(report.Clean);
    }

    [Fact]
    public void FailedFlush_DurableKernel_RefusesWhatComesAfter()
    {
        using StepKernel world = Start(Durability.Durable, cores: 1);
        Capability<int> to = Receiver(world);
        AgentId sender = world.Kernel.Spawn(new Puppet());
        Capability<int> ofAgent = world.Kernel.GrantTo<int>(sender, world.Kernel.Receive(_received));
        SendResult? result = null;
        var gate = new TaskCompletionSource();
        world.Kernel.DoAsync(sender, async context =>
        {
            await gate.Task;
            result = context.Send(ofAgent, 3);
        });
        world.Run();
        _disk.FailNext(DiskVerb.SyncFile);
        Task<SendResult> waits = to.SendAsync(1).AsTask();
        world.RunUntil(() => waits.IsCompleted);
        Assert.IsType<JournalException>(waits.Exception!.InnerException);
        Assert.Equal(SendResult.NotDurable, to.Send(2));
        gate.SetResult();
        world.RunUntil(() => result is not null);
        Assert.Equal(SendResult.NotDurable, result);
        AskException refused = Assert.Throws<AskException>(() => world.Result(
            world.Kernel.GrantAsk<int, int>(world.Kernel.Spawn(new Echo())).AskAsync(1)));
        Assert.Equal(AskOutcome.NotDurable, refused.Outcome);
        Assert.IsType<JournalException>(refused.InnerException);
        Assert.Equal([1], _received);
    }

    [Fact]
    public void FailedFlush_AnAgentWaits_IsToldInItsTurn()
    {
        using StepKernel world = Start(cores: 1);
        AgentId sender = world.Kernel.Spawn(new Puppet());
        Capability<int> to = world.Kernel.GrantTo<int>(sender, world.Kernel.Receive(_received));
        Exception? told = null;
        SendResult? later = null;
        _disk.FailNext(DiskVerb.SyncFile);
        world.Kernel.DoAsync(sender, async context =>
        {
            told = await Record.ExceptionAsync(() => context.SendAsync(to, 1, Durability.Durable).AsTask());
            later = await context.SendAsync(to, 2, Durability.Durable);
        });
        world.RunUntil(() => later is not null);
        Assert.IsType<JournalException>(told);
        Assert.Equal(SendResult.NotDurable, later);
        world.Run();
        Assert.Equal([1], _received);
    }

    [Fact]
    public async Task Stop_SomebodyWaitsForTheDisk_IsToldWhatBecameOfIt()
    {
        using StepKernel world = Start(cores: 1);
        Capability<int> to = Receiver(world);
        Task<SendResult> sent = to.SendAsync(1, Durability.Durable).AsTask();      // no core has seen it
        world.Stop();
        Assert.Equal(SendResult.Sent, await sent.WaitAsync(TimeSpan.FromSeconds(60)));
        Assert.Equal(SendResult.Dead, await to.SendAsync(2, Durability.Durable));
        await world.Kernel.FlushAsync().WaitAsync(TimeSpan.FromSeconds(60));
    }

    [Fact]
    public void SendAsync_CancelledWhileItWaitsForTheDisk_StaysSent()
    {
        using StepKernel world = Start(cores: 1);
        using var cancel = new CancellationTokenSource();
        Task<SendResult> sent = Receiver(world).SendAsync(1, Durability.Durable, cancel.Token).AsTask();
        cancel.Cancel();
        world.RunUntil(() => sent.IsCompleted);
        Assert.True(sent.IsCanceled);
        world.Run();
        Assert.Equal([1], _received);
    }

    [Fact]
    public void Durable_WithoutAJournal_IsABug()
    {
        using var world = new StepKernel();
        Capability<int> to = Receiver(world);
        Assert.Throws<InvalidOperationException>(() => { _ = to.SendAsync(1, Durability.Durable).AsTask(); });
        Assert.Throws<InvalidOperationException>(() => { _ = world.Kernel.FlushAsync(); });
        Assert.Throws<ArgumentException>(() => Kernel.Start(new KernelOptions { Durability = Durability.Durable }));
    }

    private sealed class Echo : Agent, IAnswer<int, int>
    {
        public int Answer(in int request, Context context) => request;
    }
}
