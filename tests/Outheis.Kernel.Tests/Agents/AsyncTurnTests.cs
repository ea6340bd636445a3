using Xunit;

namespace Outheis.Tests;

/// <summary>Asynchronous turns, under a seed: where they resume, what runs meanwhile, how they end.</summary>
public sealed class AsyncTurnTests
{
    [Theory, InlineData(1), InlineData(7)]
    public void Await_TaskYieldSeveralTimes_RunsOn(int seed)
    {
        using var world = new StepKernel(seed);
        bool done = false;
        AgentId agent = world.Kernel.Spawn(new Puppet());
        world.Kernel.DoAsync(agent, async _ =>
        {
            await Task.Yield();
            await Task.Yield();
            done = true;
        });
        world.RunUntil(() => done, "the end of the handler");
    }

    [Fact]
    public void Await_NothingButKernelWork_EndsWithoutAnotherThread()
    {
        using var world = new StepKernel();
        int handled = 0;
        AgentId callee = world.Kernel.Spawn(new Answerer<int, int>((in int x, Context _) => x + 1), core: 1);
        AgentId agent = world.Kernel.Spawn(new Puppet(), core: 0);
        AskCapability<int, int> ask = world.Kernel.GrantAskTo<int, int>(agent, callee);
        for (int i = 0; i < 3; i++)
        {
            world.Kernel.DoAsync(agent, async context =>
            {
                Assert.Equal(2, await context.AskAsync(ask, 1));
                handled++;
            });
        }

        world.Run();
        Assert.Equal(3, handled);
        Assert.Equal(AgentState.Idle, world.Kernel.Agents.Find(agent.Value)!.State);
    }

    /// <summary>Affinity, context and reply: asked by an agent of one core, one of the other awaits.</summary>
    [Fact]
    public async Task Answer_LibraryUsesConfigureAwaitFalse_RepliesFromItsOwnCoreWithItsOwnContext()
    {
        await using Kernel kernel = ThreadKernel.Start();
        var saw = new TaskCompletionSource<(Core?, AgentId, ulong)>();
        AgentId callee = kernel.Spawn(new AsyncAnswerer<int, int>(async (x, context, _) =>
        {
            await Library();
            saw.SetResult((Core.OfThisThread, context.Sender, context.Badge));
            return x + 1;
        }), core: 1);
        AgentId asker = kernel.Spawn(new Puppet(), core: 0);
        AskCapability<int, int> ask = kernel.GrantAskTo<int, int>(asker, callee, badge: 7);
        var replied = new TaskCompletionSource<(int, Core?)>();
        kernel.DoAsync(asker, async context =>
            replied.SetResult((await context.AskAsync(ask, 1), Core.OfThisThread)));
        Assert.Equal((kernel.Cores[1], asker, 7ul), await saw.Task.WaitAsync(ThreadKernel.Patience));
        Assert.Equal((2, kernel.Cores[0]), await replied.Task.WaitAsync(ThreadKernel.Patience));
    }

    /// <summary>What is there to go on with is no more of a turn than messages are.</summary>
    [Fact]
    public void Resume_MoreThanATurnHasMessages_OthersHaveTheirTurnsInBetween()
    {
        const int Ways = 20 * Limits.TurnMessages;
        using var world = new StepKernel(cores: 1);
        int resumed = 0;
        var seen = new HashSet<int>();
        AgentId busy = world.Kernel.Spawn(new Puppet());
        Capability<int> again = default;
        AgentId other = world.Kernel.Receive((in int x, Context context) =>
        {
            seen.Add(resumed);
            _ = resumed < Ways ? context.Send(again, x) : default;
        }, core: 0);
        again = world.Kernel.GrantTo<int>(other, other);
        world.Kernel.DoAsync(busy, async _ => await Task.WhenAll(Enumerable.Range(0, Ways).Select(async _ =>
        {
            await Task.Yield();
            resumed++;
        })));
        world.Kernel.Grant<int>(other).Send(0);
        world.Run();
        Assert.Equal(Enumerable.Range(0, 21).Select(static turns => turns * Limits.TurnMessages), seen.Order());
        Assert.Equal(AgentState.Idle, world.Kernel.Agents.Find(busy.Value)!.State);
    }

