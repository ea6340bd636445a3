using Xunit;

namespace Outheis.Tests;

/// <summary>An incarnation fails: what ends, what stays, who hears of it and when.</summary>
public sealed class FailureTests : IDisposable
{
    private readonly StepKernel _world = new(41);

    private Kernel Kernel => _world.Kernel;

    public void Dispose() => _world.Dispose();

    private static void Fail(Context context) => throw new InvalidDataException("bug");

    [Fact]
    public void Handler_Throws_EndsTheIncarnationWithTheReasonOnce()
    {
        List<ExitReason> stopped = [];
        AgentId agent = Kernel.Spawn(new Puppet { Stopped = stopped.Add }, name: "thrower");
        Kernel.Do(agent, Fail);
        _world.Run();
        ExitSignal signal = Assert.Single(_world.Failures);
        Assert.Equal(("thrower", 1u, ExitKind.Error), (signal.Name, signal.Incarnation, signal.Reason.Kind));
        Assert.IsType<InvalidDataException>(signal.Reason.Exception);
        Assert.Same(signal.Reason, Assert.Single(stopped));
        Assert.Null(Kernel.Agents.Find(agent.Value));
    }

    /// <summary>A look at the reply table from within OnStop: nobody has been told yet (OT-08).</summary>
    [Theory, InlineData(false), InlineData(true)]
    public void Ask_CalleeThrows_IsToldWhenTheEndIsOver(bool afterAnAwait)
    {
        int pending = -1;
        List<AskOutcome> outcomes = [];
        AgentId asker = Kernel.Spawn(new Puppet(), core: 0);
        AgentCell cell = Kernel.Agents.Find(asker.Value)!;
        AgentId callee = Kernel.Spawn(
            new Failing(afterAnAwait, () => pending = cell.Core.Replies.Pending), core: 0);
        AskCapability<int, int> to = Kernel.GrantAskTo<int, int>(asker, callee);
        Kernel.DoAsync(asker, async context =>
        {
            AskException failed = await Assert.ThrowsAsync<AskException>(async () => await context.AskAsync(to, 1));
            outcomes.Add(failed.Outcome);
        });
        _world.RunUntil(() => outcomes.Count == 1);
        Assert.Equal([AskOutcome.Failed], outcomes);
        Assert.Equal(1, pending);
    }

    private sealed class Failing(bool afterAnAwait, Action stopped) : Agent, IAnswerAsync<int, int>
    {
        protected internal override void OnStop(ExitReason reason) => stopped();

        public async ValueTask<int> AnswerAsync(int request, AgentContext context, CancellationToken token)
        {
            if (afterAnAwait)
            {
                await Task.Yield();
            }

            throw new InvalidDataException("bug");
        }
    }

    [Theory, InlineData(0), InlineData(1)]
    public void Supervisor_HearsOfTheEnd_WhenEverythingIsReleased(int supervisorCore)
    {
        List<string> seen = [];
        AgentId target = Kernel.Receive<int>([]);
        AgentId child = default;
        AgentCell cell = null!;
        AgentId boss = Kernel.Spawn(new Listener
        {
            OnExit = (in ExitSignal signal, Context _) =>
            {
                seen.Add($"held {Kernel.ListCapabilities().Count(c => c.Holder == child)}");
                seen.Add($"asks {cell.Core.Replies.Pending}");
                seen.Add($"stopped {seen.Contains("OnStop")}");
                seen.Add(cell.State.ToString());
            },
        }, supervisorCore);
        child = Kernel.Spawn(new Puppet { Stopped = _ => seen.Add("OnStop") }, core: 0, supervisor: boss);
        cell = Kernel.Agents.Find(child.Value)!;
        Kernel.GrantTo<int>(child, target);
        AgentId callee = Kernel.Spawn(new AsyncAnswerer<int, int>(async (_, _, _) =>
            await new TaskCompletionSource<int>().Task));
        AskCapability<int, int> ask = Kernel.GrantAskTo<int, int>(child, callee);
        Kernel.DoAsync(child, context =>
        {
            _ = context.AskAsync(ask, 1).AsTask();
            throw new InvalidDataException("bug");
        });
        _world.Run();
        Assert.Equal(["OnStop", "held 0", "asks 0", "stopped True", "Ended"], seen);
    }

    [Fact]
    public void Supervisor_SignalsOfAChild_ComeAfterWhatTheChildSent()
    {
        List<string> log = [];
        AgentId boss = Kernel.Spawn(
            new Ordered(log), core: 1, capacity: 4096);
        AgentId child = Kernel.Spawn(new Puppet(), core: 0, supervisor: boss);
        Capability<int> to = Kernel.GrantTo<int>(child, boss);
        Kernel.Do(child, context =>
        {
            for (int i = 0; i < 1000; i++)      // more than the ring to the supervisor's core takes
            {
                Assert.Equal(SendResult.Sent, context.Send(to, i));
            }

            throw new InvalidDataException("bug");
        });
        _world.Run();
        Assert.Equal(["started", .. Enumerable.Range(0, 1000).Select(i => i.ToString()), "ended"], log);
    }

