using Xunit;

namespace Outheis.Tests.Coordination;

public readonly record struct Hits(long Count);

public readonly record struct Pair(int One, int Two);

public sealed record Price(int Cents);

/// <summary>Sources: many values, one message (GC-16, GC-17).</summary>
public sealed class CoalescingSourceTests : IDisposable
{
    private readonly StepKernel _world = new(cores: 1);
    private readonly List<object> _told = [];

    public void Dispose() => _world.Dispose();

    private AgentId Spawn(AgentId supervisor = default) => _world.Kernel.Spawn(
        "listener", () => new Reader(_told), new SpawnOptions { Supervisor = supervisor });

    private IEnumerable<long> Counts => _told.OfType<Hits>().Select(static hits => hits.Count);

    [Theory]
    [InlineData(Coalescing.Add, 8), InlineData(Coalescing.Or, 7), InlineData(Coalescing.Replace, 4)]
    public void Merge_SeveralBeforeTheAgentRuns_IsOneMessage(Coalescing how, long comesTo)
    {
        CoalescingSource<Hits> source = _world.Kernel.OpenSource<Hits>(Spawn(), how);
        source.Merge(new Hits(1));
        source.Merge(new Hits(3));
        source.Merge(new Hits(4));
        _world.Run();
        Assert.Equal([comesTo], Counts);
        source.Merge(new Hits(5));
        _world.Run();
        Assert.Equal([comesTo, 5], Counts);
    }

    /// <summary>While its message waits behind others, and while the handler of it runs: the one grows, the other has
    /// one behind it (GC-16).</summary>
    [Fact]
    public void Merge_MessageWaitsOrIsHandled_NoneMoreThanOneIsUnderWay()
    {
        AgentId agent = Spawn();
        CoalescingSource<Hits> source = _world.Kernel.OpenSource<Hits>(agent, Coalescing.Add);
        source.Merge(new Hits(1));
        _world.Kernel.Do(agent, _ => source.Merge(new Hits(10)));
        _world.Pass(0);
        AgentCell cell = _world.Kernel.Living(agent);
        _world.Run();
        Assert.Equal([1, 10], Counts);
        _told.Clear();
        _world.Kernel.Do(agent, _ =>
        {
            for (int i = 0; i < 100; i++)
            {
                source.Merge(new Hits(1));
            }

            Assert.Equal(0, cell.Inbox.Count);      // it is an op so far
        });
        _world.Run();
        Assert.Equal([100], Counts);
    }

    [Fact]
    public void Merge_AsyncTurnIsUnderWay_WaitsAndComesInOne()
    {
        AgentId agent = Spawn();
        CoalescingSource<Hits> source = _world.Kernel.OpenSource<Hits>(agent, Coalescing.Add);
        var gate = new TaskCompletionSource();
        _world.Kernel.DoAsync(agent, async _ => await gate.Task.ConfigureAwait(true));
        _world.Run();
        for (int i = 0; i < 50; i++)
        {
            source.Merge(new Hits(2));
            _world.Run();
            Assert.Equal(1, _world.Kernel.Living(agent).Inbox.Count);
        }

        Assert.Empty(_told);
        gate.SetResult();
        _world.RunUntil(() => _told.Count > 0);
        Assert.Equal([100], Counts);
    }

    [Theory, InlineData(Coalescing.Add), InlineData(Coalescing.Or)]
    public void Merge_Nothing_SendsNothing(Coalescing how)
    {
        CoalescingSource<Hits> source = _world.Kernel.OpenSource<Hits>(Spawn(), how);
        source.Merge(default);
        _world.Run();
        Assert.Empty(_told);
    }

    [Fact]
    public void Merge_SumComesToNothing_SendsNothing()
    {
        CoalescingSource<Hits> source = _world.Kernel.OpenSource<Hits>(Spawn(), Coalescing.Add);
        source.Merge(new Hits(5));
        source.Merge(new Hits(-5));
        _world.Run();
        Assert.Empty(_told);
        Assert.Equal(0, _world.CoreAt(0).Cells.InUse);
    }

    [Fact]
    public void Merge_ReplacedBy_ComesAsTheLastOne()
    {
        AgentId agent = Spawn();
        CoalescingSource<Price> prices = _world.Kernel.OpenSource<Price>(agent, Coalescing.Replace);
        CoalescingSource<Pair> pairs = _world.Kernel.OpenSource<Pair>(agent, Coalescing.Replace);
        for (int i = 1; i <= 9; i++)
        {
            prices.Merge(new Price(i));
            pairs.Merge(new Pair(i, -i));
        }

        pairs.Merge(default);      // of any type, so nothing is nothing
        _world.Run();
        Assert.Equal([new Price(9), default(Pair)], _told);
        Assert.Throws<ArgumentNullException>(() => prices.Merge(null!));
    }

    /// <summary>The channel is full: a source needs no room there.</summary>
    [Fact]
    public void Merge_ChannelIsFull_ComesAllTheSame()
    {
        AgentId agent = _world.Kernel.Spawn("listener", () => new Reader(_told), new SpawnOptions { Capacity = 1 });
        CoalescingSource<Hits> source = _world.Kernel.OpenSource<Hits>(agent, Coalescing.Add);
        Capability<Pair> way = _world.Kernel.Grant<Pair>(agent);
        Assert.Equal([SendResult.Sent, SendResult.Full], [way.Send(default), way.Send(default)]);
        source.Merge(new Hits(1));
        _world.Run();
        Assert.Equal(2, _told.Count);
    }

