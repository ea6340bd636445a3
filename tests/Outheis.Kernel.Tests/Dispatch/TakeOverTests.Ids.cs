using Xunit;

namespace Outheis.Tests;

public sealed partial class TakeOverTests
{
    /// <summary>Keeps its endowment, which it should not, and uses it for long in a handler.</summary>
    private sealed class Hoarder(
        Endowment endowment, AgentId target, List<Capability<Tick>> made, Func<bool> isOver)
        : Agent, IHandle<Block>
    {
        public void Handle(in Block message, Context context)
        {
            while (!isOver())
            {
                made.Add(endowment.Grant<Tick>(target));
            }
        }
    }

    private sealed class Maker(SpawnCapability<int> by) : Agent, IHandle<Tick>, IAnswer<Question, int>
    {
        public int Made;

        public void Handle(in Tick message, Context context)
        {
            Assert.Equal(SpawnResult.Spawned, context.Spawn(by, 0, out _));
            Made++;
        }

        public int Answer(in Question request, Context context) => Made;
    }

    /// <summary>A core hands out ids of pages of its own, without a lock: not for a thread that is still in an agent's
    /// code while another one has the core.</summary>
    [Fact]
    public async Task Grant_ByAHandlerWhoseCoreIsTakenMeanwhile_NoIdIsHandedOutTwice()
    {
        const int Children = 5_000;
        var kernel = Kernel.Start(new KernelOptions { Cores = 1, Pin = false });
        List<Capability<Tick>> byHoarder = [], byChildren = [];
        AgentId target = kernel.Spawn("target", static () => new Counter());
        AgentId maker = kernel.Spawn("maker", endowment => new Maker(endowment.GrantSpawn<int>(null, (born, _) =>
        {
            byChildren.Add(born.Grant<Tick>(target));
            return new Counter();
        })));
        bool isOver = false;
        AgentId hoarder = kernel.Spawn("hoarder", endowment =>
            new Hoarder(endowment, target, byHoarder, () => Volatile.Read(ref isOver)));
        Capability<Tick> tick = kernel.Grant<Tick>(maker);
        AskCapability<Question, int> ask = kernel.GrantAsk<Question, int>(maker);
        Assert.Equal(SendResult.Sent, kernel.Grant<Block>(hoarder).Send(new Block(0)));
        for (int i = 0; i < Children; i++)
        {
            await tick.SendAsync(new Tick(0));
        }

        Assert.Equal(Children, await ask.AskAsync(new Question(0), ThreadKernel.Patience));
        Assert.NotEqual(0, kernel.ListCores()[0].TakeOvers);
        Volatile.Write(ref isOver, true);
        Assert.Contains(kernel.ListAgents(), agent => agent.Id == hoarder);
        await kernel.StopAsync();
        Capability<Tick>[] all = [.. byHoarder, .. byChildren];
        Assert.Equal(all.Length, all.Select(static capability => capability.Id).Distinct().Count());
    }
}
