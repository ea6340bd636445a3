using FsCheck.Xunit;
using Xunit;

namespace Outheis.Tests;

public sealed class ReadyQueueTests
{
    [Property(MaxTest = 100, EndSize = 500)]
    public bool ReadyQueue_AnySteps_EqualsAQueuePerBand(byte[] steps)
    {
        var queue = new ReadyQueue();
        Queue<AgentCell>[] model = [.. Enumerable.Range(0, 5).Select(_ => new Queue<AgentCell>())];
        int picks = 0, rotation = 0;
        foreach (byte step in steps)
        {
            if (step % 2 == 0)
            {
                AgentCell agent = Cells.Agent(qos: (Qos)(step / 2 % 5));
                queue.Put(agent);
                model[(int)agent.Qos].Enqueue(agent);
            }
            else
            {
                AgentCell? expected = Pick(model, ref picks, ref rotation);
                if (!ReferenceEquals(queue.Take(), expected))
                {
                    return false;
                }
            }

            if (queue.IsEmpty != model.All(band => band.Count == 0))
            {
                return false;
            }
        }

        return true;
    }

    private static AgentCell? Pick(Queue<AgentCell>[] model, ref int picks, ref int rotation)
    {
        if (model.All(band => band.Count == 0))
        {
            return null;
        }

        if (++picks % Limits.FairShare == Limits.FairShare / 2)
        {
            int last = rotation;
            rotation = Enumerable.Range(1, 5).Select(i => (last + i) % 5).First(band => model[band].Count > 0);
            return model[rotation].Dequeue();
        }

        return picks % Limits.FairShare == 0
            ? model.First(band => band.Count > 0).Dequeue()
            : model.Last(band => band.Count > 0).Dequeue();
    }

    [Fact]
    public void Take_HighBandNeverEmpty_LowestGetsItsShare()
    {
        var queue = new ReadyQueue();
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
        var queue = new ReadyQueue();
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
        var queue = new ReadyQueue();
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
