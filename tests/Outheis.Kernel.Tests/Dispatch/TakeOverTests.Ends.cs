using System.Diagnostics;
using Xunit;

namespace Outheis.Tests;

/// <summary>How agents end whose handler was left behind.</summary>
public sealed partial class TakeOverTests
{
    [Fact]
    public async Task Stop_AHandlerNeverReturns_TheOthersOfItsCoreEndInOrder()
    {
        using var never = new ManualResetEventSlim();
        var kernel = Kernel.Start(new KernelOptions
        {
            Cores = 1, Pin = false, DrainDeadline = TimeSpan.FromMilliseconds(500),
        });
        AgentId counter = kernel.Spawn("counter", static () => new Counter());
        AgentId blocker = kernel.Spawn(
            "blocker", endowment => new Blocker(endowment.Grant<Tick>(counter), () => never.IsSet));
        kernel.Grant<Block>(blocker).Send(new Block(0));
        ThreadKernel.Until(() => kernel.ListCores()[0].TakeOvers == 1, "a take-over");

        StopReport report = await kernel.StopAsync();
        AgentState state = kernel.ListAgents().Single(agent => agent.Id == blocker).State;
        never.Set();

        Assert.Equal([0], report.StuckCores);
        Assert.Equal([blocker], report.Undrained.Select(static undrained => undrained.Agent));
        Assert.Equal(AgentState.Running, state);
        Assert.DoesNotContain(kernel.ListAgents(), agent => agent.Id == counter);
        ThreadKernel.Until(() => kernel.ListAgents().Count == 0, "its own end");
    }

    private sealed class Cancelled : Agent, IHandleAsync<Block>
    {
        public readonly List<string> Said = [];
        public bool IsBlocked;

        public async ValueTask HandleAsync(Block message, AgentContext context, CancellationToken cancellationToken)
        {
            int thread = 0;
            using CancellationTokenRegistration registration = cancellationToken.Register(
                () => Said.Add(thread == Environment.CurrentManagedThreadId ? "within its turn" : "elsewhere"));
            await context.Yield();
            thread = Environment.CurrentManagedThreadId;
            Volatile.Write(ref IsBlocked, true);
            Thread.Sleep(Long);
            Said.Add("blocked no more");
            await context.Yield();
        }
    }

    [Fact]
    public async Task StopAgent_Blocked_ItsTokenFiresWhenItIsBack()
    {
        var kernel = ThreadKernel.Start(cores: 1);
        var agent = new Cancelled();
        AgentId id = kernel.Spawn("cancelled", () => agent);
        kernel.Grant<Block>(id).Send(new Block(0));
        ThreadKernel.Until(() => Volatile.Read(ref agent.IsBlocked), "its block");
        await ThreadKernel.Within(kernel.StopAgentAsync(id));

        Assert.Empty((await kernel.StopAsync(ThreadKernel.Patience)).StuckCores);
        Assert.Equal(["blocked no more", "within its turn"], agent.Said);
    }

    private sealed class Slow(bool isDeaf = false) : Agent, IHandleAsync<Block>
    {
        public bool HasStopped;
        public bool WasCancelled;
        public bool IsReleased;

        public async ValueTask HandleAsync(Block message, AgentContext context, CancellationToken cancellationToken)
        {
            SpinWait.SpinUntil(() =>
            {
                Thread.Sleep(1);
                return Volatile.Read(ref IsReleased);
            }, message.Round);
            try
            {
                CancellationToken heeded = isDeaf ? CancellationToken.None : cancellationToken;
                await Task.Delay(Timeout.Infinite, heeded).ConfigureAwait(true);
            }
            catch (OperationCanceledException)
            {
                WasCancelled = true;
            }
        }

        protected internal override void OnStop(ExitReason reason) => HasStopped = true;
    }

    [Fact]
    public async Task StopAgent_BlockedBeforeItsFirstAwait_IsCancelledThere()
    {
        var kernel = ThreadKernel.Start(cores: 1);
        var slow = new Slow();
        AgentId id = kernel.Spawn("slow", () => slow);
        kernel.Grant<Block>(id).Send(new Block(400));
        ThreadKernel.Until(() => kernel.ListCores()[0].TakeOvers == 1, "a take-over");
        await ThreadKernel.Within(kernel.StopAgentAsync(id));
        ThreadKernel.Until(() => kernel.ListAgents().Count == 0, "its end");

        Assert.True(slow is { HasStopped: true, WasCancelled: true });
        await kernel.StopAsync();
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Stop_AHandlerComesBackWithinTheGrace_EndsItsAgentAndTellsWhatWaited(bool isDeaf)
    {
        var kernel = ThreadKernel.Start(cores: 1);
        var slow = new Slow(isDeaf);
        Capability<Block> to = kernel.Grant<Block>(kernel.Spawn("slow", () => slow));
        to.SendAll(Enumerable.Repeat(new Block(60_000), 4));
        ThreadKernel.Until(() => kernel.ListCores()[0].TakeOvers == 1, "a take-over");
        Task<StopReport> stop = kernel.StopAsync(TimeSpan.FromMilliseconds(200));
        ThreadKernel.Until(() => Volatile.Read(ref kernel.Cores[0].HasEndedAgents), "the end of the core's agents");
        Volatile.Write(ref slow.IsReleased, true);
        StopReport report = await stop;
        ThreadKernel.Until(() => Volatile.Read(ref slow.HasStopped), "its end");      // on a slow machine, later

        Assert.Equal("slow", Assert.Single(report.Undrained).Name);
    }

    private sealed class SlowToCancel : Agent, IHandleAsync<Block>
    {
        public async ValueTask HandleAsync(Block message, AgentContext context, CancellationToken cancellationToken)
        {
            await context.Yield();
            using CancellationTokenRegistration registration =
                cancellationToken.Register(() => Thread.Sleep(message.Round));
            Thread.Sleep(300);
            _ = context.UtcNow;
            await Task.Delay(Timeout.Infinite, cancellationToken).ConfigureAwait(true);
        }
    }

    [Fact]
    public async Task Stop_ACallbackOfATokenTakesLong_IsNotWaitedFor()
    {
        var kernel = ThreadKernel.Start(cores: 1);
        AgentId id = kernel.Spawn("slow", static () => new SlowToCancel());
        kernel.Grant<Block>(id).Send(new Block(10_000));
        ThreadKernel.Until(() => kernel.ListCores()[0].TakeOvers == 1, "a take-over");
        Task stop = kernel.StopAgentAsync(id);
        await Task.Delay(400);
        long start = Stopwatch.GetTimestamp();
        await kernel.StopAsync(TimeSpan.FromSeconds(0.2));

        Assert.InRange(Stopwatch.GetElapsedTime(start), TimeSpan.Zero, TimeSpan.FromSeconds(6));
        await ThreadKernel.Within(stop);
    }

    [Fact]
    public async Task TurnOverran_WaitsForTheStop_HoldsNobody()
    {
        Kernel? kernel = null;
        Task<StopReport>? stop = null;
        kernel = Kernel.Start(new KernelOptions
        {
            Cores = 1, Pin = false, DrainDeadline = TimeSpan.FromMilliseconds(100),
            TurnOverran = _ => (stop = kernel!.StopAsync()).Wait(),
        });
        kernel.Grant<Block>(kernel.Spawn("sleeper", static () => new Sleeper())).Send(new Block(1000));
        ThreadKernel.Until(() => Volatile.Read(ref stop) is { IsCompleted: true }, "the stop");
        await kernel.StopAsync();
    }
}
