using Outheis.Testing;
using Outheis.Tests.Journal;
using Xunit;

namespace Outheis.Tests;

public readonly record struct Numbered(int Number);

public readonly record struct Sum(int Number, long Total);

/// <summary>A receiver opens a lane into its channel by handing out a capability with that right (OT-12).</summary>
public sealed class PriorityLaneTests
{
    private static readonly MessageCodecs Codecs = new MessageCodecs().Add<Numbered>().Add<Sum>();

    private readonly List<int> _handled = [];

    /// <summary>Who handles nothing until it is told to: the others stand in its channel.</summary>
    private AgentId Spawn(Kernel kernel) => kernel.Receive(
        (in Numbered message, Context _) => _handled.Add(message.Number), core: 0);

    [Theory, InlineData(0), InlineData(1)]
    public void Send_WithTheRight_GoesAheadOfWhatWaitsBehindWhatCameIntoTheLaneBefore(int core)
    {
        using var world = new StepKernel(3);
        AgentId receiver = Spawn(world.Kernel);
        AgentId sender = world.Kernel.Spawn(new Puppet(), core);
        Capability<Numbered> plain = world.Kernel.GrantTo<Numbered>(sender, receiver);
        Capability<Numbered> lane =
            world.Kernel.GrantTo<Numbered>(sender, receiver, Rights.Send | Rights.Priority);
        world.Run();
        world.Kernel.Do(sender, context =>
        {
            foreach (int number in (int[])[1, 2, 103, 4, 105, 6])
            {
                Assert.Equal(SendResult.Sent, context.Send(number > 100 ? lane : plain, new Numbered(number)));
            }
        });
        world.Run();
        Assert.Equal([103, 105, 1, 2, 4, 6], _handled);
    }

    [Fact]
    public void Send_FromTheHostAndAsked_GoesIntoTheLaneToo()
    {
        using var world = new StepKernel(3);
        AgentId agent = world.Kernel.Spawn(new Both(_handled), 0);
        Capability<Numbered> plain = world.Kernel.Grant<Numbered>(agent);
        Capability<Numbered> lane = world.Kernel.Grant<Numbered>(agent, Rights.Send | Rights.Priority);
        AskCapability<int, int> asks = world.Kernel.GrantAsk<int, int>(agent, Rights.Ask | Rights.Priority);
        plain.Send(new Numbered(1));
        lane.Send(new Numbered(102));
        ValueTask<int> reply = asks.AskAsync(103);
        plain.Send(new Numbered(4));
        world.Run();
        Assert.Equal([102, 103, 1, 4], _handled);
        Assert.Equal(103, world.Result(reply));
    }

    [Fact]
    public void Derive_WithoutTheRight_IsOrdinaryAndFromAnOrdinaryOneThereIsNoLane()
    {
        using var world = new StepKernel(3);
        AgentId receiver = Spawn(world.Kernel);
        AgentId holder = world.Kernel.Spawn(new Puppet(), 0);
        Capability<Numbered> lane = world.Kernel.GrantTo<Numbered>(
            holder, receiver, Rights.Send | Rights.Priority | Rights.Grant);
        Capability<Numbered> plain = world.Kernel.GrantTo<Numbered>(holder, receiver, Rights.Send | Rights.Grant);
        world.Run();
        Capability<Numbered> less = default, more = default;
        world.Kernel.Do(holder, context =>
        {
            Assert.Equal(DeriveResult.Derived, context.Derive(lane, holder, Rights.Send, 0, out less));
            Assert.Equal(
                DeriveResult.Derived, context.Derive(plain, holder, Rights.Send | Rights.Priority, 0, out more));
            context.Send(less, new Numbered(1));
            context.Send(more, new Numbered(2));
            context.Send(lane, new Numbered(103));
        });
        world.Run();
        Assert.Equal([103, 1, 2], _handled);
    }

    [Fact]
    public void Send_IntoTheLane_IsBoundedAsAnyOther()
    {
        using var world = new StepKernel(3, capacity: 2);
        AgentId receiver = Spawn(world.Kernel);
        Capability<Numbered> lane = world.Kernel.Grant<Numbered>(receiver, Rights.Send | Rights.Priority);
        Assert.Equal(SendResult.Sent, lane.Send(default));
        Assert.Equal(SendResult.Sent, lane.Send(default));
        Assert.Equal(SendResult.Full, lane.Send(default));
        world.Run();
        Assert.Equal(SendResult.Sent, lane.Send(default));
    }

    /// <summary>The journal has the order of the taking, so what overtook does so again.</summary>
    [Fact]
    public void Journal_WithALane_IsReplayedInTheOrderOfTheTaking()
    {
        var disk = new SimulatedDisk();
        List<Sum> sums = [];
        var world = new StepKernel(cores: 2, disk: disk, codecs: Codecs, capacity: 16);
        Capability<Numbered>[] ways = SpawnAll(world.Kernel, sums);
        var random = new Random(7);
        for (int i = 1; i <= 2000; i++)
        {
            while (ways[random.Next(2)].Send(new Numbered(i)) == SendResult.Full)
            {
                world.Step();
            }
        }

        world.Run();
        world.Stop();
        Assert.Equal(2000, sums.Count);
        Assert.Contains(sums.Zip(sums.Skip(1)), pair => pair.First.Number > pair.Second.Number);      // overtaken
        List<Sum> again = [];
        using JournalReplay replay = JournalReplay.OpenOn(
            Journals.Path, disk, kernel => SpawnAll(kernel, again), new ReplayOptions { Codecs = Codecs });
        ReplayReport report = replay.Run();
        Assert.Null(report.Divergence);
        Assert.Equal(sums, again);
    }

    private static Capability<Numbered>[] SpawnAll(Kernel kernel, List<Sum> sums)
    {
        AgentId sink = kernel.Spawn(new Receiver<Sum>((in Sum sum, Context _) => sums.Add(sum)), 0, 4096, name: "sink");
        AgentId adder = kernel.Spawn("adder", who =>
        {
            Capability<Sum> to = who.Grant<Sum>(sink);
            long total = 0;
            return new Receiver<Numbered>((in Numbered message, Context context) =>
            {
                total = (31 * total) + message.Number;
                _ = context.Send(to, new Sum(message.Number, total));
            });
        });
        return [kernel.Grant<Numbered>(adder), kernel.Grant<Numbered>(adder, Rights.Send | Rights.Priority)];
    }

    private sealed class Both(List<int> handled) : Agent, IHandle<Numbered>, IAnswer<int, int>
    {
        public void Handle(in Numbered message, Context context) => handled.Add(message.Number);

        public int Answer(in int request, Context context)
        {
            handled.Add(request);
            return request;
        }
    }
}
