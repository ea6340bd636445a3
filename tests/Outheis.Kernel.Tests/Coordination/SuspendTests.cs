using Xunit;

namespace Outheis.Tests.Coordination;

/// <summary>Suspending and resuming agents, counted, after the current message (GC-20).</summary>
public sealed class SuspendTests : IDisposable
{
    private readonly StepKernel _world = new(cores: 2);
    private readonly List<int> _seen = [];

    public void Dispose() => _world.Dispose();

    private AgentId Spawn(AgentId supervisor = default, int? capacity = null, Script? started = null) =>
        _world.Kernel.Spawn(
            "listener",
            () => new Receiver<Over>((in Over message, Context _) => _seen.Add(message.Number)) { Started = started },
            new SpawnOptions { Supervisor = supervisor, Capacity = capacity, Core = 0 });

    private AgentState StateOf(AgentId agent) => _world.Kernel.Living(agent).State;

    private void Suspend(AgentId agent) => Assert.True(_world.Result(_world.Kernel.SuspendAsync(agent)));

    private void Resume(AgentId agent) => Assert.True(_world.Result(_world.Kernel.ResumeAsync(agent)));

    [Fact]
    public void Suspend_Counted_KeepsMessagesUntilTheLastResume()
    {
        AgentId agent = Spawn();
        Suspend(agent);
        Suspend(agent);
        _world.Kernel.Grant<Over>(agent).SendAll([new Over(1), new Over(2)]);
        _world.Run();
        AgentInfo info = _world.Kernel.ListAgents().Single();
        Assert.Equal((AgentState.Suspended, 2, 2), (info.State, info.Suspends, info.Queued));
        Resume(agent);
        _world.Run();
        Assert.Empty(_seen);
        Resume(agent);
        _world.Run();
        Assert.Equal([1, 2], _seen);
        Assert.Equal(AgentState.Idle, StateOf(agent));
    }

    /// <summary>After the current message, not at the end of a turn of many.</summary>
    [Fact]
    public void Suspend_InTheMiddleOfATurn_TakesEffectAfterTheMessage()
    {
        Task<bool>? suspended = null;
        AgentId agent = _world.Kernel.Receive<Over>(
            (in Over message, Context _) =>
            {
                _seen.Add(message.Number);
                if (message.Number == 2)
                {
                    suspended = Task.Run(() => _world.Kernel.SuspendAsync(new AgentId(1)));
                    ThreadKernel.Until(() => !_world.CoreAt(0).Control.IsEmpty, "the op");
                }
            }, core: 0);
        Assert.Equal(new AgentId(1), agent);
        _world.Kernel.Grant<Over>(agent).SendAll([new Over(1), new Over(2), new Over(3)]);
        _world.Run();
        Assert.True(_world.Result(suspended!));
        Assert.Equal([1, 2], _seen);
        Resume(agent);
        _world.Run();
        Assert.Equal([1, 2, 3], _seen);
    }

    /// <summary>GC-20, GC-26: more often than it was suspended is a bug.</summary>
    [Fact]
    public void Resume_MoreOftenThanSuspended_ThrowsAndSaysSo()
    {
        AgentId agent = Spawn();
        Task<bool> resume = _world.Kernel.ResumeAsync(agent);
        Assert.Contains(
            "Over-resume", Assert.Throws<InvalidOperationException>(() => _world.Result(resume)).Message);
        Suspend(agent);
        Resume(agent);
        Assert.Throws<InvalidOperationException>(() => _world.Result(_world.Kernel.ResumeAsync(agent)));
    }

    /// <summary>A turn that awaits stays where it is, and what it awaited waits.</summary>
    [Fact]
    public void Suspend_AnAsyncTurnAwaits_ItsContinuationWaitsToo()
    {
        var gate = new TaskCompletionSource();
        AgentId agent = Spawn();
        _world.Kernel.DoAsync(agent, async _ =>
        {
            await gate.Task.ConfigureAwait(true);
            _seen.Add(10);
        });
        _world.Kernel.Grant<Over>(agent).SendAll([new Over(11)]);
        _world.Run();
        Suspend(agent);
        gate.SetResult();
        _world.RunUntil(() => _world.Kernel.Living(agent).Async is { HasResumes: true });
        _world.Run();
        Assert.Empty(_seen);
        Resume(agent);
        _world.Run();
        Assert.Equal([10, 11], _seen);
    }