    [Fact]
    public async Task Await_LibraryUsesConfigureAwaitFalse_ResumesOnOwnCore()
    {
        await using Kernel kernel = ThreadKernel.Start();
        var cores = new TaskCompletionSource<(Core?, Core?)>();
        AgentId agent = kernel.Spawn(new Puppet(), core: 1);
        kernel.DoAsync(agent, async context =>
        {
            Core? before = Core.OfThisThread;
            await Library();
            _ = context.UtcNow;      // throws outside the agent's turn
            cores.SetResult((before, Core.OfThisThread));
        });
        Assert.Equal((kernel.Cores[1], kernel.Cores[1]), await cores.Task.WaitAsync(ThreadKernel.Patience));
    }

    private static async Task Library()
    {
        await Task.CompletedTask.ConfigureAwait(ConfigureAwaitOptions.ForceYielding);      // to a pool thread
        Assert.Null(Core.OfThisThread);
    }

    [Fact]
    public void Await_MessagesArriveMeanwhile_AreHandledAfterTheTurn()
    {
        using var world = new StepKernel(cores: 1);
        var gate = new TaskCompletionSource();
        List<string> log = [];
        AgentId waiting = world.Kernel.Spawn(new Puppet());
        AgentId other = world.Kernel.Spawn(new Puppet());
        world.Kernel.DoAsync(waiting, async _ =>
        {
            log.Add("begin");
            await gate.Task;
            log.Add("end");
        });
        world.Kernel.Do(waiting, _ => log.Add("next"));
        world.Kernel.Do(other, _ => log.Add("other"));
        world.Run();
        Assert.Equal(["begin", "other"], log);
        Assert.Equal(AgentState.Waiting, world.Kernel.Agents.Find(waiting.Value)!.State);

        gate.SetResult();
        world.RunUntil(() => log.Count == 4);
        Assert.Equal(["begin", "other", "end", "next"], log);
    }

    [Fact]
    public void Stop_InAnAsynchronousTurn_HandlesNoFurtherMessage()
    {
        using var world = new StepKernel();
        List<string> log = [];
        AgentId agent = world.Kernel.Spawn(new Puppet { Stopped = reason => log.Add(reason.Kind.ToString()) });
        world.Kernel.DoAsync(agent, async context =>
        {
            await Task.Yield();
            context.Stop();
            log.Add("asked to stop");
        });
        world.Kernel.Do(agent, _ => log.Add("handled after stop"));
        world.RunUntil(() => world.Kernel.Agents.Find(agent.Value) is null, "the end of the agent");
        Assert.Equal(["asked to stop", "Normal"], log);
        Assert.Equal(1, world.Kernel.DeadLetters.Count(DeadLetterReason.TargetDead));
    }

    [Fact]
    public void Stop_InASynchronousTurn_HandlesNoFurtherMessage()
    {
        using var world = new StepKernel();
        List<string> log = [];
        AgentId agent = world.Kernel.Spawn(new Puppet());
        world.Kernel.Do(agent, context =>
        {
            context.Stop();
            log.Add("asked to stop");
        });
        world.Kernel.Do(agent, _ => log.Add("handled after stop"));
        world.Run();
        Assert.Equal(["asked to stop"], log);
        Assert.Null(world.Kernel.Agents.Find(agent.Value));
        Assert.Equal(1, world.Kernel.DeadLetters.Count(DeadLetterReason.TargetDead));
    }

    [Fact]
    public void Context_UsedOutsideItsTurn_Throws()
    {
        using var world = new StepKernel(cores: 1);
        AgentContext? kept = null;
        Exception? inAnother = null;
        AgentId one = world.Kernel.Spawn(new Puppet());
        AgentId other = world.Kernel.Spawn(new Puppet());
        world.Kernel.DoAsync(one, context =>
        {
            kept = context;
            return ValueTask.CompletedTask;
        });
        world.Kernel.Do(other, _ => inAnother = Record.Exception(() => kept!.Send(default, 1)));
        world.Run();
        Assert.Throws<InvalidOperationException>(() => kept!.Send(default, 1));
        Assert.Throws<InvalidOperationException>(() => kept!.UtcNow);
        Assert.Throws<InvalidOperationException>(() => kept!.Stop());
        Assert.IsType<InvalidOperationException>(inAnother);
    }

