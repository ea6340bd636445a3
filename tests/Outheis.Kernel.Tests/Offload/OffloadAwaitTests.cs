using Outheis.Testing;
using Xunit;

namespace Outheis.Tests.Offload;

/// <summary>Work that an asynchronous turn awaits.</summary>
public sealed class OffloadAwaitTests
{
    [Fact]
    public void OffloadAsync_WorkReturns_ResumesOnTheAgentsCore()
    {
        using var world = new StepKernel();
        AgentId agent = world.Kernel.Spawn(new Puppet(), core: 1);
        (int Result, bool IsHome, bool WasAway) seen = default;
        world.Kernel.DoAsync(agent, async context =>
        {
            (int result, bool isAway) = await context.OffloadAsync(
                20, static (state, _) => (state + 1, Core.OfThisThread is null));
            seen = (result, ReferenceEquals(Core.OfThisThread, world.CoreAt(1)), isAway);
        });
        world.RunUntil(() => seen.Result != 0);
        Assert.Equal((21, true, true), seen);
    }

    [Fact]
    public void OffloadAsync_WorkThrows_SurfacesAtTheAwait()
    {
        using var world = new StepKernel();
        AgentId agent = world.Kernel.Spawn(new Puppet());
        Exception? seen = null;
        world.Kernel.DoAsync(agent, async context => seen = await Record.ExceptionAsync(
            async () => await context.OffloadAsync(0, static int (_, _) => throw new TimeoutException("slow"))));
        world.RunUntil(() => seen is not null);
        Assert.Equal("slow", Assert.IsType<TimeoutException>(seen).Message);
    }

    [Fact]
    public void OffloadAsync_AskerGivesUp_TheWorksTokenFires()
    {
        using var world = new StepKernel();
        using var source = new CancellationTokenSource();
        bool isAtWork = false;
        var agent = new AsyncAnswerer<int, int>(async (request, context, _) =>
            await context.OffloadAsync(request, (_, token) =>
            {
                Volatile.Write(ref isAtWork, true);
                token.WaitHandle.WaitOne(ThreadKernel.Patience);
                token.ThrowIfCancellationRequested();
                return 1;
            }));
        AgentId callee = world.Kernel.Spawn(agent, supervisor: world.Kernel.Spawn(new Restarter()));
        AgentId asker = world.Kernel.Spawn(new Puppet());
        AskCapability<int, int> ask = world.Kernel.GrantAskTo<int, int>(asker, callee);
        bool isOver = false;
        world.Kernel.DoAsync(asker, async (context, _) =>
        {
            await Assert.ThrowsAnyAsync<OperationCanceledException>(
                async () => await context.AskAsync(ask, 1, cancellationToken: source.Token));
            isOver = true;
        });
        world.RunUntil(() => Volatile.Read(ref isAtWork));
        source.Cancel();
        world.RunUntil(() => isOver && world.Kernel.DescribeOffloads() is { Running: 0, Done: 1 });
    }

    [Fact]
    public void OffloadAsync_QueueFull_ThrowsAtTheAwait()
    {
        using var gate = new Gate();
        using var world = new StepKernel(offloadWorkers: 1, offloadQueue: 1);
        AgentId agent = world.Kernel.Spawn(new Puppet());
        OffloadException? refused = null;
        world.Kernel.DoAsync(agent, async context =>
        {
            ValueTask<Worked> first = context.OffloadAsync(gate, static (gate, _) => gate.Pass(1));
            ThreadKernel.Until(() => gate.Entered == 1, "the first");
            ValueTask<Worked> second = context.OffloadAsync(gate, static (gate, _) => gate.Pass(2));
            refused = await Assert.ThrowsAsync<OffloadException>(
                async () => await context.OffloadAsync(gate, static (gate, _) => gate.Pass(3)));
            gate.Open();
            Assert.Equal((1, 2), ((await first).Number, (await second).Number));
        });
        world.RunUntil(() => world.Kernel.DescribeOffloads().Done == 2);
        world.Run();
        Assert.Equal(OffloadResult.Full, refused!.Reason);
        Assert.Equal(AgentState.Idle, world.Kernel.Living(agent).State);
    }

    /// <summary>The code of an incarnation that ended hears of its work, and offloads none.</summary>
    [Fact]
    public void Restart_WhileWorkIsAwaited_TheOldCodeEndsAndReachesNothing()
    {
        using var gate = new Gate();
        using var world = new StepKernel(cores: 1);
        var said = new List<OffloadResult>();
        AgentId agent = world.Kernel.Spawn(new OffloadPuppet([]), supervisor: world.Kernel.Spawn(new Restarter()));
        world.Kernel.DoAsync(agent, async context =>
        {
            Worked worked = await context.OffloadAsync(gate, static (gate, _) => gate.Pass(1));
            said.Add(context.Offload(worked, static (worked, _) => worked));
        });
        world.RunUntil(() => gate.Entered == 1);
        Lifecycle.End(world.CoreAt(0), world.Kernel.Living(agent), ExitReason.Normal);
        world.Run();
        gate.Open();
        world.RunUntil(() => said.Count == 1);
        Assert.Equal(OffloadResult.Stopped, said[0]);
    }

    /// <summary>What it came to could not be told again.</summary>
    [Fact]
    public void DurableAgent_AwaitsOutsideAnEffect_IsRefusedAndInsideWorks()
    {
        var disk = new SimulatedDisk();
        using var world = new StepKernel(disk: disk);
        var agent = new DurableAwaiter();
        AgentId id = world.Kernel.Spawn("awaiter", () => agent, new SpawnOptions());
        world.Kernel.Grant<Worked>(id).Send(new Worked(4));
        world.RunUntil(() => agent.Paid == 5);
        Assert.Contains("EffectAsync", agent.Refusal, StringComparison.Ordinal);
        Assert.Contains("awaiter", agent.Refusal, StringComparison.Ordinal);
    }

    private sealed class DurableAwaiter() : DurableAgent<Worked>(default), IHandleAsync<Worked>
    {
        public string? Refusal { get; private set; }

        public long Paid { get; private set; }

        public async ValueTask HandleAsync(Worked message, AgentContext context, CancellationToken cancellationToken)
        {
            Refusal = (await Assert.ThrowsAsync<InvalidOperationException>(
                async () => await context.OffloadAsync(message, static (it, _) => it))).Message;
            Effect<long> paid = await context.EffectAsync("pay", (_, _) =>
                context.OffloadAsync(message.Number, static (number, _) => number + 1L));
            Paid = paid.Required;
        }
    }
}
