using Outheis.Supervision;
using Xunit;

namespace Outheis.Testing.Tests.Kit;

/// <summary>An overseer decides as the supervisor inside it, and tells what it heard.</summary>
public sealed class OverseerTests : IDisposable
{
    private readonly Simulation _simulation = new(seed: 5);

    public void Dispose() => _simulation.Dispose();

    [Fact]
    public void ExpectRestart_AfterACrashAtItsNextEffect_TellsTheIncarnation()
    {
        Overseer overseer = _simulation.Overseer();
        Probe<Note> notes = _simulation.Probe<Note>();
        Stub<GetRate, Rate> rates = _simulation.Stub<GetRate, Rate>().Answers(new Rate(1000));
        AgentId account = _simulation.Kernel.Spawn(
            "account",
            endowment => new Account(
                endowment.Grant<Note>(notes.Agent), endowment.GrantAsk<GetRate, Rate>(rates.Agent)),
            new SpawnOptions { Supervisor = overseer.Agent });
        _simulation.Crash(account);
        _simulation.Tell(account, new Deposit(1));

        ExitSignal exit = overseer.ExpectExit<SimulatedCrashException>(account);
        Assert.Equal(1u, exit.Incarnation);
        Assert.Equal(2u, overseer.ExpectRestart(account).Incarnation);
        Assert.Equal(2u, _simulation.Ask<GetBalance, Balance>(account, default).Incarnation);
        Assert.Equal([1u, 2u], overseer.Starts.Select(start => start.Incarnation));
    }

    [Fact]
    public void ExpectExit_AnotherReason_SaysWhichCame()
    {
        Overseer overseer = _simulation.Overseer("boss");
        Puppet<Deposit> child = _simulation.Puppet<Deposit>("child", new SpawnOptions { Supervisor = overseer.Agent });
        child.OnNext().Crashes(new InvalidDataException("bug"));
        _simulation.Tell(child.Agent, new Deposit(1));
        SimulationFailedException failure =
            Assert.Throws<SimulationFailedException>(() => overseer.ExpectExit<IOException>(child.Agent));
        Assert.Contains(
            "boss: expected child to fail with IOException.\nit ended with:\n  Error: InvalidDataException: bug",
            failure.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void ExpectRestart_NoneComes_SaysWhatItHeard()
    {
        Overseer overseer = _simulation.Overseer("boss");
        Puppet<Deposit> child = _simulation.Puppet<Deposit>("child", new SpawnOptions { Supervisor = overseer.Agent });
        SimulationFailedException failure = Assert.Throws<SimulationFailedException>(
            () => overseer.ExpectRestart(child.Agent, TimeSpan.FromSeconds(1)));
        Assert.Contains("boss: expected a restart of child within 00:00:01", failure.Message, StringComparison.Ordinal);
        Assert.Contains("ChildStarted { Agent = ", failure.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Overseer_OfASupervisorThatGivesUp_DecidesAsItDoes()
    {
        Overseer overseer = _simulation.Overseer(
            supervisor: static () => new Supervisor(new SupervisorOptions { Intensity = 1 }));
        Puppet<Deposit> child = _simulation.Puppet<Deposit>("child", new SpawnOptions { Supervisor = overseer.Agent });
        child.OnNext().Crashes().OnNext().Crashes();
        _simulation.Tell(child.Agent, new Deposit(1));
        overseer.ExpectExit<InvalidOperationException>(child.Agent);
        overseer.ExpectRestart(child.Agent);
        SimulationFailedException failure = Assert.Throws<SimulationFailedException>(
            () => _simulation.ExpectDead(child.Agent, TimeSpan.FromSeconds(1)));
        Assert.Contains("expected child to end for good", failure.Message, StringComparison.Ordinal);
        _simulation.Tell(child.Agent, new Deposit(2));
        overseer.ExpectExit<InvalidOperationException>(child.Agent);
        _simulation.ExpectDead(child.Agent);
        _simulation.ExpectDead(overseer.Agent);
    }
}
