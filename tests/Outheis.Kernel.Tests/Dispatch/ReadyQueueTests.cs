using FsCheck.Xunit;
using Xunit;

namespace Outheis.Tests;

public sealed class ReadyQueueTests
{
    [Property(MaxTest = 200, EndSize = 800)]
    public bool ReadyQueue_AnySteps_EqualsAQueuePerBand(byte[] steps, byte shareIndex)
    {
        int share = new[] { 4, 7, 16, Limits.FairShare }[shareIndex % 4];
        var queue = new ReadyQueue(share);
        List<AgentCell>[] model = [.. Enumerable.Range(0, 5).Select(_ => new List<AgentCell>())];
        int picks = 0, rotation = 0;
        foreach (byte step in steps)
        {
            switch (step % 4)
            {
                case 0 or 1:
                    AgentCell agent = Cells.Agent(qos: (Qos)(step / 4 % 5));
                    queue.Put(agent);
                    model[(int)agent.Qos].Add(agent);
                    break;
                case 2 when model.SelectMany(band => band).ToArray() is { Length: > 0 } waiting:
                    Raise(ref queue, model, waiting[step / 4 % waiting.Length], (Qos)(step / 16 % 5));
                    break;
                case 3 when !ReferenceEquals(queue.Take(), Pick(model, share, ref picks, ref rotation)):
                    return false;
            }

            if (queue.IsEmpty != model.All(band => band.Count == 0))
            {
                return false;
            }
        }

        return true;
    }

    private static void Raise(ref ReadyQueue queue, List<AgentCell>[] model, AgentCell agent, Qos to)
    {
        agent.EffectiveQos = to;      // falls too, and keeps its turn
        queue.Move(agent);
        List<AgentCell> band = model.Single(band => band.Contains(agent));
        if (Array.IndexOf(model, band) < (int)to)
        {
            band.Remove(agent);
            model[(int)to].Add(agent);
        }
    }

    [Fact]
    public void Move_AgainAndAgain_TheGapsAreUsedAgain()
    {
        const int Rounds = 50_000;
        var queue = new ReadyQueue(Limits.FairShare);
        AgentCell stays = Cells.Agent(qos: Qos.Background);
        AgentCell[] move = [.. Enumerable.Range(0, 29).Select(_ => Cells.Agent())];
        // Has its turn after 64 others at the latest; with a prime number of those the gaps at times fill the slots
        // before, and have to be closed.
        queue.Put(stays);
        long before = 0;
        for (int i = 0; i < Rounds; i++)
        {
            before = i == Rounds / 10 ? GC.GetAllocatedBytesForCurrentThread() : before;
            foreach (AgentCell agent in move)
            {
                agent.EffectiveQos = Qos.Background;
                queue.Put(agent);
                agent.EffectiveQos = Qos.UserInteractive;
                queue.Move(agent);
            }

            foreach (AgentCell agent in move)
            {
                AgentCell? taken = queue.Take();
                if (ReferenceEquals(taken, stays))
                {
                    queue.Put(stays);
                    taken = queue.Take();
                }

                Assert.Same(agent, taken);
            }
        }

        Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, 0, Allocated.ByTheRuntime);
    }

    [Fact]
    public void Move_AnAgentWhoseTurnItIs_DoesNothing()
    {
        var queue = new ReadyQueue(Limits.FairShare);
        AgentCell running = Cells.Agent(qos: Qos.Background);
        AgentCell other = Cells.Agent(qos: Qos.Background);
        queue.Put(running);
        queue.Take();
        queue.Put(other);
        running.EffectiveQos = Qos.UserInteractive;
        queue.Move(running);
        Assert.Same(other, queue.Take());
        Assert.Null(queue.Take());
    }

    [Fact]
    public void Remove_InTheMiddle_TheOthersKeepTheirOrderAndItMayComeAnew()
    {
        var queue = new ReadyQueue(Limits.FairShare);
        AgentCell[] others = [.. Enumerable.Range(0, 200).Select(_ => Cells.Agent(qos: Qos.Background))];
        AgentCell gone = Cells.Agent(qos: Qos.Background);
        queue.Put(others[0]);
        queue.Put(gone);
        queue.Remove(gone);
        queue.Remove(gone);                        // does not wait: nothing
        Array.ForEach(others[1..], queue.Put);     // the band makes room, and the gap goes
        queue.Put(gone);
        Assert.All(others, other => Assert.Same(other, queue.Take()));
        Assert.Same(gone, queue.Take());
        Assert.Equal(ReadyQueue.NotWaiting, gone.ReadySlot);
        Assert.Null(queue.Take());
    }

    [Fact]
    public void Remove_TheLastOfItsBand_TheBandIsEmpty()
    {
        var queue = new ReadyQueue(Limits.FairShare);
        AgentCell gone = Cells.Agent(qos: Qos.UserInteractive);
        queue.Put(gone);
        queue.Remove(gone);
        Assert.True(queue.IsEmpty);
        AgentCell next = Cells.Agent(qos: Qos.Utility);
        queue.Put(next);
        Assert.Same(next, queue.Take());
    }

    private static AgentCell? Pick(List<AgentCell>[] model, int share, ref int picks, ref int rotation)
    {
        if (model.All(band => band.Count == 0))
        {
            return null;
        }

        List<AgentCell> band = ++picks % share == 0 ? model.First(band => band.Count > 0)
            : model.Last(band => band.Count > 0);
        if (picks % share == share / 2)
        {
            int last = rotation;
            rotation = Enumerable.Range(1, 5).Select(i => (last + i) % 5).First(band => model[band].Count > 0);
            band = model[rotation];
        }

        AgentCell agent = band[0];
        band.RemoveAt(0);
        return agent;
    }

    [Fact]
    public void Take_HighBandNeverEmpty_LowestGetsItsShare()
    {
        var queue = new ReadyQueue(Limits.FairShare);
        AgentCell high = Cells.Agent(qos: Qos.UserInteractive);
        AgentCell low = Cells.Agent(qos: Qos.Background);
        queue.Put(low);
        int turns = 0;
        AgentCell? taken;
        do
        {
            queue.Put(high);
            taken = queue.Take();
            turns++;
        }
        while (!ReferenceEquals(taken, low));

        Assert.Equal(Limits.FairShare, turns);
    }

    [Fact]
    public void Take_HighestAndLowestNeverEmpty_TheBandsBetweenGetTurnsToo()
    {
        var queue = new ReadyQueue(Limits.FairShare);
        AgentCell between = Cells.Agent(qos: Qos.Utility);
        queue.Put(between);
        queue.Put(Cells.Agent(qos: Qos.UserInteractive));
        queue.Put(Cells.Agent(qos: Qos.Background));
        for (int turns = 1; queue.Take() is { } taken && !ReferenceEquals(taken, between); turns++)
        {
            Assert.True(turns < 5 * Limits.FairShare, "it starves");
            queue.Put(taken);
        }
    }

    [Fact]
    public void Put_ManyMoreThanItStartsWith_KeepsTheirOrder()
    {
        var queue = new ReadyQueue(Limits.FairShare);
        AgentCell[] agents = [.. Enumerable.Range(0, 1000).Select(_ => Cells.Agent())];
        for (int i = 0; i < 40; i++)      // so that the band wraps before it grows
        {
            queue.Put(agents[0]);
            queue.Take();
        }

        foreach (AgentCell agent in agents)
        {
            queue.Put(agent);
        }

        Assert.All(agents, agent => Assert.Same(agent, queue.Take()));
        Assert.Null(queue.Take());
    }
}
