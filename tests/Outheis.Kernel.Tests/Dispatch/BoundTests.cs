using FsCheck.Xunit;
using Outheis.Testing.Generators;
using Xunit;

namespace Outheis.Tests;

/// <summary>What a send returns, and that a channel takes exactly its capacity.</summary>
public sealed class BoundTests
{
    public enum From
    {
        Host,
        Home,
        Away,
    }

    /// <summary>A world with one target on core 0, and a way to send to it from somewhere.</summary>
    private sealed class Ways : IDisposable
    {
        private readonly AgentId _sender;
        private readonly From _from;

        public Ways(From from, int capacity, Agent? target = null)
        {
            _from = from;
            Target = World.Kernel.Spawn(target ?? new Receiver<long>((in long m, Context _) =>
                Received.Add(m)), 0, capacity);
            _sender = World.Kernel.Spawn(new Puppet(), core: from == From.Away ? 1 : 0);
        }

        public StepKernel World { get; } = new(11);

        public AgentId Target { get; }

        public List<long> Received { get; } = [];

        public Capability<T> Grant<T>(Rights rights = Rights.Send) => _from == From.Host
            ? World.Kernel.Grant<T>(Target, rights)
            : World.Kernel.GrantTo<T>(_sender, Target, rights);

        /// <summary>Sends from where it was said, all in one turn if from an agent.</summary>
        public List<SendResult> Send<T>(Capability<T> to, params T[] messages)
        {
            List<SendResult> results = [];
            if (_from == From.Host)
            {
                results.AddRange(messages.Select(message => to.Send(in message)));
            }
            else
            {
                World.Kernel.Do(_sender, context =>
                {
                    foreach (T message in messages)
                    {
                        results.Add(context.Send(to, in message));
                    }
                });
                StepUntil(() => results.Count == messages.Length);
            }

            return results;
        }

        /// <summary>Lets only the sender's core run, if that is another one than the target's.</summary>
        private void StepUntil(Func<bool> done)
        {
            while (!done())
            {
                World.Pass(_from == From.Away ? 1 : 0);
            }
        }

        public void Dispose() => World.Dispose();
    }

    public static MatrixTheoryData<From, int> Capacities { get; } =
        new(Enum.GetValues<From>(), [1, 2, 15, 16, 100, 300]);

    [Theory, MemberData(nameof(Capacities))]
    public void Send_UntilFull_ExactlyTheCapacityFits(From from, int capacity)
    {
        using var ways = new Ways(from, capacity);
        Capability<long> to = ways.Grant<long>();
        long[] numbers = [.. Enumerable.Range(0, capacity + 3).Select(i => (long)i)];
        for (int round = 0; round < 3; round++)
        {
            List<SendResult> results = ways.Send(to, numbers);
            Assert.Equal(capacity, results.Count(result => result == SendResult.Sent));
            Assert.All(results[..capacity], result => Assert.Equal(SendResult.Sent, result));
            Assert.All(results[capacity..], result => Assert.Equal(SendResult.Full, result));
            ways.World.Run();
            Assert.Equal(numbers[..capacity], ways.Received);
            ways.Received.Clear();
        }
    }

    /// <summary>What is sent fits as long as less than the capacity waits; a host's way holds no more than the
    /// ingress. When the core of a sender at home has run, so has the target.</summary>
    [Property(Arbitrary = [typeof(KernelArbitraries)], MaxTest = 60, EndSize = 30)]
    public static bool Channel_AnyBurstsAndDrains_EqualsAQueueOfItsCapacity(
        From from, ChannelCapacity capacity, ChannelCommand[] steps)
    {
        using var ways = new Ways(from, capacity.Messages);
        Capability<long> to = ways.Grant<long>();
        int room = from == From.Host ? Math.Min(capacity.Messages, Limits.IngressSlots) : capacity.Messages;
        var model = new Queue<long>();
        long next = 0;
        foreach ((ChannelVerb verb, int count) in steps)
        {
            if (verb == ChannelVerb.Send)
            {
                int fitting = Math.Min(count, room - model.Count);
                long[] numbers = [.. Enumerable.Range(0, count).Select(i => next + i)];
                List<SendResult> results = ways.Send(to, numbers);
                if (results.Take(fitting).Any(result => result != SendResult.Sent)
                    || results.Skip(fitting).Any(result => result != SendResult.Full))
                {
                    return false;
                }

                Array.ForEach(numbers[..fitting], model.Enqueue);
                next += fitting;
            }

            if ((verb == ChannelVerb.Receive || from == From.Home) && !DrainEquals(ways, model))
            {
                return false;
            }
        }

        return DrainEquals(ways, model);
    }

