using Xunit;

namespace Outheis.Tests.Coordination;

public readonly record struct Errand(int Who, bool Awaits);

/// <summary>Agents that share one exclusion: while one is in the middle of something, no other begins (GC-01,
/// GC-11).</summary>
public sealed class ExclusionTests : IDisposable
{
    private readonly StepKernel _world = new(cores: 2);
    private readonly List<string> _log = [];
    private readonly Dictionary<int, TaskCompletionSource> _gates = [];

    public void Dispose() => _world.Dispose();

    private AgentId Spawn(int who, Exclusion? exclusion, Qos qos = Qos.Default, AgentId supervisor = default) =>
        _world.Kernel.Spawn(
            $"member {who}",
            () => new AsyncReceiver<Errand>(async (step, _, _) =>
            {
                _log.Add($"{who} begins");
                if (step.Awaits)
                {
                    await (_gates[who] = new TaskCompletionSource()).Task.ConfigureAwait(true);
                }

                _log.Add($"{who} ends");
            }),
            new SpawnOptions { Exclusion = exclusion, Qos = qos, Supervisor = supervisor });

    private void Send(AgentId to, bool awaits) => _world.Kernel.Grant<Errand>(to).SendAll([new Errand(0, awaits)]);

    // What resumes comes from a thread of the pool.
    private void Open(int who, int lines)
    {
        _gates[who].SetResult();
        _world.RunUntil(() => _log.Count >= lines);
        _world.Run();
    }

    [Fact]
    public void Turn_Awaits_TheOthersBeginNothingUntilItIsOver()
    {
        Exclusion exclusion = _world.Kernel.OpenExclusion("shared");
        AgentId one = Spawn(1, exclusion), two = Spawn(2, exclusion), free = Spawn(3, null);
        Send(one, awaits: true);
        _world.Run();
        Send(two, awaits: false);
        Send(free, awaits: false);
        _world.Run();
        Assert.Equal(["1 begins", "3 begins", "3 ends"], _log);
        Assert.True(_world.CoreAt(exclusion.Core.Index).HasWork() is false, "the core may sleep meanwhile");
        Open(1, 6);
        Assert.Equal(["1 ends", "2 begins", "2 ends"], _log[3..]);
    }

    /// <summary>An owner with more to do does not keep the others out: each of its messages lets them in.</summary>
    [Fact]
    public void Turn_OwnerHasABacklog_OthersComeBetweenItsMessages()
    {
        Exclusion exclusion = _world.Kernel.OpenExclusion();
        AgentId one = Spawn(1, exclusion), two = Spawn(2, exclusion), three = Spawn(3, exclusion);
        Send(one, awaits: true);
        _world.Run();
        Send(one, awaits: true);
        Send(two, awaits: true);
        Send(three, awaits: false);
        _world.Run();
        Open(1, 3);
        Assert.Equal(["1 begins", "1 ends", "2 begins"], _log);
        Open(2, 7);
        Assert.Equal(["2 ends", "3 begins", "3 ends", "1 begins"], _log[3..]);
        Open(1, 8);
    }

    /// <summary>Those of an inner one are excluded together with those of the outer one, at any depth.</summary>
    [Fact]
    public void Hierarchy_ShareTheBottom_AndLiveOnItsCore()
    {
        Exclusion bottom = _world.Kernel.OpenExclusion("bottom", core: 1),
            middle = _world.Kernel.OpenExclusion("middle", bottom), top = _world.Kernel.OpenExclusion("top", middle),
            side = _world.Kernel.OpenExclusion("side", bottom);
        AgentId one = Spawn(1, top), two = Spawn(2, side);
        Assert.All(_world.Kernel.ListAgents(), static agent => Assert.Equal(1, agent.Core));
        Send(one, awaits: true);
        _world.Run();
        Send(two, awaits: false);
        _world.Run();
        Assert.Equal(["1 begins"], _log);
        Open(1, 4);
        Assert.Equal(["1 begins", "1 ends", "2 begins", "2 ends"], _log);
    }

    [Fact]
    public void Open_OnAnotherCoreThanItsAgentsOrTheOuterOne_ThrowsAndSaysWhere()
    {
        Exclusion exclusion = _world.Kernel.OpenExclusion("shared", core: 1);
        Assert.Contains("core 1", Assert.Throws<ArgumentException>(
            () => _world.Kernel.OpenExclusion("inner", exclusion, core: 0)).Message);
        Assert.Contains("core 1", Assert.Throws<ArgumentException>(() => _world.Kernel.Spawn(
            "wrong", static () => new Puppet(), new SpawnOptions { Core = 0, Exclusion = exclusion })).Message);
        using var other = new StepKernel();
        Assert.Throws<ArgumentException>(() => other.Kernel.Spawn(
            "wrong", static () => new Puppet(), new SpawnOptions { Exclusion = exclusion }));
    }

    /// <summary>The owner ends in the middle: the others go on.</summary>
    [Theory, InlineData(false), InlineData(true)]
    public void Turn_OwnerThrowsOrIsStopped_TheOthersGoOn(bool throws)
    {
        Exclusion exclusion = _world.Kernel.OpenExclusion();
        AgentId one = Spawn(1, exclusion), two = Spawn(2, exclusion);
        Send(one, awaits: true);
        _world.Run();
        Send(two, awaits: false);
        _world.Run();
        if (throws)
        {
            _gates[1].SetException(new InvalidOperationException("on purpose"));
        }
        else
        {
            _world.Wait(_world.Kernel.SuspendAsync(one));      // so that the stop cuts its turn
            _world.Wait(_world.Kernel.StopAgentAsync(one));
        }

        _world.RunUntil(() => _log.Count == 3);
        Assert.Equal(["1 begins", "2 begins", "2 ends"], _log);
    }

