using Outheis.Supervision;
using Xunit;

namespace Outheis.Tests;

/// <summary>The supervisor in virtual time: restarts, intensity, escalation.</summary>
public sealed class SupervisorTests : IDisposable
{
    private readonly StepKernel _world = new(51);
    private readonly List<string> _log = [];

    private Kernel Kernel => _world.Kernel;

    public void Dispose() => _world.Dispose();

    private AgentId Supervise(int intensity = 1, Restart restart = Restart.Permanent, AgentId above = default) =>
        Kernel.Spawn(
            "supervisor",
            () => new Supervisor(new SupervisorOptions
            {
                Intensity = intensity,
                Period = TimeSpan.FromSeconds(5),
                Restart = restart,
            }),
            new SpawnOptions { Supervisor = above });

    private AgentId Child(AgentId supervisor, string name, int core = 0) => Kernel.Spawn(
        name,
        () => new Puppet
        {
            Started = context => _log.Add($"{name} {context.Incarnation}"),
            Stopped = reason => _log.Add($"{name} {reason.Kind}"),
        },
        new SpawnOptions { Supervisor = supervisor, Core = core });

    private void Fail(AgentId agent)
    {
        Kernel.Do(agent, _ => throw new InvalidDataException("bug"));
        _world.Run();
    }

    private bool Lives(AgentId agent) => Kernel.ListAgents().Any(a => a.Id == agent);

    [Fact]
    public void Child_Fails_IsRestartedAndItsSiblingsAreNot()
    {
        AgentId supervisor = Supervise();
        AgentId one = Child(supervisor, "one"), two = Child(supervisor, "two", core: 1);
        _world.Run();
        _log.Clear();
        Fail(one);
        Assert.Equal(["one Error", "one 2"], _log);
        Assert.True(Lives(two));
    }

    [Fact]
    public void Child_FailsOnceMoreThanTheIntensityWithinThePeriod_EndsAllYoungestFirst()
    {
        AgentId supervisor = Supervise(intensity: 2);
        AgentId one = Child(supervisor, "one"), two = Child(supervisor, "two"), three = Child(supervisor, "three");
        _world.Run();
        Fail(one);
        Fail(one);
        Assert.True(Lives(supervisor));
        Assert.Equal(3u, Kernel.Agents.Find(one.Value)!.Incarnation);
        _log.Clear();
        Fail(one);
        Assert.Equal(["one Error", "three Shutdown", "two Shutdown"], _log);
        Assert.False(Lives(supervisor) || Lives(one) || Lives(two) || Lives(three));
    }

    [Fact]
    public void Child_FailsAgainAfterThePeriod_IsRestarted()
    {
        AgentId supervisor = Supervise(intensity: 1);
        AgentId child = Child(supervisor, "child");
        for (int i = 0; i < 5; i++)
        {
            Fail(child);
            _world.Advance(TimeSpan.FromSeconds(5.1));
        }

        Assert.Equal(6u, Kernel.Agents.Find(child.Value)!.Incarnation);
        Fail(child);
        _world.Advance(TimeSpan.FromSeconds(4.9));
        Fail(child);
        Assert.False(Lives(supervisor) || Lives(child));
    }

    [Fact]
    public void Supervisor_GivesUp_ItsOwnSupervisorHearsShutdown()
    {
        var above = new Listener();
        AgentId supervisor = Supervise(intensity: 0, above: Kernel.Spawn(above));
        AgentId child = Child(supervisor, "child");
        _world.Run();
        Fail(child);
        ExitSignal signal = Assert.Single(above.Exits);
        Assert.Equal((supervisor, ExitKind.Shutdown, false), (signal.Agent, signal.Reason.Kind, signal.IsFinal));
    }

    [Fact]
    public void Supervisor_UnderAnother_IsRestartedWhenItGivesUp()
    {
        AgentId top = Supervise(intensity: 3);
        AgentId middle = Supervise(intensity: 0, above: top);
        AgentId child = Child(middle, "child");
        _world.Run();
        Fail(child);
        Assert.True(Lives(top) && Lives(middle));
        Assert.False(Lives(child));
        Assert.Equal(2u, Kernel.Agents.Find(middle.Value)!.Incarnation);
    }

    [Fact]
    public void TransientChild_StopsNormally_IsForgotten()
    {
        AgentId supervisor = Supervise(restart: Restart.Transient);
        AgentId child = Child(supervisor, "child");
        Kernel.Do(child, context => context.Stop());
        _world.Run();
        Assert.Equal(["child 1", "child Normal"], _log);
        Assert.False(Lives(child));
        Assert.True(Lives(supervisor));
    }

    [Fact]
    public void TemporaryChild_Fails_IsForgotten()
    {
        AgentId supervisor = Supervise(restart: Restart.Temporary);
        AgentId child = Child(supervisor, "child");
        Fail(child);
        Assert.False(Lives(child));
        Assert.True(Lives(supervisor));
    }

    [Theory, InlineData(0), InlineData(1)]
    public void Children_StoppedByTheHost_DoNotCountAsFailures(int core)
    {
        AgentId supervisor = Supervise(intensity: 1);
        AgentId[] children = [.. Enumerable.Range(0, 4).Select(i => Child(supervisor, $"child {i}", core))];
        _world.Run();
        _world.Wait(Kernel.StopAgentAsync(children[0]));
        _world.Wait(Kernel.StopAgentAsync(children[1]));
        _world.Run();
        Assert.True(Lives(supervisor) && Lives(children[2]) && !Lives(children[0]) && !Lives(children[1]));
        Fail(children[2]);
        Assert.True(Lives(supervisor) && Lives(children[2]) && Lives(children[3]));
    }

    [Fact]
    public void Child_ItsFactoryKeepsFailing_SupervisorStillAnswersAndGivesUp()
    {
        bool broken = false;
        AgentId supervisor = Supervise(intensity: 3);
        AgentId child = Kernel.Spawn(
            "child", () => broken ? throw new InvalidDataException("no") : new Puppet(),
            new SpawnOptions { Supervisor = supervisor });
        _world.Run();
        broken = true;
        Fail(child);
        Assert.False(Lives(supervisor) || Lives(child));
    }

    [Fact]
    public void Supervisor_DiesWhileAChildWaitsForItsVerdict_TheChildDiesToo()
    {
        AgentId boss = Kernel.Spawn(new Listener());      // decides nothing
        AgentId child = Kernel.Spawn(new Puppet(), supervisor: boss);
        _world.Run();
        Fail(child);
        Assert.Equal(AgentState.Ended, Kernel.Agents.Find(child.Value)!.State);
        _world.Wait(Kernel.StopAgentAsync(boss));
        _world.Run();
        Assert.False(Lives(child));
    }
}
