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

    [Fact]
    public void Announce_OfPassiveSends_WakesAnotherPeerFirstEachTime()
    {
        using var world = new StepKernel(cores: 4);
        AgentId talker = world.Kernel.Spawn(new Puppet(), core: 0, qos: Qos.Background);
        Capability<int>[] to = [.. Enumerable.Range(1, 3).Select(core => world.Kernel.GrantTo<int>(
            talker, world.Kernel.Receive<int>([], core: core)))];
        world.Run();
        List<int> first = [];
        for (int i = 0; i < 3; i++)
        {
            List<int> woken = world.WokenBy(() =>
            {
                world.Kernel.Do(talker, context =>
                {
                    foreach (Capability<int> target in to)
                    {
                        Assert.Equal(SendResult.Sent, context.Send(target, 1));
                    }
                });
                while (world.Pass(0) > 0)
                {
                }
            }, 1, 2, 3);
            Assert.Equal([1, 2, 3], woken.Order());
            first.Add(woken[0]);
            world.Run();
        }

        Assert.Equal([1, 2, 3], first.Order());
    }

    [Fact]
    public void Move_MarksToAllPeers_BeginWithAnotherOneEachTime()
    {
        using var world = new StepKernel(cores: 4);
        AgentId[] agents =
            [.. Enumerable.Range(0, 3).Select(_ => world.Kernel.Spawn("moves", static () => new Puppet()))];
        foreach (AgentId agent in agents)
        {
            world.Result(world.Kernel.MoveAgentAsync(agent, 0));
        }

        List<int> first = [];
        foreach (AgentId agent in agents)
        {
            Task<bool> move = null!;
            List<int> woken = world.WokenBy(() =>
            {
                move = world.Kernel.MoveAgentAsync(agent, 2);
                world.Pass(0);
            }, 1, 2, 3);
            Assert.Equal([1, 2, 3], woken.Order());
            first.Add(woken[0]);
            Assert.True(world.Result(move));
        }

        Assert.Equal([1, 2, 3], first.Order());
    }

    [Theory]
    [InlineData(0), InlineData(1), InlineData(2)]
    public void Revoke_FencesOfAllCores_BeginAtTheHomeOfTheTarget(int home)
    {
        using var world = new StepKernel(cores: 3);
        Capability<int> right = world.Kernel.Grant<int>(world.Kernel.Receive<int>([], core: home));
        world.Run();
        Task revoked = null!;
        List<int> woken = world.WokenBy(() => revoked = world.Kernel.RevokeAsync(right), 0, 1, 2);

        Assert.Equal([home, (home + 1) % 3, (home + 2) % 3], woken);
        world.Wait(revoked);
    }
}
