using Xunit;

namespace Outheis.Tests;

/// <summary>Who wakes whom between two cores, with the sleep announced by hand (INV-08).</summary>
public sealed class SleepTests : IDisposable
{
    private readonly StepKernel _world = new(cores: 2);

    [Fact]
    public void HasWork_AMessageIsInARing_IsTrue()
    {
        Send(1);
        Pass(core: 0);
        Assert.True(_world.CoreAt(1).HasWork());
    }

    [Fact]
    public void FullRing_TheReceiverMakesRoom_WakesTheSenderAndIsWokenByIt()
    {
        Send(Limits.RingSlots + 1);
        Pass(core: 0);
        _world.CoreAt(0).Parker.Announce();
        Pass(core: 1);
        Pass(core: 1);
        Assert.False(_world.CoreAt(0).Parker.Wake());      // somebody did
        _world.CoreAt(1).Parker.Announce();
        Pass(core: 0);      // what waited goes into the ring
        Assert.False(_world.CoreAt(1).Parker.Wake());
    }

    public void Dispose() => _world.Dispose();

    /// <summary>Has an agent of core 0 send to one of core 1 in its next turn.</summary>
    private void Send(int messages)
    {
        AgentId target = _world.Kernel.Receive<int>([], core: 1);
        AgentId sender = _world.Kernel.Spawn(new Puppet(), core: 0);
        Capability<int> to = _world.Kernel.GrantTo<int>(sender, target);
        _world.Run();
        _world.Kernel.Do(sender, context =>
        {
            for (int i = 0; i < messages; i++)
            {
                Assert.Equal(SendResult.Sent, context.Send(to, i));
            }
        });
    }

    private void Pass(int core)
    {
        _world.CoreAt(core).Enter();
        _world.CoreAt(core).RunPass();
        Core.Leave();
    }
}