    [Fact]
    public void Supervisor_ChildIsStoppedWhileItsMessagesWaitInTheOutbox_HearsOfItAfterThem()
    {
        const int Sent = Limits.RingSlots + 44;
        List<string> log = [];
        AgentId boss = Kernel.Spawn(new Ordered(log), core: 1);
        AgentId child = Kernel.Spawn(new Puppet(), core: 0, supervisor: boss);
        Capability<int> to = Kernel.GrantTo<int>(child, boss);
        _world.Run();
        Kernel.Do(child, context =>
        {
            for (int i = 0; i < Sent; i++)
            {
                Assert.Equal(SendResult.Sent, context.Send(to, i));
            }
        });
        Pass(core: 0);      // the ring is full, the rest is in the outbox
        Pass(core: 1);      // there is room in the ring again, though not yet enough to go on
        Task stopped = Kernel.StopAgentAsync(child);
        Pass(core: 0);
        _world.Wait(stopped);
        _world.Run();
        Assert.Equal(["started", .. Enumerable.Range(0, Sent).Select(i => i.ToString()), "ended"], log);

        void Pass(int core)
        {
            _world.CoreAt(core).Enter();
            _world.CoreAt(core).RunPass();
            Core.Leave();
        }
    }

    private sealed class Ordered(List<string> log) : Agent, IHandle<int>, IHandle<ChildStarted>, IHandle<ExitSignal>
    {
        public void Handle(in int message, Context context) => log.Add(message.ToString());

        public void Handle(in ChildStarted message, Context context) => log.Add("started");

        public void Handle(in ExitSignal message, Context context) => log.Add("ended");
    }

    [Fact]
    public void Restart_KeepsTheQueueAndBuriesTheMessageInFlight()
    {
        List<int> received = [];
        var boss = new Listener { Restarts = true };
        AgentId child = Kernel.Spawn(new Receiver<int>((in int m, Context context) =>
        {
            received.Add(m);
            if (m == 3)
            {
                throw new InvalidDataException("bug");
            }
        }), core: 0, supervisor: Kernel.Spawn(boss, core: 1));
        Kernel.Grant<int>(child).SendAll([1, 2, 3, 4, 5]);
        _world.Run();
        Assert.Equal([1, 2, 3, 4, 5], received);
        Assert.Equal([1u, 2u], boss.Starts.Select(start => start.Incarnation));
        Assert.Equal(1u, Assert.Single(boss.Exits).Incarnation);
        DeadLetter letter = Assert.Single(Kernel.DeadLetters.Newest());
        Assert.Equal(
            (DeadLetterReason.HandlerFailed, child, "Int32"), (letter.Reason, letter.Target, letter.MessageType));
        AgentCell cell = Kernel.Agents.Find(child.Value)!;
        Assert.Equal(cell.Credits.Capacity, cell.Credits.Free);      // the failed message's credit came back, once
    }

    [Fact]
    public void Restart_MeanwhileMessagesArrive_TheyWaitForTheNextIncarnation()
    {
        List<uint> incarnations = [];
        bool restart = false;
        AgentId child = default;
        var boss = new Listener();
        AgentId supervisor = Kernel.Spawn(boss);
        child = Kernel.Spawn(
            new Receiver<int>((in int _, Context context) =>
                incarnations.Add(context.Incarnation)), supervisor: supervisor);
        Capability<int> to = Kernel.Grant<int>(child);
        Kernel.Do(child, Fail);
        _world.Run();
        Assert.Equal(SendResult.Sent, to.Send(1));
        _world.Run();
        Assert.Empty(incarnations);
        Assert.Equal(AgentState.Ended, Kernel.Agents.Find(child.Value)!.State);
        Kernel.Do(supervisor, context => restart = context.Restart(child));
        _world.Run();
        Assert.True(restart);
        Assert.Equal([2u], incarnations);
    }

    [Fact]
    public void Restart_BySomebodyElse_IsRefused()
    {
        AgentId boss = Kernel.Spawn(new Listener());
        AgentId stranger = Kernel.Spawn(new Puppet());
        AgentId child = Kernel.Spawn(new Puppet(), supervisor: boss);
        bool restarted = true, stopped = true;
        Kernel.Do(child, Fail);
        Kernel.Do(stranger, context => restarted = context.Restart(child));
        Kernel.Do(stranger, context => stopped = context.StopChild(child));
        _world.Run();
        Assert.False(restarted || stopped);
        Assert.Equal(AgentState.Ended, Kernel.Agents.Find(child.Value)!.State);
    }

