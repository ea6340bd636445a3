using Xunit;

namespace Outheis.Tests;

/// <summary>A stop drains, reports what it could not drain, and leaves nobody waiting.</summary>
[Collection(OnThreads.Name)]
public sealed class ShutdownTests
{
    [Fact]
    public async Task Stop_ManyMessagesUnderWay_HandlesAllOfThem()
    {
        Kernel kernel = ThreadKernel.Start(capacity: 10_000);
        long handled = 0;
        AgentId last = kernel.Receive((in int _, Context _) => handled++, core: 1);
        Capability<int>[] on = new Capability<int>[1];
        AgentId first = kernel.Spawn(
            new Receiver<int>((in int m, Context context) =>
                Assert.Equal(SendResult.Sent, context.Send(on[0], m))), core: 0);
        on[0] = kernel.GrantTo<int>(first, last);
        kernel.Grant<int>(first).SendAll(Enumerable.Range(0, 5000));
        StopReport report = await kernel.StopAsync();
        Assert.True(report.Drained);
        Assert.Equal(5000, handled);
        Assert.Equal(0, kernel.DeadLetters.Total);
        Assert.Empty(kernel.ListAgents());
    }

    [Fact]
    public void Stop_Agents_RunOnStopWithShutdownYoungestFirst()
    {
        using var world = new StepKernel(cores: 1);
        List<string> log = [];
        for (int i = 0; i < 3; i++)
        {
            string name = $"agent {i}";
            world.Kernel.Spawn(new Puppet { Stopped = reason => log.Add($"{name} {reason.Kind}") });
        }

        Assert.True(world.Stop().Drained);
        Assert.Equal(["agent 2 Shutdown", "agent 1 Shutdown", "agent 0 Shutdown"], log);
    }

    /// <summary>What a stop adds up in <see cref="StopReport.UndrainedMessages"/>.</summary>
    [Fact]
    public void BuryRest_MessagesWhoseAgentHasEnded_AreCounted()
    {
        using var world = new StepKernel(cores: 2);
        AgentId agent = world.Kernel.Receive((in int _, Context _) => { }, core: 0);
        AgentId sender = world.Kernel.Spawn(new Puppet(), core: 1);
        Capability<int> to = world.Kernel.GrantTo<int>(sender, agent);
        world.Run();
        world.Kernel.Do(sender, context =>
        {
            Assert.Equal(SendResult.Sent, context.Send(to, 1));
            Assert.Equal(SendResult.Sent, context.Send(to, 2));
        });
        world.Pass(1);      // in the ring
        Task stopped = world.Kernel.StopAgentAsync(agent);
        world.CoreAt(0).Control.TakeAll()!.Run(world.CoreAt(0));
        Assert.Equal((2, 0), (world.CoreAt(0).BuryRest(), world.CoreAt(1).BuryRest()));
        Assert.Equal(2, world.Kernel.DeadLetters.Total);
        world.Wait(stopped);
    }

    [Fact]
    public void Stop_AnAgentAwaitsForEver_ItIsReportedAfterItsTokenFired()
    {
        using var world = new StepKernel();
        bool fired = false;
        AgentId agent = world.Kernel.Spawn(new Puppet(), name: "deaf");
        world.Kernel.DoAsync(agent, async (_, token) =>
        {
            using CancellationTokenRegistration registration = token.Register(() => fired = true);
            await new TaskCompletionSource().Task;
        });
        world.Kernel.Do(agent, _ => { });
        world.Run();
        StopReport report = world.Stop(TimeSpan.FromMilliseconds(200));
        Assert.True(fired);
        Assert.Equal(new UndrainedAgent(agent, "deaf", 1, AgentState.Waiting), Assert.Single(report.Undrained));
        Assert.Empty(report.StuckCores);
        Assert.Equal(2, world.Kernel.DeadLetters.Count(DeadLetterReason.KernelStopped));      // queued; cut off
    }

    [Fact]
    public void Stop_AnAgentHeedsItsToken_Drains()
    {
        using var world = new StepKernel();
        List<string> log = [];
        AgentId agent = world.Kernel.Spawn(new Puppet());
        world.Kernel.DoAsync(agent, async (_, token) =>
        {
            await Task.Delay(Timeout.Infinite, token).ConfigureAwait(
                ConfigureAwaitOptions.SuppressThrowing | ConfigureAwaitOptions.ContinueOnCapturedContext);
            log.Add("cancelled");
        });
        world.Kernel.Do(agent, _ => log.Add("the rest"));
        world.Run();
        Assert.True(world.Stop(TimeSpan.FromMilliseconds(200)).Drained);
        Assert.Equal(["cancelled", "the rest"], log);
    }

    [Fact]
    public void Stop_DeadlineInVirtualTime_IsRespected()
    {
        using var world = new StepKernel();
        AgentId agent = world.Kernel.Spawn(new Puppet());
        world.Kernel.DoAsync(agent, async _ => await new TaskCompletionSource().Task);
        world.Run();
        long start = world.Time.GetTimestamp();
        world.Stop(TimeSpan.FromMilliseconds(400));
        TimeSpan took = world.Time.GetElapsedTime(start);
        Assert.True(took >= TimeSpan.FromMilliseconds(400), $"{took}");
    }

