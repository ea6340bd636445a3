using System.Runtime.CompilerServices;
using Outheis.Supervision;
using Xunit;

namespace Outheis.Testing.Tests;

/// <summary>What goes wrong on purpose.</summary>
public sealed class FaultTests
{
    private readonly record struct Number(int Value);

    private sealed class Forwarder(Capability<Number> to) : Agent, IHandle<Number>
    {
        public List<SendResult> Results { get; } = [];

        public void Handle(in Number message, Context context)
        {
            Results.Add(context.Send(to, message));
            Results.Add(context.Send(to, message));
        }
    }

    private sealed class Receiver(List<int> into) : Agent, IHandle<Number>
    {
        public void Handle(in Number message, Context context) => into.Add(message.Value);
    }

    [Fact]
    public void CrashOneIn_AnyEffect_BeforeOrAfterItAndWhenAMessageIsTaken()
    {
        HashSet<string> where = [];
        HashSet<int> sent = [];
        for (ulong seed = 1; seed <= 60; seed++)
        {
            sent.Add(CrashOnce(seed, where));
        }

        Assert.Equal(["after an effect", "before an effect", "when it took a message"], where.Order());
        Assert.Equal([0, 1, 2], sent.Order());      // the crash came before the first, between the two, after both
    }

    private static int CrashOnce(ulong seed, HashSet<string> where)
    {
        var options = new SimulationOptions { Faults = new FaultOptions { CrashOneIn = 4 } };
        using var simulation = new Simulation(seed, options);
        List<int> received = [];
        List<ExitSignal> exits = [];
        AgentId boss = simulation.Kernel.Spawn("boss", () => new Boss(exits));
        AgentId target = simulation.Kernel.Spawn("target", () => new Receiver(received));
        AgentId forwarder = simulation.Kernel.Spawn(
            "forwarder", self => new Forwarder(self.Grant<Number>(target)), new SpawnOptions { Supervisor = boss });
        Assert.Equal(SendResult.Sent, simulation.Kernel.Grant<Number>(forwarder).Send(new Number(1)));
        simulation.RunToEnd();
        foreach (ExitSignal exit in exits)
        {
            string message = Assert.IsType<SimulatedCrashException>(exit.Reason.Exception).Message;
            where.Add(message[(message.IndexOf("crash ", StringComparison.Ordinal) + 6)..].TrimEnd('.'));
        }

        return received.Count;
    }

    private sealed class Boss(List<ExitSignal> exits) : Agent, IHandle<ExitSignal>
    {
        public void Handle(in ExitSignal message, Context context) => exits.Add(message);
    }

    [Fact]
    public void Crash_AnAgentByName_AtItsNextEffectAndNoOther()
    {
        using var simulation = new Simulation(1);
        List<int> received = [];
        AgentId boss = simulation.Kernel.Spawn("boss", () => new Supervisor(new SupervisorOptions { Intensity = 3 }));
        AgentId target = simulation.Kernel.Spawn(
            "target", () => new Receiver(received), new SpawnOptions { Supervisor = boss });
        Capability<Number> to = simulation.Kernel.Grant<Number>(target);
        simulation.RunUntilIdle();
        simulation.Crash(target);
        Assert.Equal(SendResult.Sent, to.Send(new Number(1)));
        Assert.Equal(SendResult.Sent, to.Send(new Number(2)));
        simulation.RunUntilIdle();
        Assert.Equal([2], received);
        Assert.Equal(2U, simulation.Kernel.ListAgents().Single(agent => agent.Id == target).Incarnation);
        Assert.Equal(1, simulation.Kernel.DeadLetters.Count(DeadLetterReason.HandlerFailed));
    }