    private static bool DrainEquals(Ways ways, Queue<long> model)
    {
        ways.World.Run();
        bool same = ways.Received.SequenceEqual(model);
        ways.Received.Clear();
        model.Clear();
        return same;
    }

    [Theory, InlineData(From.Host), InlineData(From.Home), InlineData(From.Away)]
    public void Send_EmptyCapability_IsDenied(From from)
    {
        using var ways = new Ways(from, 4);
        Assert.Equal([SendResult.Denied], ways.Send(default, 1L));
    }

    [Theory, InlineData(From.Host), InlineData(From.Home), InlineData(From.Away)]
    public void Send_WithoutTheRight_IsDenied(From from)
    {
        using var ways = new Ways(from, 4);
        Assert.Equal([SendResult.Denied], ways.Send(ways.Grant<long>(Rights.Grant), 1L));
        ways.World.Run();
        Assert.Empty(ways.Received);
    }

    [Theory, InlineData(From.Host), InlineData(From.Home), InlineData(From.Away)]
    public void Send_Revoked_IsRevokedAndTakesNoRoom(From from)
    {
        using var ways = new Ways(from, 1);
        Capability<long> to = ways.Grant<long>();
        ways.World.Wait(ways.World.Kernel.RevokeAsync(to));
        Assert.Equal([SendResult.Revoked, SendResult.Revoked], ways.Send(to, 1L, 2L));
        Assert.Equal([SendResult.Sent], ways.Send(ways.Grant<long>(), 3L));
        ways.World.Run();
        Assert.Equal([3L], ways.Received);
    }

    [Theory, InlineData(From.Host), InlineData(From.Home), InlineData(From.Away)]
    public void Send_TargetEnded_IsDead(From from)
    {
        using var ways = new Ways(from, 4);
        Capability<long> to = ways.Grant<long>();
        ways.World.Wait(ways.World.Kernel.StopAgentAsync(ways.Target));
        Assert.Equal([SendResult.Dead], ways.Send(to, 1L));
    }

    [Theory, InlineData(From.Host), InlineData(From.Home), InlineData(From.Away)]
    public void Send_LongerThanTheLimit_IsTooLargeAndTakesNoRoom(From from)
    {
        using var ways = new Ways(from, 1, new Receiver<TooLong>((in TooLong _, Context _) => { }));
        Assert.Equal([SendResult.TooLarge, SendResult.TooLarge], ways.Send(ways.Grant<TooLong>(), default, default));
    }

    [Theory, InlineData(From.Host), InlineData(From.Home), InlineData(From.Away)]
    public void Send_AsLongAsTheLimit_ArrivesWhole(From from)
    {
        List<(int, int)> received = [];
        using var ways = new Ways(from, 4, new Receiver<Longest>((in Longest m, Context _) =>
            received.Add((m.First, m.Last))));
        Assert.Equal([SendResult.Sent], ways.Send(ways.Grant<Longest>(), new Longest { First = 3, Last = 4 }));
        ways.World.Run();
        Assert.Equal([(3, 4)], received);
    }