    [Fact]
    public void Suspend_AnAsyncTurnAwaitsStillAtTheResume_GoesOnWaiting()
    {
        var gate = new TaskCompletionSource();
        AgentId agent = Spawn();
        _world.Kernel.DoAsync(agent, async _ => await gate.Task.ConfigureAwait(true));
        _world.Kernel.Grant<Over>(agent).SendAll([new Over(11)]);
        _world.Run();
        Suspend(agent);
        Resume(agent);
        Assert.Equal(AgentState.Waiting, StateOf(agent));
        Assert.Empty(_seen);
        gate.SetResult();
        _world.RunUntil(() => _seen.Count == 1);
    }

    [Fact]
    public void Suspend_ChannelFills_SendersAreToldAndWaitsGoOnAfterwards()
    {
        AgentId agent = Spawn(capacity: 2);
        Suspend(agent);
        Capability<Over> way = _world.Kernel.Grant<Over>(agent);
        way.SendAll([new Over(1), new Over(2)]);
        Assert.Equal(SendResult.Full, way.Send(new Over(3)));
        ValueTask<SendResult> waits = way.SendAsync(new Over(3));
        _world.Run();
        Assert.False(waits.IsCompleted);
        Resume(agent);
        Assert.Equal(SendResult.Sent, _world.Result(waits));
        _world.Run();
        Assert.Equal([1, 2, 3], _seen);
    }

    /// <summary>GC-16: one message that says how often.</summary>
    [Fact]
    public void Resume_TimersWereDueMeanwhile_SayItInOneMessage()
    {
        var fires = new List<long>();
        AgentId agent = _world.Kernel.Spawn(
            new Receiver<Over>((in Over _, Context context) => fires.Add(context.Fires))
            {
                Started = static context => context.Every(TimeSpan.FromMilliseconds(10), new Over(1), TimeSpan.Zero),
            });
        _world.Run();
        Suspend(agent);
        _world.Advance(TimeSpan.FromMilliseconds(1000));
        Assert.Empty(fires);
        Resume(agent);
        _world.Run();
        Assert.InRange(Assert.Single(fires), 99, 100);
    }

    [Fact]
    public void Resume_SourceHadMergesMeanwhile_SaysThemInOneMessage()
    {
        long sum = 0, messages = 0;
        AgentId agent = _world.Kernel.Receive<Hits>((in Hits hits, Context _) => (sum, messages) =
            (sum + hits.Count, messages + 1));
        CoalescingSource<Hits> source = _world.Kernel.OpenSource<Hits>(agent, Coalescing.Add);
        Suspend(agent);
        for (int i = 0; i < 100; i++)
        {
            source.Merge(new Hits(1));
            _world.Run();
        }

        Resume(agent);
        _world.Run();
        Assert.Equal((100, 1), (sum, messages));
    }

    /// <summary>It ends at once; what it kept is dead letters, what it awaited reaches nothing.</summary>
    [Theory, InlineData(false), InlineData(true)]
    public void Stop_OfASuspendedAgent_EndsItAtOnce(bool inTurn)
    {
        var gate = new TaskCompletionSource();
        AgentId agent = Spawn();
        if (inTurn)
        {
            _world.Kernel.DoAsync(agent, async _ => await gate.Task.ConfigureAwait(true));
            _world.Run();
        }

        Suspend(agent);
        _world.Kernel.Grant<Over>(agent).SendAll([new Over(1)]);
        _world.Wait(_world.Kernel.StopAgentAsync(agent));
        Assert.Null(_world.Kernel.Agents.Find(agent.Value));
        Assert.Equal(inTurn ? 2 : 1, _world.Kernel.DeadLetters.Count(DeadLetterReason.TargetDead));
        Assert.False(_world.Result(_world.Kernel.ResumeAsync(agent)));
        Assert.False(_world.Result(_world.Kernel.SuspendAsync(agent)));
        gate.SetResult();
        _world.Run();
        Assert.Empty(_seen);
    }

