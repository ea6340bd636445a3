using Xunit;

namespace Outheis.Tests;

/// <summary>What turns await and threads outside the kernel complete.</summary>
public sealed class ForeignCompletionTests
{
    /// <summary>However much foreign threads complete: it wakes the core once, if that sleeps, and is taken in one
    /// pass, in one turn of the agent, in the order of its completion.</summary>
    [Theory]
    [InlineData(false), InlineData(true)]
    public void Resume_ManyCompletedByAForeignThread_WakeOnceAndGoOnInOneTurnInOrder(bool sleeps)
    {
        const int Awaits = 50;      // fewer than a turn has messages
        using var world = new StepKernel(cores: 1);
        TaskCompletionSource[] gates =
            [.. Enumerable.Range(0, Awaits).Select(static _ => new TaskCompletionSource())];
        List<(int Number, Core? Core)> resumed = [];
        AgentId agent = world.Kernel.Spawn(new Puppet { Reenters = Reentrancy.Always });
        for (int i = 0; i < Awaits; i++)
        {
            int number = i;
            world.Kernel.DoAsync(agent, async (_, _) =>
            {
                await gates[number].Task;
                resumed.Add((number, Core.OfThisThread));
            });
        }

        world.Run();
        Core core = world.CoreAt(0);
        (long Turns, long Wakes) before = (core.Counters.Turns, core.Wakes);
        if (sleeps)
        {
            core.Parker.Announce();
        }

        ThreadKernel.Together(() => Array.ForEach(gates, static gate => gate.SetResult()));
        Assert.Empty(resumed);
        Assert.Equal(sleeps ? 1 : 0, core.Wakes - before.Wakes);
        if (sleeps)
        {
            core.Parker.Sleep(TimeSpan.Zero);      // ends at once: it was woken
        }

        world.Pass(0);
        Assert.Equal(Enumerable.Range(0, Awaits).Select(number => (number, (Core?)core)), resumed);
        Assert.Equal(1, core.Counters.Turns - before.Turns);
    }
}
