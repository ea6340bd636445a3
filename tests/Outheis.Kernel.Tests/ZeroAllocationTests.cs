using System.Threading.Channels;
using Outheis.Testing.Generators;
using Xunit;

namespace Outheis.Tests;

/// <summary>
/// Bytes per message once everything is warm. On one thread the count is exact; on real threads it is the
/// whole process's, so there it may be anything that is less than one object per message.
/// </summary>
[Collection(OnThreads.Name)]
public sealed class ZeroAllocationTests
{
    private const int Warmup = 20_000;
    private const int Measured = 10_000;      // several times
    private const int IdleBytes = 512;

    private record struct Ball(long Number);

    private sealed record Go;

    /// <summary>Hands each message on, to itself or another.</summary>
    private sealed class Player<T> : Agent, IHandle<T>
    {
        private long _handled;

        public Capability<T> Next { get; set; }

        public long Refused { get; private set; }

        public long Handled => Volatile.Read(ref _handled);

        public void Handle(in T message, Context context)
        {
            Volatile.Write(ref _handled, _handled + 1);
            if (Next != default && context.Send(Next, in message) != SendResult.Sent)
            {
                Refused++;
            }
        }
    }

    private sealed class Echo : Agent, IAnswer<long, long>
    {
        public long Answer(in long request, Context context) => request + 1;
    }

    /// <summary>Asks for ever, within one turn.</summary>
    private sealed class Asker : Agent, IHandleAsync<Go>
    {
        private long _answered;

        public AskCapability<long, long> Ask { get; set; }

        public bool Wrong { get; private set; }

        public long Answered => Volatile.Read(ref _answered);

        public async ValueTask HandleAsync(
            Go message, AgentContext context, CancellationToken cancellationToken)
        {
            while (!cancellationToken.IsCancellationRequested)
            {
                Wrong |= await context.AskAsync(Ask, _answered) != _answered + 1;
                Volatile.Write(ref _answered, _answered + 1);
            }
        }
    }

    private sealed class Idler : Agent;

    [Theory, InlineData(0), InlineData(1)]
    public void Send_SmallStruct_AllocatesNothing(int secondCore) => Play(secondCore, new Ball(1));

    [Theory, InlineData(0), InlineData(1)]
    public void Send_StructOfTwoLines_AllocatesNothing(int secondCore) =>
        Play(secondCore, new WideMessage(1, 2, 3, 4, 5, 6));

    [Theory, InlineData(0), InlineData(1)]
    public void Send_PooledStruct_AllocatesNothing(int secondCore) =>
        Play(secondCore, new BoxedMessage(1, 2, 3, 4, 5, 6, 7));

    [Theory, InlineData(0), InlineData(1)]
    public void Send_Object_AllocatesNothingButTheObject(int secondCore) => Play(secondCore, new SharedMessage(1));

    private static void Play<T>(int secondCore, T ball)
    {
        using var world = new StepKernel();
        (Player<T> first, Player<T> second) = (new Player<T>(), new Player<T>());
        AgentId one = world.Kernel.Spawn(first, core: 0);
        AgentId two = world.Kernel.Spawn(second, core: secondCore);
        first.Next = world.Kernel.GrantTo<T>(one, two);
        second.Next = world.Kernel.GrantTo<T>(two, one);
        Capability<T> host = world.Kernel.Grant<T>(one);
        for (int i = 0; i < 100; i++)
        {
            Assert.Equal(SendResult.Sent, host.Send(in ball));
        }

        long bytes = Measure(() => first.Handled, world);
        Assert.Equal((0, 0, 0), (bytes, first.Refused, second.Refused));
        (first.Next, second.Next) = (default, default);
    }

    /// <summary>
    /// Bytes that the kernel's one thread allocates while the count goes on by what is to be measured.
    /// </summary>
    private static long Measure(Func<long> count, StepKernel world)
    {
        StepUntil(count, Warmup, world);
        return Allocated.Least(() => StepUntil(count, count() + Measured, world));
    }