    [Fact]
    public void Restart_FactoryThrows_IsOneMoreEnd()
    {
        var boss = new Listener();
        int made = 0;
        AgentId supervisor = Kernel.Spawn(boss);
        AgentId child = Kernel.Spawn("child", () => ++made == 1 ? new Puppet() : throw new InvalidDataException("no"),
            new SpawnOptions { Supervisor = supervisor });
        Kernel.Do(child, Fail);
        _world.Run();
        Kernel.Do(supervisor, context => context.Restart(child));
        _world.Run();
        Assert.Equal([1u, 2u], boss.Exits.Select(exit => exit.Incarnation));
        Assert.Equal(AgentState.Ended, Kernel.Agents.Find(child.Value)!.State);
    }

    [Fact]
    public void OnStart_Throws_EndsTheIncarnationAndKeepsTheQueue()
    {
        int starts = 0;
        List<int> received = [];
        var boss = new Listener { Restarts = true };
        AgentId child = Kernel.Spawn("child", () => new Receiver<int>((in int m, Context _) => received.Add(m))
        {
            Started = _ =>
            {
                if (++starts == 1)
                {
                    throw new InvalidDataException("bug");
                }
            },
        }, new SpawnOptions { Supervisor = Kernel.Spawn(boss) });
        Kernel.Grant<int>(child).SendAll([1]);
        _world.Run();
        Assert.Equal([1], received);
        Assert.Equal(2, starts);
    }

    [Fact]
    public void Handler_ThrowsWithoutSupervisor_BuriesTheRest()
    {
        AgentId agent = Kernel.Receive<int>([]);
        Capability<int> to = Kernel.Grant<int>(agent);
        Kernel.Do(agent, Fail);
        to.SendAll([1, 2, 3]);
        _world.Run();
        Assert.Equal(3, Kernel.DeadLetters.Count(DeadLetterReason.TargetDead));
        Assert.Equal(1, Kernel.DeadLetters.Count(DeadLetterReason.HandlerFailed));
        Assert.Equal(SendResult.Dead, to.Send(4));
        Assert.All(Kernel.Cores, core => Assert.Equal(0, core.Cells.InUse));
    }

    [Fact]
    public void Handler_ThrowsWhileAnAgentWaitsForRoom_TheWaitEndsDead()
    {
        AgentId target = Kernel.Spawn(new Receiver<int>((in int _, Context context) =>
            Fail(context)), core: 1, capacity: 1);
        AgentId sender = Kernel.Spawn(new Puppet(), core: 0);
        Capability<int> to = Kernel.GrantTo<int>(sender, target);
        List<SendResult> results = [];
        Kernel.DoAsync(sender, async context =>
        {
            results.Add(await context.SendAsync(to, 1));
            results.Add(await context.SendAsync(to, 2));
            results.Add(await context.SendAsync(to, 3));
        });
        _world.Run();
        Assert.Equal(3, results.Count);
        Assert.Equal(SendResult.Sent, results[0]);
        Assert.Equal(SendResult.Dead, results[^1]);
        Assert.Equal(results.Count(r => r == SendResult.Sent), Kernel.DeadLetters.Total);
    }

    [Fact]
    public void OnStop_Throws_ChangesNothing()
    {
        var boss = new Listener();
        AgentId child = Kernel.Spawn(
            new Puppet { Stopped = _ => throw new InvalidDataException("second") }, supervisor: Kernel.Spawn(boss));
        Kernel.Do(child, _ => throw new InvalidOperationException("first"));
        _world.Run();
        Assert.IsType<InvalidOperationException>(Assert.Single(boss.Exits).Reason.Exception);
    }

    [Fact]
    public void Spawn_FactoryThrows_ThrowsToTheHostAndLeavesNothing()
    {
        AgentId target = Kernel.Receive<int>([]);
        int before = Kernel.ListCapabilities().Count;
        Assert.Throws<InvalidDataException>(() => Kernel.Spawn("child", endow =>
        {
            endow.Grant<int>(target);
            throw new InvalidDataException("no");
        }));
        Assert.Single(Kernel.ListAgents());
        Assert.Equal(before, Kernel.ListCapabilities().Count);
    }

    [Fact]
    public void DeadLetters_MoreThanAreKept_CountsAllAndKeepsTheNewest()
    {
        var letters = new DeadLetters();
        for (int i = 0; i < Limits.DeadLettersKept + 10; i++)
        {
            DeadLetterReason reason = i % 2 == 0 ? DeadLetterReason.LateReply : DeadLetterReason.TargetDead;
            letters.Add(new DeadLetter(reason, new AgentId(1), new AgentId(2), "T", i));
        }

        Assert.Equal(Limits.DeadLettersKept + 10, letters.Total);
        Assert.Equal((Limits.DeadLettersKept + 10) / 2, letters.Count(DeadLetterReason.LateReply));
        Assert.Equal(0, letters.Count(DeadLetterReason.Unhandled));
        Assert.Equal(
            Enumerable.Range(10, Limits.DeadLettersKept).Select(i => (long)i),
            letters.Newest().Select(letter => letter.Position));
    }
}