    [Fact]
    public void Context_AfterConfigureAwaitFalse_Throws()
    {
        using var world = new StepKernel();
        var seen = new TaskCompletionSource<Exception?>();
        AgentId agent = world.Kernel.Spawn(new Puppet());
        world.Kernel.DoAsync(agent, async context =>
        {
            await Task.CompletedTask.ConfigureAwait(ConfigureAwaitOptions.ForceYielding);
            seen.SetResult(Record.Exception(() => context.Send(default, 1)));
        });
        Assert.IsType<InvalidOperationException>(world.Result(seen.Task));
    }

    [Fact]
    public void Handler_ThrowsAfterAnAwait_EndsTheIncarnationAndSpeaksOfTheMessage()
    {
        using var world = new StepKernel();
        AgentId agent = world.Kernel.Spawn(new Puppet(), name: "thrower");
        world.Kernel.DoAsync(agent, async _ =>
        {
            await Task.Yield();
            throw new InvalidDataException("bug");
        });
        world.RunUntil(() => world.Failures.Count == 1);
        Assert.IsType<InvalidDataException>(world.Failures[0].Reason.Exception);
        Assert.Equal(1, world.Kernel.DeadLetters.Count(DeadLetterReason.HandlerFailed));
        Assert.Equal(0, world.CoreAt(0).WaitingAgents + world.CoreAt(1).WaitingAgents);
    }

    [Fact]
    public void StopAgent_WhenWhatItAwaitsHasJustCome_TheTurnEndsFirst()
    {
        using var world = new StepKernel(cores: 1);
        var gate = new TaskCompletionSource();
        List<string> log = [];
        AgentId agent = world.Kernel.Spawn(new Puppet { Stopped = reason => log.Add($"stopped: {reason}") });
        world.Kernel.DoAsync(agent, async _ =>
        {
            await gate.Task;
            log.Add("turn");
        });
        world.Run();
        gate.SetResult();
        world.Wait(world.Kernel.StopAgentAsync(agent));
        world.Run();
        Assert.Equal(["turn", "stopped: Shutdown"], log);
        Assert.Equal(0, world.Kernel.DeadLetters.Total);
    }

    [Fact]
    public void StopAgent_WhenStrayCodeIsAboutToResume_ThatCodeRunsToItsEnd()
    {
        using var world = new StepKernel(cores: 1);
        var gate = new TaskCompletionSource();
        bool isOver = false;
        AgentId agent = world.Kernel.Spawn(new Puppet());
        world.Kernel.DoAsync(agent, async _ =>
        {
            Task stray = AwaitGate();      // the turn does not wait for it
            await Task.Yield();

            async Task AwaitGate()
            {
                await gate.Task;
                isOver = true;
            }
        });
        world.Run();
        gate.SetResult();
        world.Wait(world.Kernel.StopAgentAsync(agent));
        world.Run();
        Assert.True(isOver);
    }

    [Fact]
    public void StopAgent_WhileItAwaits_FiresItsTokenAndEndsItForGood()
    {
        using var world = new StepKernel();
        var supervisor = new Listener { Restarts = true };
        AgentId boss = world.Kernel.Spawn(supervisor);
        AgentId agent = world.Kernel.Spawn(new Puppet(), supervisor: boss);
        world.Kernel.DoAsync(agent, async (_, token) =>
            await Task.Delay(Timeout.Infinite, token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing));
        world.Run();
        world.Wait(world.Kernel.StopAgentAsync(agent));
        world.RunUntil(() => supervisor.Exits.Count == 1, "the exit signal");
        world.Run();
        Assert.Equal(ExitKind.Shutdown, supervisor.Exits[0].Reason.Kind);
        Assert.Single(supervisor.Starts);
        Assert.Null(world.Kernel.Agents.Find(agent.Value));
    }