    [Fact]
    public void Send_InATurnThatFoundTheRingFull_FillsItAgainWhenThereIsRoom()
    {
        using var world = new StepKernel(cores: 2);
        AgentId target = world.Kernel.Receive<int>([], core: 1);
        AgentId sender = world.Kernel.Spawn(new Puppet(), core: 0);
        Capability<int> to = world.Kernel.GrantTo<int>(sender, target);
        world.Run();
        long sent = world.CoreAt(0).SentAway;
        world.Kernel.Do(sender, context =>
        {
            SendSome(context, Limits.RingSlots + 1);
            Pass(core: 1);
            Pass(core: 1);      // 128 slots are free
            world.CoreAt(0).Enter();
            SendSome(context, Limits.DetainedPerLook);
            sent = world.CoreAt(0).SentAway - sent;
        });
        Pass(core: 0);
        Assert.InRange(sent, Limits.RingSlots + 1, int.MaxValue);
        world.Run();

        void SendSome(Context context, int messages)
        {
            for (int i = 0; i < messages; i++)
            {
                Assert.Equal(SendResult.Sent, context.Send(to, i));
            }
        }

        void Pass(int core)
        {
            world.CoreAt(core).Enter();
            world.CoreAt(core).RunPass();
            Core.Leave();
        }
    }

    [Fact]
    public void Send_TheIngressIsFull_TakesNoRoomInTheChannel()
    {
        const int Slots = Limits.IngressSlots;
        using var world = new StepKernel(cores: 1);
        AgentId target = world.Kernel.Receive<int>([], capacity: 2 * Slots);
        Capability<int> to = world.Kernel.Grant<int>(target);
        Assert.All(Enumerable.Range(0, Slots), i => Assert.Equal(SendResult.Sent, to.Send(i)));
        Assert.All(Enumerable.Range(0, 3), i => Assert.Equal(SendResult.Full, to.Send(i)));
        Assert.Equal(Slots, world.Kernel.Agents.Find(target.Value)!.Credits.Free);
    }

    [Fact]
    public void SendAsync_TheTargetIsStoppedMeanwhile_IsDead()
    {
        using var world = new StepKernel();
        AgentId target = world.Kernel.Receive<int>([], capacity: 1);
        Capability<int> to = world.Kernel.Grant<int>(target);
        world.Run();
        Assert.Equal(SendResult.Sent, to.Send(1));
        ValueTask<SendResult> waiting = to.SendAsync(2);
        Task stopped = world.Kernel.StopAgentAsync(target);      // before its turn: an op comes first
        Assert.Equal(SendResult.Dead, world.Result(waiting));
        world.Wait(stopped);
    }

    [Fact]
    public void Send_KernelStopped_IsDead()
    {
        using var world = new StepKernel();
        Capability<int> to = world.Kernel.Grant<int>(world.Kernel.Receive<int>([]));
        Assert.Equal(SendResult.Sent, to.Send(1));
        world.Stop();
        Assert.Equal(SendResult.Dead, to.Send(2));
        Assert.Equal(SendResult.Dead, world.Result(to.SendAsync(3)));
    }

    [Property(MaxTest = 40)]
    public static void Send_FromEverywhereAtOnce_NeverMoreThanTheCapacityIsUnderWay(int seed)
    {
        var random = new Random(seed);
        int capacity = random.Next(1, 80), sent = 0, handled = 0, most = 0;
        using var world = new StepKernel(seed);
        AgentId target = world.Kernel.Receive((in int _, Context _) => handled++, core: 0, capacity: capacity);
        Capability<int> host = world.Kernel.Grant<int>(target);
        Sender[] senders = [.. Enumerable.Range(0, 4).Select(i => new Sender(world.Kernel, target, core: i % 2))];
        for (int i = 0; i < 300; i++)
        {
            sent += host.Send(i) == SendResult.Sent ? 1 : 0;
            senders[random.Next(4)].Burst(random.Next(100), () => most = Math.Max(most, ++sent - handled));
            world.Step();
        }

        world.Run();
        Assert.True(most <= capacity, $"{most} under way to a channel of {capacity}, seed={seed}");
        Assert.True(sent == handled, $"{sent} sent, {handled} handled, seed={seed}");
    }

    private sealed class Sender(Kernel kernel, AgentId target, int core)
    {
        private readonly AgentId _agent = kernel.Spawn(new Puppet(), core);
        private Capability<int>? _to;

        public void Burst(int messages, Action sent)
        {
            Capability<int> to = _to ??= kernel.GrantTo<int>(_agent, target);
            kernel.Do(_agent, context =>
            {
                for (int i = 0; i < messages && context.Send(to, i) == SendResult.Sent; i++)
                {
                    sent();
                }
            });
        }
    }
}
