using Xunit;

namespace Outheis.Tests;

/// <summary>Nobody is always first (LW-26).</summary>
public sealed class PeerRoundsTests
{
    [Theory]
    [InlineData(0, 1)]
    [InlineData(1, 2)]
    [InlineData(0, 3)]
    [InlineData(2, 3)]
    [InlineData(5, 8)]
    public void Next_ManyRounds_EachHasEveryPeerOnceAndEachPeerBeginsAsOften(int self, int cores)
    {
        var rounds = new PeerRounds(self, cores);
        List<int> first = [];
        for (int i = 0; i < 3 * (cores - 1); i++)
        {
            List<int> round = [];
            foreach (int peer in rounds.Next())
            {
                round.Add(peer);
            }

            Assert.Equal(Enumerable.Range(0, cores).Where(peer => peer != self), round.Order());
            first.Add(round[0]);
        }

        Assert.Equal(cores - 1, first.Distinct().Count());
        Assert.All(first.CountBy(peer => peer), begins => Assert.Equal(3, begins.Value));
        foreach (int _ in rounds.Next())
        {
            Assert.NotEqual(1, cores);      // a core without peers has nobody to begin with
        }
    }

    [Fact]
    public void RunPass_TwoPeersSendAlways_EachIsFirstAsOften()
    {
        const int Passes = 12;
        using var world = new StepKernel(cores: 3);
        List<int> order = [];
        AgentId target = world.Kernel.Receive(order, core: 2);
        AgentId[] senders = [world.Kernel.Spawn(new Puppet(), core: 0), world.Kernel.Spawn(new Puppet(), core: 1)];
        Capability<int>[] to = [.. senders.Select(sender => world.Kernel.GrantTo<int>(sender, target))];
        world.Run();
        for (int i = 0; i < Passes; i++)
        {
            for (int sender = 0; sender < 2; sender++)
            {
                int number = sender;
                world.Kernel.Do(senders[number], context =>
                    Assert.Equal(SendResult.Sent, context.Send(to[number], number)));
                world.Pass(number);
            }

            world.Pass(2);
        }

        int[] first = [.. order.Chunk(2).Select(pair => pair[0])];
        Assert.Equal(Passes, first.Length);
        Assert.Equal(Passes / 2, first.Count(sender => sender == 0));
    }
}