    private static void StepUntil(Func<long> count, long target, StepKernel world)
    {
        for (int steps = 0; count() < target; steps++)
        {
            Assert.True(steps < 100 * (Warmup + Measured), "nothing moves");
            world.Step();
        }
    }

    [Fact]
    public void HostSend_Struct_AllocatesNothing() =>
        SendFromHost(static host => ball => host.Send(in ball) == SendResult.Sent);

    [Fact]
    public void HostSendAsync_ThatFindsRoom_AllocatesNothing() =>
        SendFromHost(static host => ball => IsSent(host.SendAsync(ball)));

    [Fact]
    public void HostWriteAsync_ThatFindsRoom_AllocatesNothing() => SendFromHost(static host =>
    {
        ChannelWriter<Ball> writer = host.AsWriter();
        return ball => IsDone(writer.WriteAsync(ball));
    });

    private static bool IsSent(ValueTask<SendResult> sending) =>
        sending.IsCompletedSuccessfully && sending.Result == SendResult.Sent;

    private static bool IsDone(ValueTask writing) => writing.IsCompletedSuccessfully;

    private static void SendFromHost(Func<Capability<Ball>, Func<Ball, bool>> sender)
    {
        using var world = new StepKernel();
        var player = new Player<Ball>();
        Func<Ball, bool> send = sender(world.Kernel.Grant<Ball>(world.Kernel.Spawn(player)));
        Exchange(send, player, Warmup, world);
        Assert.Equal(0, Allocated.Least(() => Exchange(send, player, Measured, world)));
    }

    /// <summary>In rounds that fit the channel: there is always room.</summary>
    private static void Exchange(Func<Ball, bool> send, Player<Ball> player, int messages, StepKernel world)
    {
        const int Round = Limits.ChannelMessages / 2;
        for (int rounds = messages / Round; rounds > 0; rounds--)
        {
            long target = player.Handled + Round;
            for (int i = 0; i < Round; i++)
            {
                if (!send(new Ball(i)))
                {
                    Assert.Fail($"no room for {i}");
                }
            }

            while (player.Handled < target)
            {
                world.Step();
            }
        }
    }

    [Theory, InlineData(0), InlineData(1)]
    public void AgentAsk_ThatCompletes_AllocatesNothing(int calleeCore)
    {
        using var world = new StepKernel();
        var asker = new Asker();
        AgentId callee = world.Kernel.Spawn(new Echo(), core: calleeCore);
        AgentId agent = world.Kernel.Spawn(asker, core: 0);
        asker.Ask = world.Kernel.GrantAskTo<long, long>(agent, callee);
        world.Kernel.Grant<Go>(agent).Send(new Go());
        long bytes = Measure(() => asker.Answered, world);
        Assert.Equal((0, false), (bytes, asker.Wrong));
    }

    private sealed class Relay(Reentrancy reentrancy) : Agent, IAnswerAsync<long, long>
    {
        public AskCapability<long, long> Next { get; set; }

        protected internal override Reentrancy Reentrancy => reentrancy;

        public ValueTask<long> AnswerAsync(long request, AgentContext context, CancellationToken cancellationToken) =>
            context.AskAsync(Next, request);      // an async method would allocate its state
    }

    [Theory, InlineData(Reentrancy.Always, 0), InlineData(Reentrancy.Always, 1), InlineData(Reentrancy.CallChain, 1)]
    public void AskOfAReentrantAgent_ManyTurnsInFlight_AllocatesNothing(Reentrancy reentrancy, int calleeCore)
    {
        using var world = new StepKernel();
        var relay = new Relay(reentrancy);
        AgentId callee = world.Kernel.Spawn(new Echo(), core: calleeCore);
        AgentId between = world.Kernel.Spawn(relay, core: 0);
        relay.Next = world.Kernel.GrantAskTo<long, long>(between, callee);
        Asker[] askers = [.. Enumerable.Range(0, 20).Select(static _ => new Asker())];
        foreach (Asker asker in askers)
        {
            AgentId agent = world.Kernel.Spawn(asker);
            asker.Ask = world.Kernel.GrantAskTo<long, long>(agent, between);
            world.Kernel.Grant<Go>(agent).Send(new Go());
        }

        long bytes = Measure(() => askers[7].Answered, world);
        Assert.Equal((0, false), (bytes, askers.Any(static asker => asker.Wrong)));
        Assert.Equal(reentrancy == Reentrancy.Always, world.Kernel.Agents.Find(between.Value)!.Turns!.All.Count > 1);
    }

