using Xunit;

namespace Outheis.Testing.Tests;

/// <summary>A host's send whose right falls in the middle of it.</summary>
public sealed class RevokedSendTests
{
    private readonly record struct Number(int Value);

    private sealed class Sink : Agent, IHandle<Number>
    {
        public void Handle(in Number message, Context context)
        {
        }
    }

    private sealed class At(Moment when, Action what) : Interference
    {
        public override void Happen(Moment moment)
        {
            if (moment == when)
            {
                what();
            }
        }
    }

    /// <summary>C1. After its claim it is refused, and what it took comes back.</summary>
    [Fact]
    public void Send_RevokedBetweenItsClaimAndItsLook_GivesItsCreditBack()
    {
        using var simulation = new Simulation(1, new SimulationOptions { InterruptOneIn = 0 });
        AgentId sink = simulation.Kernel.Spawn("sink", static () => new Sink());
        Capability<Number> to = simulation.Kernel.Grant<Number>(sink);
        simulation.RunUntilIdle();
        Interference? usual = Interference.Current;
        Interference.Current = new At(
            Moment.Claimed, () => simulation.Kernel.Capabilities.Revoke(to.Node!, itself: true));
        try
        {
            Assert.Equal(SendResult.Revoked, to.Send(new Number(1)));
        }
        finally
        {
            Interference.Current = usual;
        }

        simulation.RunUntilIdle();
        simulation.AssertInvariants();
        AgentCell cell = simulation.Kernel.Agents.Find(sink.Value)!;
        Assert.Equal(cell.Credits.Capacity, cell.Credits.Free + cell.Credits.Home);
    }
}