    [Fact]
    public void Token_CallbackThrows_EndsTheAgentAndNotTheCore()
    {
        using var world = new StepKernel();
        AgentId agent = world.Kernel.Spawn(new Puppet());
        AgentId other = world.Kernel.Spawn(new Puppet());
        world.Kernel.DoAsync(agent, async (_, token) =>
        {
            using CancellationTokenRegistration registration = token.Register(() =>
                throw new InvalidDataException("bug"));
            await new TaskCompletionSource().Task;
        });
        world.Run();
        world.Wait(world.Kernel.StopAgentAsync(agent));
        world.RunUntil(() => world.Kernel.Agents.Find(agent.Value) is null);
        bool alive = false;
        world.Kernel.Do(other, _ => alive = true);
        world.Run();
        Assert.True(alive);
        Assert.Equal(DeadLetterReason.HandlerFailed, Assert.Single(world.Kernel.DeadLetters.Newest()).Reason);
    }

    [Fact]
    public void OldIncarnation_RunsOnAfterItsEnd_ReachesNothing()
    {
        using var world = new StepKernel();
        List<int> received = [];
        List<object> outcomes = [];
        var gate = new TaskCompletionSource();
        AgentId target = world.Kernel.Receive(received);
        AgentId agent = world.Kernel.Spawn(new Puppet());
        Capability<int> to = world.Kernel.GrantTo<int>(agent, target);
        world.Kernel.DoAsync(agent, async (context, token) =>
        {
            await gate.Task;      // deaf to its token
            outcomes.Add(context.Send(to, 1));
            outcomes.Add(await context.SendAsync(to, 2));
            outcomes.Add(token.IsCancellationRequested);
            outcomes.Add(context.Derive(to, target, Rights.Send, 0, out Capability<int> _));
            context.Stop();
        });
        world.Run();
        EndNow(world, agent);
        gate.SetResult();
        world.RunUntil(() => outcomes.Count == 4);
        world.Run();
        Assert.Equal([SendResult.Denied, SendResult.Denied, true, DeriveResult.Denied], outcomes);
        Assert.Empty(received);
    }

    [Fact]
    public void OldIncarnation_RunsOnAfterARestart_CannotSpeakForTheNewOne()
    {
        using var world = new StepKernel();
        List<SendResult> outcomes = [];
        List<int> received = [];
        var gate = new TaskCompletionSource();
        AgentId target = world.Kernel.Receive(received);
        AgentId boss = world.Kernel.Spawn(new Listener { Restarts = true });
        Capability<int> newest = default;
        AgentId agent = world.Kernel.Spawn("reborn", endow =>
        {
            newest = endow.Grant<int>(target);
            return new Puppet();
        }, new SpawnOptions { Supervisor = boss });
        world.Kernel.DoAsync(agent, async context =>
        {
            await gate.Task;
            outcomes.Add(context.Send(newest, 1));      // through a capability of the incarnation that lives
        });
        world.Run();
        EndNow(world, agent);
        Assert.Equal(2u, world.Kernel.Agents.Find(agent.Value)!.Incarnation);
        gate.SetResult();
        world.RunUntil(() => outcomes.Count == 1);
        world.Kernel.Do(agent, context => outcomes.Add(context.Send(newest, 2)));
        world.Run();
        Assert.Equal([SendResult.Denied, SendResult.Sent], outcomes);
        Assert.Equal([2], received);
    }

    /// <summary>Ends the incarnation while it waits, as a failure between two of its turns would.</summary>
    private static void EndNow(StepKernel world, AgentId agent)
    {
        AgentCell cell = world.Kernel.Agents.Find(agent.Value)!;
        Assert.Equal(AgentState.Waiting, cell.State);
        cell.Core.Post(new EndOp(cell));
        world.Run();
    }

    private sealed class EndOp(AgentCell agent) : KernelOp
    {
        public override void Run(Core core) =>
            Lifecycle.End(core, agent, new ExitReason(ExitKind.Error, new InvalidDataException("bug")));
    }
}
