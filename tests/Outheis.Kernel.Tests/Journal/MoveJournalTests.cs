using System.Diagnostics;
using Outheis.Testing;
using Xunit;

namespace Outheis.Tests.Journal;

/// <summary>What the journal has of agents that move: each core has a lane, and what one lane tells of an agent comes
/// behind what the lane tells that it came from.</summary>
public sealed class MoveJournalTests
{
    private readonly SimulatedDisk _disk = new();

    private static AgentId SpawnFolder(Kernel kernel, int core = 0) =>
        kernel.Spawn("folds", static () => new Folder(), new SpawnOptions { Core = core });

    private static void Move(StepKernel world, AgentId agent, int core) =>
        Assert.True(world.Result(world.Kernel.MoveAgentAsync(agent, core)));

    /// <summary>An agent is leaving core 0 for core 1. Number 1 is in the ingress of core 0, which has not looked
    /// since.</summary>
    private StepKernel BeginMove(int cores, out AgentId agent, out Capability<Number> to, out Task<bool> moved)
    {
        var world = new StepKernel(cores: cores, disk: _disk);
        agent = SpawnFolder(world.Kernel);
        to = world.Kernel.Grant<Number>(agent);
        world.Run();
        moved = world.Kernel.MoveAgentAsync(agent, 1);
        KernelOp leave = world.CoreAt(0).Control.TakeAll()!;
        Assert.Equal(SendResult.Sent, to.Send(new Number(1)));
        leave.Run(world.CoreAt(0));
        return world;
    }

    [Fact]
    public void Replay_OfAnAgentThatMoved_ComesToTheSameState()
    {
        var world = new StepKernel(cores: 3, disk: _disk);
        AgentId agent = SpawnFolder(world.Kernel);
        world.Run();
        var live = (Folder)world.Kernel.Living(agent).Instance!;
        Capability<Number> to = world.Kernel.Grant<Number>(agent);
        for (int i = 1; i <= 300; i++)
        {
            Assert.Equal(SendResult.Sent, to.Send(new Number(i)));
            if (i % 3 == 0)
            {
                Move(world, agent, i % 2 + (i % 7 == 0 ? 1 : 0));
            }
        }

        world.Run();
        Assert.True(world.Kernel.ListCores().Sum(static core => core.GivenAway) > 50);
        world.Stop();
        using JournalReplay replay = JournalReplay.OpenOn(
            Journals.Path, _disk, static kernel => SpawnFolder(kernel), new ReplayOptions());
        Assert.Null(replay.Run().Divergence);
        var again = Assert.IsType<Folder>(replay.Instance("folds"));
        Assert.Equal((300, live.Fold), (again.Count, again.Fold));
    }

    /// <summary>INV-30 across lanes: a kill finds what was sent first, if it finds what was sent then.</summary>
    [Fact]
    public void Move_OutsideSendsByBothWays_AreJournaledInTheOrderOfTheirSending()
    {
        StepKernel world = BeginMove(cores: 2, out _, out Capability<Number> to, out Task<bool> moved);
        Assert.Equal(SendResult.Sent, to.Send(new Number(2)));
        for (int i = 0; i < 5; i++)
        {
            world.Pass(1);
        }

        Assert.Empty(Numbers());
        ValueTask<SendResult> durable = to.SendAsync(new Number(3), Durability.Durable);
        world.Pass(1);
        world.Pass(1);
        Assert.False(durable.IsCompleted);      // nobody is told of the disk what the journal has not
        Assert.True(world.Result(moved));
        Assert.Equal(SendResult.Sent, world.Result(durable));
        world.Run();
        Assert.Equal([1, 2, 3], Numbers());
        world.Stop();
        Assert.Equal(
            [("leaves for core 1", 0), ("is on core 1", 1)],
            Journals.ReadAll(_disk, out _).Where(static entry => entry.Kind == JournalKind.Moved)
                .Select(static entry => (entry.Detail, RecordHeader.LaneOf(entry.Position))));
    }

