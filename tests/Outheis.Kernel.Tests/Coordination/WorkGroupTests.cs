using Xunit;

namespace Outheis.Tests.Coordination;

public readonly record struct Over(int Number);

/// <summary>Groups: entered and left anywhere, told when nothing is under way (GC-13).</summary>
public sealed class WorkGroupTests : IDisposable
{
    private readonly StepKernel _world = new();
    private readonly List<int> _told = [];

    public void Dispose() => _world.Dispose();

    private AgentId Spawn(AgentId supervisor = default) => _world.Kernel.Spawn(
        "listener", () => new Receiver<Over>((in Over message, Context _) => _told.Add(message.Number)),
        new SpawnOptions { Supervisor = supervisor });

    [Fact]
    public void Notify_NothingIsUnderWay_IsToldAtOnceAndOnce()
    {
        WorkGroup group = _world.Kernel.OpenGroup();
        AgentId agent = Spawn();
        group.Notify(agent, new Over(1));
        _world.Run();
        group.Enter();
        group.Leave();
        _world.Run();
        Assert.Equal([1], _told);
    }

    /// <summary>Entered by agents of both cores and by the host, used again, several wait.</summary>
    [Fact]
    public void Notify_AnybodyIsUnderWay_IsToldWhenTheLastHasLeftEachRound()
    {
        WorkGroup group = _world.Kernel.OpenGroup();
        AgentId agent = Spawn(), here = _world.Kernel.Spawn(new Puppet(), core: 0),
            there = _world.Kernel.Spawn(new Puppet(), core: 1);
        for (int round = 0; round < 3; round++)
        {
            _told.Clear();
            group.Enter();
            _world.Kernel.Do(here, _ => group.Enter());
            _world.Kernel.Do(there, _ => group.Enter());
            _world.Run();
            group.Notify(agent, new Over(1));
            _world.Kernel.Do(agent, context => context.Notify(group, new Over(2)));
            _world.Kernel.Do(there, _ => group.Leave());
            _world.Run();
            group.Leave();
            _world.Run();
            Assert.Empty(_told);
            _world.Kernel.Do(here, _ => group.Leave());
            _world.Run();
            Assert.Equal([1, 2], _told.Order());
        }
    }

    /// <summary>GC-26: the words of who left once too often.</summary>
    [Fact]
    public void Leave_MoreOftenThanEntered_ThrowsAndSaysSoAndTheGroupGoesOn()
    {
        WorkGroup group = _world.Kernel.OpenGroup();
        group.Enter();
        group.Leave();
        Assert.Contains("Unbalanced", Assert.Throws<InvalidOperationException>(group.Leave).Message);
        group.Enter();
        group.Leave();
        AgentId agent = Spawn();
        group.Notify(agent, new Over(1));
        _world.Run();
        Assert.Equal([1], _told);
    }

    [Fact]
    public void Notify_OfAnIncarnationThatEnded_IsADeadLetterTheHostsIsNot()
    {
        WorkGroup group = _world.Kernel.OpenGroup();
        AgentId agent = Spawn(_world.Kernel.Spawn(new Listener { Restarts = true }));
        group.Enter();
        group.Notify(agent, new Over(1));
        _world.Kernel.Do(agent, context => context.Notify(group, new Over(2)));
        _world.Kernel.Do(agent, static context => context.Stop());
        _world.Run();
        group.Leave();
        _world.Run();
        Assert.Equal([1], _told);
        Assert.Equal(1, _world.Kernel.DeadLetters.Count(DeadLetterReason.IncarnationEnded));
    }

    /// <summary>It ends while what it is told waits in its channel.</summary>
    [Fact]
    public void Notify_IncarnationEndsWhileTheMessageWaits_IsADeadLetter()
    {
        WorkGroup group = _world.Kernel.OpenGroup();
        AgentId agent = Spawn(_world.Kernel.Spawn(new Listener { Restarts = true }));
        _world.Kernel.Do(agent, context => context.Notify(group, new Over(2)));
        _world.Kernel.Do(agent, static context => context.Stop());
        _world.Run();
        Assert.Empty(_told);
        Assert.Equal(1, _world.Kernel.DeadLetters.Count(DeadLetterReason.IncarnationEnded));
    }