    [Fact]
    public void HostAsk_ThatCompletes_AllocatesNothing()
    {
        using var world = new StepKernel();
        AskCapability<long, long> ask = world.Kernel.GrantAsk<long, long>(world.Kernel.Spawn(new Echo()));
        AskAll(ask, 2_000, world);
        Assert.Equal(0, Allocated.Least(() => AskAll(ask, 2_000, world)));
    }

    private static void AskAll(AskCapability<long, long> ask, int count, StepKernel world)
    {
        for (long i = 0; i < count; i++)
        {
            ValueTask<long> reply = ask.AskAsync(i);
            while (!reply.IsCompleted)
            {
                world.Step();
            }

            if (reply.GetAwaiter().GetResult() != i + 1)
            {
                Assert.Fail($"wrong reply to {i}");
            }
        }
    }

    [Fact]
    public async Task Threads_AcrossCoresAndFromTheHost_LessThanAnObjectPerMessage()
    {
        await using Kernel kernel = ThreadKernel.Start();
        (Player<Ball> first, Player<Ball> second, Player<Ball> sink) = (new(), new(), new());
        AgentId one = kernel.Spawn(first, core: 0);
        AgentId two = kernel.Spawn(second, core: 1);
        first.Next = kernel.GrantTo<Ball>(one, two);
        second.Next = kernel.GrantTo<Ball>(two, one);
        AskCapability<long, long> ask = kernel.GrantAsk<long, long>(kernel.Spawn(new Echo(), core: 1));
        Capability<Ball> toSink = kernel.Grant<Ball>(kernel.Spawn(sink, core: 0));
        kernel.Grant<Ball>(one).SendAll(Enumerable.Range(0, 10).Select(i => new Ball(i)));
        await TalkAsync(ask, toSink, 3_000);
        long before = GC.GetTotalAllocatedBytes(precise: true);
        long handled = first.Handled + second.Handled + sink.Handled;
        await TalkAsync(ask, toSink, 5_000);
        long messages = 5_000 + first.Handled + second.Handled + sink.Handled - handled;
        long bytes = GC.GetTotalAllocatedBytes(precise: true) - before;
        (first.Next, second.Next) = (default, default);
        Assert.True(bytes < 24 * 5_000 / 2, $"{bytes} bytes for {messages} messages");
        Assert.Equal((0, 0), (first.Refused, second.Refused));
    }

    private static async Task TalkAsync(AskCapability<long, long> ask, Capability<Ball> sink, int times)
    {
        for (long i = 0; i < times; i++)
        {
            _ = sink.Send(new Ball(i));
            if (await ask.AskAsync(i, ThreadKernel.Patience).ConfigureAwait(false) != i + 1)
            {
                Assert.Fail($"wrong reply to {i}");
            }
        }
    }

    [Fact]
    public void Spawn_ManyIdleAgents_EachIsSmall()
    {
        const int Agents = 20_000;
        using var world = new StepKernel();
        var options = new SpawnOptions();
        for (int i = 0; i < Agents; i++)      // what is made once, and half of what grows by doubling
        {
            world.Kernel.Spawn(null, static () => new Idler(), options);
        }

        world.Run();
        long before = GC.GetTotalMemory(forceFullCollection: true);
        for (int i = 0; i < Agents; i++)
        {
            world.Kernel.Spawn(null, static () => new Idler(), options);
        }

        world.Run();
        long each = (GC.GetTotalMemory(forceFullCollection: true) - before) / Agents;
        Assert.InRange(each, 1, IdleBytes);
        Assert.Equal(2 * Agents, world.Kernel.Agents.Count);
    }
}