    /// <summary>ES-01: a stop in the middle of a move takes nothing that was accepted, and keeps its order: the next
    /// run hands it over.</summary>
    [Fact]
    public void Move_AStopWhoseDeadlineComesInTheMiddle_JournalHasBothWaysInOrder()
    {
        StepKernel world = BeginMove(cores: 3, out AgentId agent, out Capability<Number> to, out Task<bool> moved);
        Assert.Equal(SendResult.Sent, to.Send(new Number(2)));
        world.Pass(1);
        Task<StopReport> stop = world.Kernel.StopAsync(TimeSpan.Zero);
        long start = Stopwatch.GetTimestamp();
        while (world.Kernel.Agents.Find(agent.Value) is not null
            && Stopwatch.GetElapsedTime(start) < ThreadKernel.Patience)
        {
            world.Pass(0);      // core 2 has its mark, and says nothing
            world.Pass(1);
            world.Time.AdvanceBy(TimeSpan.FromMilliseconds(1));
        }

        Assert.Equal(agent, Assert.Single(world.Stopped(stop).Undrained).Agent);
        Assert.False(world.Result(moved));
        Assert.Equal([1, 2], Numbers());
        Assert.Equal(
            [0, 1], Journals.ReadAll(_disk, out _).Where(static entry => entry.Kind == JournalKind.Moved)
                .Select(static entry => RecordHeader.LaneOf(entry.Position)));
    }

    /// <summary>INV-30: what came by the old way is in no journal, so neither is what came by the new one.</summary>
    [Fact]
    public void BreakOff_TheOldWayIsNotAllTold_NothingLaterIs()
    {
        StepKernel world = BeginMove(cores: 2, out _, out Capability<Number> to, out _);
        bool hasEnded = false;
        world.Kernel.KeepAgents();
        Assert.Single(world.CoreAt(0).Leaving).BreakOff(world.CoreAt(0), () => hasEnded = true);
        Assert.Equal(SendResult.Sent, to.Send(new Number(2)));
        world.Pass(1);
        world.CoreAt(0).Control.TakeAll()!.Run(world.CoreAt(0));
        world.Pass(1);
        Assert.True(hasEnded);
        Assert.Empty(Numbers());
        Assert.True(world.CoreAt(1).GaveUpEntering);
        world.Stop();
        Assert.DoesNotContain(2, Numbers());
    }

    /// <summary>An ask has its reason at once, however long the way that its agent came from is stopped up.</summary>
    [Fact]
    public void Move_TheDiskBecomesFullMeanwhile_AsksFailAndSendsWait()
    {
        var world = new StepKernel(cores: 2, disk: _disk);
        AgentId agent = world.Kernel.Spawn(
            "answers", static () => new Answerer<Number, Number>(static (in Number request, Context _) => request),
            new SpawnOptions { Core = 0 });
        AgentId other = SpawnFolder(world.Kernel);
        AskCapability<Number, Number> to = world.Kernel.GrantAsk<Number, Number>(agent);
        Capability<Number> fill = world.Kernel.Grant<Number>(other);
        world.Run();
        Fill(world, fill, leave: 400);
        Task<bool> moved = world.Kernel.MoveAgentAsync(agent, 1);
        KernelOp leave = world.CoreAt(0).Control.TakeAll()!;
        while (fill.Send(new Number(0)) == SendResult.Sent)
        {
        }

        leave.Run(world.CoreAt(0));      // there is room still, and more than that in the ingress
        world.Pass(0);
        Assert.True(world.CoreAt(0).IsJournalFull);
        Task<Number> reply = to.AskAsync(new Number(1)).AsTask();
        world.RunUntil(() => reply.IsCompleted, "the ask's end");
        Assert.Equal(AskOutcome.Full, Assert.IsType<AskException>(reply.Exception!.InnerException).Outcome);
        Assert.False(moved.IsCompleted);
        Task<bool> never = world.Kernel.MoveAgentAsync(other, 1);
        for (int i = 0; i < 20; i++)
        {
            world.Step();
        }

        Assert.Equal((false, 0), (never.IsCompleted, world.Kernel.ListAgents().Single(one => one.Id == other).Core));
        _disk.Free = long.MaxValue;
        world.Time.AdvanceBy(JournalLimits.RetryAfterRefusal);
        Assert.True(world.Result(moved));
        Assert.True(world.Result(never));
        Assert.Equal(new Number(2), world.Result(to.AskAsync(new Number(2))));
        world.Stop();
    }

