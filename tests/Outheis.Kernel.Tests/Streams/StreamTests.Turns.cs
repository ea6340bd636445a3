using Xunit;

namespace Outheis.Tests.Streams;

/// <summary>Who may take a stream, several at once, and what becomes of the turns.</summary>
public sealed partial class StreamTests
{
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
}
