using Xunit;

namespace Outheis.Testing.Tests.Kit;

/// <summary>Agents that take a TimeProvider run on the simulation's application time.</summary>
public sealed class ApplicationTimeTests : IDisposable
{
    private static readonly TimeSpan Minute = TimeSpan.FromMinutes(1);

    private readonly Simulation _simulation = new(seed: 2, new SimulationOptions { TimeMovesOneIn = 0 });
    private readonly Probe<Note> _notes;
    private readonly AgentId _reminder;

    public ApplicationTimeTests()
    {
        _notes = _simulation.Probe<Note>();
        _reminder = _simulation.Kernel.Spawn(
            "reminder",
            endowment => new Reminder(endowment.Grant<Note>(_notes.Agent), _simulation.ApplicationTime));
    }

    public void Dispose() => _simulation.Dispose();

    [Fact]
    public void AdvanceTo_PastADelay_TheAgentGoesOnAtItsTime()
    {
        _simulation.Tell(_reminder, new Deposit(30));
        _simulation.RunUntilIdle();
        TimeSpan armed = _simulation.ApplicationTime.Now;
        Assert.Equal([new PendingTimer(armed + 30 * Minute, null)], _simulation.ApplicationTime.Timers);

        _simulation.AdvanceTo(_simulation.Time.Now + 29 * Minute);
        Assert.Empty(_notes.Received);
        _simulation.AdvanceBy(Minute);
        Assert.InRange(_notes.Expect(new Note("due")).At, armed + 30 * Minute, armed + 30.1 * Minute);
        Assert.Empty(_simulation.ApplicationTime.Timers);
    }

    [Fact]
    public void Expect_BeyondTheDelay_NeedsNoAdvance()
    {
        _simulation.Tell(_reminder, new Deposit(45));
        _notes.Expect(new Note("due"), within: 46 * Minute);
    }

    [Fact]
    public void JumpWallClock_Backwards_DelaysStand()
    {
        _simulation.Tell(_reminder, new Deposit(5));
        _simulation.RunUntilIdle();
        _simulation.ApplicationTime.JumpWallClock(-60 * Minute);
        _notes.ExpectNothing(4 * Minute);
        _notes.Expect(new Note("due"), within: 2 * Minute);
    }

    private sealed class Reminder(Capability<Note> to, TimeProvider time) : Agent, IHandleAsync<Deposit>
    {
        public async ValueTask HandleAsync(
            Deposit message, AgentContext context, CancellationToken cancellationToken)
        {
            await Task.Delay(TimeSpan.FromMinutes(message.Cents), time, cancellationToken);
            context.Send(to, new Note("due"));
        }
    }
}