    /// <summary>What is in the way of each is in the other's: they wait, and neither wakes the other.</summary>
    [Fact]
    public void Move_ToEachOthersCoreOnAFullDisk_BothCoresComeToRest()
    {
        var world = new StepKernel(cores: 2, disk: _disk);
        AgentId[] agents = [.. Enumerable.Range(0, 2).Select(core => SpawnFolder(world.Kernel, core))];
        Capability<Number>[] fill =
            [.. Enumerable.Range(0, 2).Select(core => world.Kernel.Grant<Number>(SpawnFolder(world.Kernel, core)))];
        world.Run();
        Fill(world, fill[0], leave: 400);
        Fill(world, fill[1], leave: 400, core: 1);
        Task<bool>[] moved = [.. agents.Select((agent, core) => world.Kernel.MoveAgentAsync(agent, 1 - core))];
        KernelOp[] leaves = [.. world.Kernel.Cores.Select(static core => core.Control.TakeAll()!)];
        for (int core = 0; core < 2; core++)
        {
            while (fill[core].Send(new Number(0)) == SendResult.Sent)
            {
            }

            leaves[core].Run(world.CoreAt(core));
        }

        for (int pass = 0; pass < 100; pass++)
        {
            world.Pass(0);
            world.Pass(1);
        }

        Assert.All(world.Kernel.Cores, static core => Assert.True(core.IsJournalFull));
        Assert.Equal((0, 0), (world.Pass(0), world.Pass(1)));
        Assert.All(moved, static move => Assert.False(move.IsCompleted));
        _disk.Free = long.MaxValue;
        world.Time.AdvanceBy(JournalLimits.RetryAfterRefusal);
        Assert.All(moved, move => Assert.True(world.Result(move)));
        world.Stop();
    }

    // Until so many messages more find no room.
    private void Fill(StepKernel world, Capability<Number> fill, int leave, int core = 0)
    {
        _disk.Free = 0;
        while (world.CoreAt(core).Tap!.Lane.TryReserve((16 << 10) + (leave * RecordHeader.Bytes)))
        {
            fill.SendAll([new Number(0)]);
            world.Pass(core);
        }

        Assert.True(world.CoreAt(core).Tap!.HasRoom);
    }

    [Fact]
    public void Move_ADurableAgent_StaysAndSaysWhy()
    {
        using var world = new StepKernel(cores: 2, disk: _disk);
        AgentId agent = world.Kernel.Spawn("keeps", static () => new Keeper());
        world.Run();
        Exception thrown = Assert.Throws<InvalidOperationException>(() => MoveNow(world.Kernel, agent));
        Assert.Contains("durable", thrown.Message, StringComparison.Ordinal);
    }

    private static void MoveNow(Kernel kernel, AgentId agent) => _ = kernel.MoveAgentAsync(agent, 0);

    private List<int> Numbers() => [.. Journals.ReadAll(_disk, out _)
        .Where(static entry => entry is { Kind: JournalKind.Sent, TypeName: { } type }
            && type.EndsWith("Number", StringComparison.Ordinal))
        .Select(static entry => BitConverter.ToInt32(entry.Payload.Span))];

    public readonly record struct Number(int Value);

    private sealed class Folder : Agent, IHandle<Number>
    {
        public int Count { get; private set; }

        public ulong Fold { get; private set; }

        public void Handle(in Number message, Context context)
        {
            Count++;
            Fold = (Fold * 1099511628211) ^ (ulong)message.Value;
        }
    }

    private sealed class Keeper() : DurableAgent<Number>(default), IHandle<Number>
    {
        public void Handle(in Number message, Context context) => State = message;
    }
}