    /// <summary>What was merged and not taken is dropped; the agent is told once, after the last message
    /// (GC-17).</summary>
    [Fact]
    public void Cancel_BeforeAndAfterItsMessage_IsToldOnceBehindIt()
    {
        AgentId agent = Spawn();
        CoalescingSource<Hits> source = _world.Kernel.OpenSource<Hits>(agent, Coalescing.Add, key: 7);
        source.Merge(new Hits(1));
        _world.Run();
        source.Merge(new Hits(2));
        source.Cancel();
        source.Cancel();
        Assert.True(source.IsCancelled);
        source.Merge(new Hits(4));
        _world.Run();
        Assert.Equal([new Hits(1), new SourceCancelled(7)], _told);
        Assert.Equal(0, _world.CoreAt(0).Cells.InUse);
    }

    /// <summary>A handler that runs goes on, and hears of it afterwards.</summary>
    [Fact]
    public void Cancel_HandlerOfItAwaits_IsToldWhenThatIsOver()
    {
        AgentId agent = Spawn();
        CoalescingSource<Hits> source = _world.Kernel.OpenSource<Hits>(agent, Coalescing.Add);
        var gate = new TaskCompletionSource();
        _world.Kernel.DoAsync(agent, async _ =>
        {
            await gate.Task.ConfigureAwait(true);
            _told.Add("over");
        });
        _world.Run();
        source.Cancel();
        _world.Run();
        Assert.Empty(_told);
        gate.SetResult();
        _world.RunUntil(() => _told.Count == 2);
        Assert.Equal(["over", new SourceCancelled(0)], _told);
    }

    [Fact]
    public void Restart_WhatWaits_IsTheNextIncarnations()
    {
        AgentId agent = Spawn(_world.Kernel.Spawn(new Listener { Restarts = true }));
        CoalescingSource<Hits> source = _world.Kernel.OpenSource<Hits>(agent, Coalescing.Add);
        _world.Kernel.Do(agent, context =>
        {
            source.Merge(new Hits(3));
            context.Stop();
        });
        _world.Run();
        Assert.Equal([3], Counts);
    }

    [Fact]
    public void Merge_AgentHasEnded_IsADeadLetterOrNothing()
    {
        AgentId agent = Spawn();
        CoalescingSource<Hits> source = _world.Kernel.OpenSource<Hits>(agent, Coalescing.Add);
        _world.Kernel.Do(agent, context =>
        {
            source.Merge(new Hits(3));
            context.Stop();
        });
        _world.Run();
        source.Merge(new Hits(3));
        _world.Run();
        Assert.Equal(1, _world.Kernel.DeadLetters.Count(DeadLetterReason.TargetDead));
        Assert.Equal(0, _world.CoreAt(0).Cells.InUse);
    }

    [Fact]
    public void Open_ValuesThatCannotBeMergedSo_ThrowsAndSaysWhy()
    {
        AgentId agent = Spawn();
        Assert.Contains("one number of 64 bits", Assert.Throws<ArgumentException>(
            () => _world.Kernel.OpenSource<Pair>(agent, Coalescing.Add)).Message);
        Assert.Throws<ArgumentException>(() => _world.Kernel.OpenSource<Price>(agent, Coalescing.Or));
        Assert.Throws<ArgumentException>(() => _world.Kernel.OpenSource<Over>(agent, Coalescing.Replace));
        Assert.Throws<ArgumentOutOfRangeException>(() => _world.Kernel.OpenSource<Hits>(agent, (Coalescing)9));
    }

    [Fact]
    public void Merge_OnceWarm_AllocatesNothing()
    {
        AgentId agent = _world.Kernel.Receive<Hits>(static (in Hits _, Context _) => { });
        AgentId other = _world.Kernel.Receive<Pair>(static (in Pair _, Context _) => { });
        CoalescingSource<Hits> hits = _world.Kernel.OpenSource<Hits>(agent, Coalescing.Add);
        CoalescingSource<Pair> pairs = _world.Kernel.OpenSource<Pair>(other, Coalescing.Replace);
        Merge();
        Assert.Equal(0, Allocated.Least(Merge));

        void Merge()
        {
            for (int i = 0; i < 1500; i++)
            {
                hits.Merge(new Hits(1));
                pairs.Merge(new Pair(i, i));
                pairs.Merge(new Pair(i, i));
                if (i % 3 == 0)
                {
                    _world.Pass(0);
                }
            }
        }
    }

    /// <summary>Threads merge while the agent takes: nothing of the sum is lost, and there are fewer messages than
    /// merges.</summary>
    [Fact]
    public void Threads_MergeWhileTheAgentTakes_TheSumIsWhole()
    {
        long sum = 0, messages = 0;
        const int each = 200_000;
        using var stop = new CancellationTokenSource();
        AgentId agent = _world.Kernel.Receive<Hits>((in Hits hits, Context _) =>
        {
            sum += hits.Count;
            messages++;
        });
        CoalescingSource<Hits> source = _world.Kernel.OpenSource<Hits>(agent, Coalescing.Add);
        int done = 0;
        ThreadKernel.Together(Merge, Merge, () =>
        {
            while (Volatile.Read(ref done) < 2)
            {
                _world.Run();
            }
        });
        _world.Run();
        Assert.Equal(2L * each, sum);
        Assert.InRange(messages, 1, 2L * each);

        void Merge()
        {
            for (int i = 0; i < each; i++)
            {
                source.Merge(new Hits(1));
            }

            Interlocked.Increment(ref done);
        }
    }

    private sealed class Reader(List<object> into)
        : Puppet, IHandle<Hits>, IHandle<Pair>, IHandle<Price>, IHandle<SourceCancelled>
    {
        public void Handle(in Hits message, Context context) => into.Add(message);

        public void Handle(in Pair message, Context context) => into.Add(message);

        public void Handle(in Price message, Context context) => into.Add(message);

        public void Handle(in SourceCancelled message, Context context) => into.Add(message);
    }
}