    [Fact]
    public void StickOneIn_AHandlerTakesLong_OtherCoresRunMeanwhile()
    {
        bool seen = false;
        for (ulong seed = 1; seed <= 40 && !seen; seed++)
        {
            var options = new SimulationOptions { InterruptOneIn = 0, Faults = new FaultOptions { StickOneIn = 2 } };
            using var simulation = new Simulation(seed, options);
            List<int> order = [];
            AgentId slow = simulation.Kernel.Spawn("slow", () => new Receiver(order), new SpawnOptions { Core = 0 });
            AgentId quick = simulation.Kernel.Spawn("quick", () => new Receiver(order), new SpawnOptions { Core = 1 });
            Assert.Equal(SendResult.Sent, simulation.Kernel.Grant<Number>(slow).Send(new Number(1)));
            Assert.Equal(SendResult.Sent, simulation.Kernel.Grant<Number>(quick).Send(new Number(2)));
            while (order.Count == 0 && simulation.Step())
            {
            }

            seen = order is [2, 1];      // within one step of the slow one's core
        }

        Assert.True(seen);
    }

    [Fact]
    public void HangOneIn_AHandlerNeverReturns_ItsCoreDoesNothingMoreAndTheStopReportsIt()
    {
        var options = new SimulationOptions
        {
            Disk = new SimulatedDisk(), Faults = new FaultOptions { HangOneIn = 1 },
        };
        using var simulation = new Simulation(8, options);
        List<int> received = [];
        AgentId agent = simulation.Kernel.Spawn("r", () => new Receiver(received), new SpawnOptions { Core = 1 });
        Capability<Number> to = simulation.Kernel.Grant<Number>(agent);
        Assert.Equal(SendResult.Sent, to.Send(new Number(1)));
        simulation.RunToEnd();
        Assert.Equal(SendResult.Sent, to.Send(new Number(2)));
        simulation.RunToEnd();
        Assert.Equal([1], received);
        StopReport report = simulation.Stop();
        Assert.Equal([1], report.StuckCores);
        Assert.False(report.Drained);
    }

    [Fact]
    public void Dispose_AfterAStopThatReportsAStuckCore_FreesWhatTheCoresUsed()
    {
        Core[] cores;
        var options = new SimulationOptions { Faults = new FaultOptions { HangOneIn = 1 } };
        using (var simulation = new Simulation(5, options))
        {
            AgentId agent = simulation.Kernel.Spawn("r", () => new Receiver([]));
            Assert.Equal(SendResult.Sent, simulation.Kernel.Grant<Number>(agent).Send(new Number(1)));
            simulation.RunToEnd();
            Assert.Single(simulation.Stop().StuckCores);
            cores = simulation.Kernel.Cores;
            Assert.NotEmpty(cores.SelectMany(static core => BlocksOf(core.Cells)));
        }

        Assert.Empty(cores.SelectMany(static core => BlocksOf(core.Cells)));
    }

    // Nothing but the slab needs to know what memory it holds.
    [UnsafeAccessor(UnsafeAccessorKind.Field, Name = "_blocks")]
    private static extern ref List<nint> BlocksOf(CellSlab slab);

    [Fact]
    public void InterruptOneIn_Zero_StepsAreWhole()
    {
        using var simulation = new Simulation(3, new SimulationOptions { InterruptOneIn = 0 });
        Capability<Number> to = simulation.Kernel.Grant<Number>(simulation.Kernel.Spawn("r", () => new Receiver([])));
        Assert.Equal(SendResult.Sent, to.Send(new Number(1)));
        simulation.RunToEnd();
        Assert.DoesNotContain(simulation.Trace.Newest(), static line => line[8..].StartsWith(' '));
    }

    [Fact]
    public void ClockJumpOneIn_Jumps_LeaveTimersAndTimeoutsAlone()
    {
        var options = new SimulationOptions
        {
            TimeMovesOneIn = 0,
            Faults = new FaultOptions { ClockJumpOneIn = 2 },
        };
        using var simulation = new Simulation(4, options);
        DateTimeOffset start = simulation.Time.GetUtcNow();
        int fired = 0;
        using ITimer timer = simulation.Time.CreateTimer(
            _ => fired++, null, TimeSpan.FromSeconds(1), Timeout.InfiniteTimeSpan);
        int left = 100;
        simulation.AddActor("idler", () => --left > 0);
        simulation.RunUntilIdle();
        Assert.Equal(0, fired);
        Assert.NotEqual(start, simulation.Time.GetUtcNow());
        simulation.AdvanceBy(TimeSpan.FromSeconds(1));
        Assert.Equal(1, fired);
    }
}