    [Fact]
    public void Notify_AgentIsDead_IsADeadLetter()
    {
        WorkGroup group = _world.Kernel.OpenGroup();
        AgentId agent = Spawn();
        group.Enter();
        group.Notify(agent, new Over(1));
        _world.Wait(_world.Kernel.StopAgentAsync(agent));
        group.Leave();
        _world.Run();
        Assert.Equal(1, _world.Kernel.DeadLetters.Count(DeadLetterReason.TargetDead));
        Assert.Throws<ArgumentException>(() => group.Notify(agent, new Over(1)));
    }

    [Fact]
    public void Notify_AgentDoesNotHandleIt_ThrowsAndSaysWhatIsMissing()
    {
        WorkGroup group = _world.Kernel.OpenGroup();
        AgentId agent = _world.Kernel.Spawn(new Puppet());
        Assert.Contains(
            "IHandle<Over>", Assert.Throws<ArgumentException>(() => group.Notify(agent, new Over(1))).Message);
    }

    [Fact]
    public void Wait_UntilNothingIsUnderWayOrTheTimeIsOver_SaysWhich()
    {
        WorkGroup group = _world.Kernel.OpenGroup();
        Assert.True(_world.Result(group.WaitAsync()));
        group.Enter();
        Task<bool> short_ = group.WaitAsync(TimeSpan.FromMilliseconds(20)), long_ = group.WaitAsync();
        _world.Time.AdvanceBy(TimeSpan.FromMilliseconds(30));
        Assert.False(_world.Result(short_));
        Assert.False(long_.IsCompleted);
        group.Leave();
        Assert.True(_world.Result(long_));
    }

    [Fact]
    public async Task Wait_KernelStops_IsOverAndFalse()
    {
        WorkGroup group = _world.Kernel.OpenGroup();
        group.Enter();
        Task<bool> wait = group.WaitAsync();
        _world.Stop();
        Assert.False(await ThreadKernel.Within(new ValueTask<bool>(wait)));
    }

    [Fact]
    public void Wait_MoreThanMayWait_ThrowsAndTimedOutOnesDoNotCount()
    {
        WorkGroup group = _world.Kernel.OpenGroup();
        group.Enter();
        AgentId agent = Spawn();
        Task<bool> gone = group.WaitAsync(TimeSpan.FromMilliseconds(1));
        _world.Time.AdvanceBy(TimeSpan.FromMilliseconds(5));
        Assert.False(_world.Result(gone));
        for (int i = 0; i < Limits.GroupWaiters; i++)
        {
            group.Notify(agent, new Over(i));
        }

        Assert.Throws<InvalidOperationException>(() => group.Notify(agent, new Over(0)));
        group.Leave();
        _world.Run();
        Assert.Equal(Limits.GroupWaiters, _told.Count);
    }

    [Fact]
    public void EnterAndLeave_AllocateNothing()
    {
        WorkGroup group = _world.Kernel.OpenGroup();
        EnterAndLeave();
        Assert.Equal(0, Allocated.Least(EnterAndLeave));

        void EnterAndLeave()
        {
            for (int i = 0; i < 1000; i++)
            {
                group.Enter();
                group.Leave();
            }
        }
    }

    /// <summary>Work of several rounds on several threads: whoever waits is told, and never while it itself is
    /// inside.</summary>
    [Fact]
    public void Threads_EnterLeaveAndWait_EachWaitEndsAndNoneEarly()
    {
        WorkGroup group = _world.Kernel.OpenGroup();
        const int rounds = 2000;
        int told = 0;
        ThreadKernel.Together(Work, Work, Wait, Wait);
        Assert.Equal(2 * rounds, told);

        void Work()
        {
            for (int i = 0; i < rounds; i++)
            {
                group.Enter();
                Thread.SpinWait(i % 50);
                group.Leave();
            }
        }

        void Wait()
        {
            for (int i = 0; i < rounds; i++)
            {
                group.Enter();
                Task<bool> wait = group.WaitAsync();
                Assert.False(wait.IsCompleted);
                group.Leave();
                Assert.True(wait.Wait(ThreadKernel.Patience), "it was never told");
                Interlocked.Increment(ref told);
            }
        }
    }
}