    /// <summary>One that waits is suspended, or ends: it does not come in.</summary>
    [Fact]
    public void Blocked_IsSuspendedOrStopped_DoesNotComeIn()
    {
        Exclusion exclusion = _world.Kernel.OpenExclusion();
        AgentId one = Spawn(1, exclusion), two = Spawn(2, exclusion), three = Spawn(3, exclusion);
        Send(one, awaits: true);
        _world.Run();
        Send(two, awaits: false);
        Send(three, awaits: false);
        _world.Run();
        Assert.True(_world.Result(_world.Kernel.SuspendAsync(two)));
        _world.Wait(_world.Kernel.StopAgentAsync(three));
        Open(1, 2);
        Assert.Equal(["1 begins", "1 ends"], _log);
        Assert.True(_world.Result(_world.Kernel.ResumeAsync(two)));
        _world.Run();
        Assert.Equal(["2 begins", "2 ends"], _log[2..]);
    }

    /// <summary>Who waits raises whom it waits for (GC-12), until that is over.</summary>
    [Fact]
    public void Blocked_OfAHigherClass_RaisesTheOwnerUntilItIsOver()
    {
        Exclusion exclusion = _world.Kernel.OpenExclusion();
        AgentId low = Spawn(1, exclusion, Qos.Background), high = Spawn(2, exclusion, Qos.UserInitiated),
            highest = Spawn(3, exclusion, Qos.UserInteractive);
        Qos ClassOfLow() => _world.Kernel.Living(low).EffectiveQos;
        Send(low, awaits: true);
        _world.Run();
        Assert.Equal(Qos.Background, ClassOfLow());
        Send(high, awaits: false);
        _world.Run();
        Assert.Equal(Qos.UserInitiated, ClassOfLow());
        Send(highest, awaits: false);
        _world.Run();
        Assert.Equal(Qos.UserInteractive, ClassOfLow());
        Open(1, 6);
        Assert.Equal(Qos.Background, ClassOfLow());
        Assert.Equal(["1 begins", "1 ends", "3 begins", "3 ends", "2 begins", "2 ends"], _log);
    }

    /// <summary>GC-09: it could never be answered.</summary>
    [Fact]
    public void Ask_OfOneThatItExcludes_IsRefusedAtOnce()
    {
        Exclusion exclusion = _world.Kernel.OpenExclusion();
        var options = new SpawnOptions { Exclusion = exclusion };
        AgentId answerer = _world.Kernel.Spawn(
            "answers", static () => new Answerer<Over, int>(static (in Over over, Context _) => over.Number), options);
        AskCapability<Over, int> way = default;
        AgentId asker = _world.Kernel.Spawn(
            "asks", born =>
            {
                way = born.GrantAsk<Over, int>(answerer);
                return new Puppet();
            }, options);
        AskException? refused = null;
        _world.Kernel.DoAsync(asker, async (context, token) =>
        {
            refused = await Assert.ThrowsAsync<AskException>(
                async () => await context.AskAsync(way, new Over(1), cancellationToken: token).ConfigureAwait(true))
                .ConfigureAwait(true);
        });
        _world.Run();
        Assert.Equal(AskOutcome.SelfAsk, refused?.Outcome);
    }

    [Fact]
    public void Asserts_SayWhereCodeRunsAndWhereItBelongs()
    {
        Kernel kernel = _world.Kernel;
        Exclusion outer = kernel.OpenExclusion("outer", core: 1), inner = kernel.OpenExclusion("inner", outer);
        AgentId one = Spawn(1, inner), other = kernel.Spawn(new Puppet(), core: 0, name: "other");
        var said = new List<string>();
        kernel.AssertNotOn(one);
        kernel.AssertNotOn(inner);
        Kernel.AssertNotOnCore();
        said.Add(Assert.Throws<InvalidOperationException>(() => kernel.AssertOn(one)).Message);
        said.Add(Assert.Throws<InvalidOperationException>(() => kernel.AssertOnCore()).Message);
        kernel.Do(one, _ =>
        {
            kernel.AssertOn(one);
            kernel.AssertOn(inner);
            kernel.AssertOn(outer);
            kernel.AssertNotOn(other);
            kernel.AssertOnCore();
            kernel.AssertOnCore(1);
            said.Add(Assert.Throws<InvalidOperationException>(() => kernel.AssertNotOn(one)).Message);
            said.Add(Assert.Throws<InvalidOperationException>(() => kernel.AssertNotOn(outer)).Message);
            said.Add(Assert.Throws<InvalidOperationException>(() => kernel.AssertOnCore(0)).Message);
            said.Add(Assert.Throws<InvalidOperationException>(Kernel.AssertNotOnCore).Message);
        });
        kernel.Do(other, _ =>
            said.Add(Assert.Throws<InvalidOperationException>(() => kernel.AssertOn(inner)).Message));
        kernel.DoAsync(one, context =>
        {
            context.AssertOnAgent();
            return default;
        });
        _world.Run();
        Assert.Equal(7, said.Count);
        Assert.Contains("belongs into a turn of member 1", said[0]);
        Assert.Contains("which is no core", said[0]);
        Assert.Equal(4, said.Count(static one => one.Contains("runs in a turn of member 1 on core 1")));
        Assert.Single(said, static one => one.Contains("runs in a turn of other on core 0"));
    }
}