    [Fact]
    public async Task Stop_AHandlerDoesNotReturn_ItsCoreIsReportedAndEverybodyElseGoesOn()
    {
        Kernel kernel = ThreadKernel.Start(turnBudget: Timeout.InfiniteTimeSpan);      // nobody takes its core over
        using var release = new ManualResetEventSlim();
        using var entered = new ManualResetEventSlim();
        AgentId stuck = kernel.Spawn(new Puppet(), core: 0, capacity: 2, name: "stuck");
        Capability<Do> to = kernel.Grant<Do>(stuck);
        AgentId answerer = kernel.Spawn(new Answerer<int, int>((in int x, Context _) => x), core: 0);
        kernel.Do(stuck, _ =>
        {
            entered.Set();
            release.Wait();
        });
        entered.Wait();
        to.SendAll([new Do(_ => { })]);
        ValueTask<SendResult> waiting = to.SendAsync(new Do(_ => { }));
        waiting = waiting.IsCompleted ? to.SendAsync(new Do(_ => { })) : waiting;
        ValueTask<int> ask = kernel.GrantAsk<int, int>(answerer).AskAsync(1, Timeout.InfiniteTimeSpan);
        StopReport report = await kernel.StopAsync(TimeSpan.FromMilliseconds(200));
        Assert.False(report.Drained);
        Assert.Equal([0], report.StuckCores);
        Assert.Contains(report.Undrained, agent => agent.Agent == stuck && agent.State == AgentState.Running);
        Assert.Equal(AskOutcome.Dead, (await Assert.ThrowsAsync<AskException>(async () => await ask)).Outcome);
        Assert.Equal(SendResult.Dead, to.Send(new Do(_ => { })));
        Assert.Equal(SendResult.Dead, await ThreadKernel.Within(waiting));
        release.Set();
    }

    [Fact]
    public async Task Stop_TwiceAndDisposeTwice_IsTheSameStop()
    {
        Kernel kernel = ThreadKernel.Start();
        Task<StopReport> first = kernel.StopAsync();
        Assert.Same(first, kernel.StopAsync(TimeSpan.Zero));
        await first;
        await kernel.DisposeAsync();
        await kernel.DisposeAsync();
        Assert.Throws<ObjectDisposedException>(() => kernel.Spawn(new Puppet()));
    }

    [Fact]
    public async Task Stop_ManyAgents_DrainsAndReportsNobodyStuck()
    {
        Kernel kernel = ThreadKernel.Start();
        for (int i = 0; i < 100_000; i++)
        {
            kernel.Spawn(null, static () => new Puppet());
        }

        StopReport report = await kernel.StopAsync(ThreadKernel.Patience);
        Assert.Empty(report.StuckCores);
        Assert.True(report.Drained);
    }

    [Fact]
    public void Stop_WhileMessagesAreUnderWayAtTheDeadline_EachIsHandledOrADeadLetter()
    {
        for (int seed = 0; seed < 20; seed++)
        {
            using var world = new StepKernel(seed);
            int sent = 0, handled = 0;
            AgentId[] ring = new AgentId[4];
            Capability<int>[] next = new Capability<int>[4];
            for (int i = 0; i < 4; i++)
            {
                int me = i;
                ring[i] = world.Kernel.Receive((in int m, Context context) =>
                {
                    handled++;
                    sent += context.Send(next[me], m) == SendResult.Sent ? 1 : 0;      // for ever
                }, core: i % 2);
            }

            for (int i = 0; i < 4; i++)
            {
                next[i] = world.Kernel.GrantTo<int>(ring[i], ring[(i + 1) % 4]);
            }

            for (int i = 0; i < 50; i++)
            {
                sent += world.Kernel.Grant<int>(ring[i % 4]).Send(i) == SendResult.Sent ? 1 : 0;
                world.Step();
            }

            world.Stop(TimeSpan.FromMilliseconds(50));
            Assert.Equal(sent, handled + world.Kernel.DeadLetters.Total);
        }
    }

    [Fact]
    public void Stop_HostWaitsForRoomAndForAReply_NeitherWaitsAnyLonger()
    {
        using var world = new StepKernel();
        AgentId agent = world.Kernel.Spawn(new Puppet(), capacity: 1);
        Capability<Do> to = world.Kernel.Grant<Do>(agent);
        AgentId callee = world.Kernel.Spawn(
            new AsyncAnswerer<int, int>(async (_, _, _) => await new TaskCompletionSource<int>().Task));
        world.Kernel.DoAsync(agent, async _ => await new TaskCompletionSource().Task);
        world.Run();
        to.SendAll([new Do(_ => { })]);
        Task<SendResult> send = to.SendAsync(new Do(_ => { })).AsTask();
        Task<int> ask = world.Kernel.GrantAsk<int, int>(callee).AskAsync(1, Timeout.InfiniteTimeSpan).AsTask();
        world.Run();
        world.Stop(TimeSpan.FromMilliseconds(100));
        Assert.Equal(SendResult.Dead, world.Result(send));
        Assert.Equal(AskOutcome.Dead, Assert.Throws<AskException>(() => world.Result(ask)).Outcome);
    }
}
