using Outheis.Testing;
using Outheis.Tests.Journal;
using Xunit;

namespace Outheis.Tests;

/// <summary>Turns that compute for long and let others run.</summary>
public sealed class YieldTests
{
    private static readonly MessageCodecs Codecs = new MessageCodecs().Add<Chunk>().Add<Crunched>();

    public readonly record struct Chunk(int Steps);

    public readonly record struct Crunched(int Steps);

    [Fact]
    public void Yield_OthersAreReady_RunBetweenTheStepsAndOwnMessagesDoNot()
    {
        using var world = new StepKernel(5, cores: 1);
        List<string> seen = [];
        AgentId cruncher = world.Kernel.Spawn(
            new AsyncReceiver<Chunk>(async (chunk, context, _) =>
            {
                for (int step = 1; step <= chunk.Steps; step++)
                {
                    seen.Add($"step {step}");
                    await context.Yield();
                }
            }),
            0);
        Capability<int> self = default;
        AgentId other = world.Kernel.Receive(
            (in int left, Context context) =>
            {
                seen.Add("other");
                if (left > 0)
                {
                    context.Send(self, left - 1);
                }
            },
            0);
        self = world.Kernel.GrantTo<int>(other, other);
        world.Run();
        Capability<Chunk> to = world.Kernel.Grant<Chunk>(cruncher);
        to.Send(new Chunk(3));
        to.Send(new Chunk(1));
        world.Kernel.Grant<int>(other).Send(0);
        world.Run();
        Assert.Equal(["step 1", "other", "step 2", "step 3", "step 1"], seen);
    }

    [Fact]
    public void ShouldYield_IsWhetherSomebodyElseHasSomethingToDo()
    {
        using var world = new StepKernel(5, cores: 1);
        List<bool> seen = [];
        AgentId idle = world.Kernel.Receive((in int _, Context _) => { }, 0);
        AgentId asks = world.Kernel.Spawn(new Puppet(), 0);
        Capability<int> to = world.Kernel.GrantTo<int>(asks, idle);
        world.Run();
        world.Kernel.Do(asks, context =>
        {
            seen.Add(context.ShouldYield);
            context.Send(to, 1);
            seen.Add(context.ShouldYield);
        });
        world.Run();
        world.Kernel.DoAsync(asks, async context =>
        {
            context.Send(to, 1);
            seen.Add(context.ShouldYield);
            await context.Yield();
            seen.Add(context.ShouldYield);
        });
        world.Run();
        Assert.Equal([false, true, true, false], seen);
    }

    [Fact]
    public void Yield_TheAgentIsStopped_EndsWithItsIncarnation()
    {
        using var world = new StepKernel(5, cores: 1);
        int steps = 0;
        AgentId cruncher = world.Kernel.Spawn(
            new AsyncReceiver<Chunk>(async (_, context, token) =>
            {
                while (!token.IsCancellationRequested)
                {
                    steps++;
                    await context.Yield();
                }
            }),
            0);
        world.Run();
        world.Kernel.Grant<Chunk>(cruncher).Send(default);
        for (int i = 0; i < 10; i++)
        {
            world.Pass(0);
        }

        Assert.True(steps > 1);
        world.Wait(world.Kernel.StopAgentAsync(cruncher));
        world.Run();      // comes to an end
        Assert.DoesNotContain(world.Kernel.ListAgents(), agent => agent.Id == cruncher);
    }

    /// <summary>A durable agent whose past is handled once more goes on at once: nothing of a yield is in the
    /// journal.</summary>
    [Fact]
    public void Yield_OfADurableAgent_ComesToTheSameStateAfterAKill()
    {
        var disk = new SimulatedDisk();
        StepKernel world = Start(disk);
        AgentId agent = world.Kernel.Spawn("cruncher", () => new DurableCruncher());
        Capability<Chunk> to = world.Kernel.Grant<Chunk>(agent);
        for (int i = 1; i <= 20; i++)
        {
            to.Send(new Chunk(i));
        }

        world.Run();
        Crunched live = StateOf(world, agent);
        Assert.Equal(210, live.Steps);
        DiskImage image = disk.Snapshot();
        world.Abandon();
        using StepKernel next = Start(SimulatedDisk.From(image));
        agent = next.Kernel.Spawn("cruncher", () => new DurableCruncher());
        next.Run();
        Assert.Equal(live, StateOf(next, agent));
    }

    [Fact]
    public void Yield_Replayed_ComesToTheSame()
    {
        var disk = new SimulatedDisk();
        StepKernel world = Start(disk);
        int live = 0, again = 0;
        AgentId agent = Spawn(world.Kernel, () => live++);
        world.Kernel.Grant<Chunk>(agent).Send(new Chunk(50));
        world.Run();
        world.Stop();
        using JournalReplay replay = JournalReplay.OpenOn(
            Journals.Path, disk, kernel => Spawn(kernel, () => again++), new ReplayOptions { Codecs = Codecs });
        Assert.Null(replay.Run().Divergence);
        Assert.Equal((50, 50), (live, again));
    }

    [Fact]
    public void Yield_AgainAndAgain_AllocatesNothingOfItsOwn()
    {
        using var world = new StepKernel(5, cores: 1);
        long allocated = -1;
        AgentId cruncher = world.Kernel.Spawn(
            new AsyncReceiver<Chunk>(async (chunk, context, _) =>
            {
                long before = 0;
                for (int step = 0; step < chunk.Steps; step++)
                {
                    before = step == chunk.Steps / 2 ? GC.GetAllocatedBytesForCurrentThread() : before;
                    await context.Yield();
                }

                allocated = GC.GetAllocatedBytesForCurrentThread() - before;
            }),
            0);
        world.Kernel.Grant<Chunk>(cruncher).Send(new Chunk(10_000));
        for (int i = 0; i < 50_000 && allocated < 0; i++)
        {
            world.Pass(0);
        }

        Assert.InRange(allocated, 0, Allocated.ByTheRuntime);      // 5,000 yields
    }

    private static AgentId Spawn(Kernel kernel, Action step) => kernel.Spawn(
        new AsyncReceiver<Chunk>(async (chunk, context, _) =>
        {
            for (int i = 0; i < chunk.Steps; i++)
            {
                step();
                await context.Yield();
            }
        }),
        name: "cruncher");

    private static StepKernel Start(SimulatedDisk disk) => new(cores: 1, disk: disk, codecs: Codecs);

    private static Crunched StateOf(StepKernel world, AgentId agent) =>
        ((DurableCruncher)world.Kernel.Living(agent).Instance!).State;

    private sealed class DurableCruncher() : DurableAgent<Crunched>(default), IHandleAsync<Chunk>
    {
        public async ValueTask HandleAsync(Chunk message, AgentContext context, CancellationToken cancellationToken)
        {
            for (int i = 0; i < message.Steps; i++)
            {
                State = new Crunched(State.Steps + 1);
                await context.Yield();
            }
        }
    }
}