    [Fact]
    public void KernelStop_ASuspendedAgentHasMessages_IsReportedAndTheRestDrains()
    {
        AgentId agent = Spawn();
        Suspend(agent);
        _world.Kernel.Grant<Over>(agent).SendAll([new Over(1)]);
        StopReport report = _world.Stop();
        UndrainedAgent left = Assert.Single(report.Undrained);
        Assert.Equal((agent, 1, AgentState.Suspended), (left.Agent, left.Queued, left.State));
    }

    /// <summary>The new incarnation starts, and handles nothing.</summary>
    [Fact]
    public void Restart_OfASuspendedAgent_StartsItAndItStaysSuspended()
    {
        int starts = 0;
        Task<bool>? suspended = null;
        var listener = new Listener { Restarts = true };
        AgentId supervisor = _world.Kernel.Spawn(listener, core: 0);
        AgentId agent = Spawn(supervisor, started: _ => starts++);
        _world.Run();
        _world.Kernel.Do(agent, context =>
        {
            suspended = Task.Run(() => _world.Kernel.SuspendAsync(agent));
            ThreadKernel.Until(() => !_world.CoreAt(0).Control.IsEmpty, "the op");
            context.Stop();
        });
        _world.Kernel.Grant<Over>(agent).SendAll([new Over(1)]);
        _world.Run();
        Assert.True(_world.Result(suspended!));
        _world.Run();
        Assert.Equal((2, 0, AgentState.Suspended), (starts, _seen.Count, StateOf(agent)));
        Resume(agent);
        _world.Run();
        Assert.Equal([1], _seen);
    }

    /// <summary>Its supervisor may, for itself: what the host suspended stays so.</summary>
    [Fact]
    public void SuspendChild_BySupervisor_IsCountedApartFromTheHosts()
    {
        var told = new List<bool>();
        AgentId supervisor = _world.Kernel.Spawn(new Listener(), core: 1), stranger = _world.Kernel.Spawn(new Puppet());
        AgentId agent = Spawn(supervisor);
        _world.Kernel.Do(stranger, context => told.Add(context.SuspendChild(agent)));
        _world.Run();
        Assert.Equal([false], told);
        _world.Kernel.Do(supervisor, context => told.Add(context.SuspendChild(agent)));
        _world.Run();
        _world.Kernel.Grant<Over>(agent).SendAll([new Over(1)]);
        _world.Run();
        Assert.Empty(_seen);
        Assert.Throws<InvalidOperationException>(() => _world.Result(_world.Kernel.ResumeAsync(agent)));
        Suspend(agent);
        _world.Kernel.Do(supervisor, context => told.Add(context.ResumeChild(agent)));
        _world.Kernel.Do(supervisor, context => told.Add(context.ResumeChild(agent)));
        _world.Run();
        Assert.Equal([false, true, true, false], told);
        Assert.Empty(_seen);
        Resume(agent);
        _world.Run();
        Assert.Equal([1], _seen);
    }

    [Fact]
    public void SuspendChild_SupervisorEndsForGood_IsTakenBack()
    {
        AgentId supervisor = _world.Kernel.Spawn(new Puppet(), core: 1), agent = Spawn(supervisor);
        _world.Kernel.Do(supervisor, context => context.SuspendChild(agent));
        _world.Run();
        _world.Kernel.Grant<Over>(agent).SendAll([new Over(1)]);
        _world.Run();
        Assert.Empty(_seen);
        _world.Wait(_world.Kernel.StopAgentAsync(supervisor));
        _world.Run();
        Assert.Equal([1], _seen);
    }
}
