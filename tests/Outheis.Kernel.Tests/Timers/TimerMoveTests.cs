using Outheis.Tests.Coordination;
using Xunit;

namespace Outheis.Tests.Timers;

/// <summary>An agent's timers go with it to another core.</summary>
public sealed class TimerMoveTests : IDisposable
{
    private static readonly TimeSpan Second = TimeSpan.FromSeconds(1);

    private readonly StepKernel _world = new(cores: 2);
    private readonly List<(int Number, long Fires, int Core)> _seen = [];
    private readonly AgentId _agent;

    public TimerMoveTests() => _agent = _world.Kernel.Spawn(
        "listener",
        () => new Receiver<Over>((in Over message, Context context) =>
            _seen.Add((message.Number, context.Fires, Core.OfThisThread!.Index))),
        new SpawnOptions { Core = 0 });

    public void Dispose() => _world.Dispose();

    private void Do(Script script)
    {
        _world.Kernel.Grant<Do>(_agent).SendAll([new Do(script)]);
        _world.Run();
    }

    private void Move(int core) => Assert.True(_world.Result(_world.Kernel.MoveAgentAsync(_agent, core)));

    [Fact]
    public void Move_WithTimers_TheyAreDueWhenTheyWere()
    {
        DateTimeOffset wall = _world.Time.GetUtcNow() + (5 * Second);
        Do(context =>
        {
            context.After(3 * Second, new Over(1), TimeSpan.Zero);
            context.Every(2 * Second, new Over(2), TimeSpan.Zero);
            context.At(wall, new Over(3));
        });
        _world.Advance(Second);
        Move(1);
        Assert.Equal((0, 3), (_world.CoreAt(0).Timers.Count, _world.CoreAt(1).Timers.Count));
        Assert.Equal(0, _world.CoreAt(0).Timers.CellsHeld);
        _world.Advance(1.5 * Second);
        Assert.Equal([(2, 1, 1)], _seen);
        Move(0);
        Move(1);
        _world.Advance(3 * Second);      // now 5.5
        Assert.Equal([(2, 1, 1), (1, 1, 1), (2, 1, 1), (3, 1, 1)], _seen);
        Assert.Equal(1, _world.CoreAt(1).Timers.Count);
    }

    /// <summary>The handle is what the agent keeps: it names the timer wherever that is.</summary>
    [Fact]
    public void Move_WithTimers_TheAgentGoesOnToKnowThem()
    {
        AgentTimer cancelled = default, suspended = default, kept = default;
        Do(context =>
        {
            cancelled = context.Every(Second, new Over(1), TimeSpan.Zero);
            suspended = context.Every(Second, new Over(2), TimeSpan.Zero);
            kept = context.Every(Second, new Over(3), TimeSpan.Zero);
        });
        Move(1);
        Do(context =>
        {
            context.Cancel(cancelled);
            context.Suspend(suspended);
        });
        Move(0);
        _world.Advance(3.5 * Second);
        Assert.Equal([(3, 1, 0), (3, 1, 0), (3, 1, 0)], _seen);
        _seen.Clear();
        Move(1);
        Do(context =>
        {
            context.Resume(suspended);      // GC-20: what was missed, in one
            context.Cancel(kept);
        });
        Assert.Equal([(2, 3, 1)], _seen);
        Do(context =>
        {
            context.Cancel(suspended);
            context.Cancel(suspended);
            context.Cancel(cancelled);
        });
        Assert.Equal((0, 0), (_world.CoreAt(0).Timers.Count, _world.CoreAt(1).Timers.Count));
    }

    /// <summary>What a timer said and its agent has not taken keeps its place and its count.</summary>
    [Fact]
    public void Move_WithWhatTimersSaidInTheChannel_TakesItAlong()
    {
        AgentTimer gone = default;
        Do(context =>
        {
            context.Every(Second, new Over(1), TimeSpan.Zero);
            context.After(Second, new Over(2), TimeSpan.Zero);
            gone = context.After(Second, new Over(3), TimeSpan.Zero);
        });
        Assert.True(_world.Result(_world.Kernel.SuspendAsync(_agent)));
        _world.Advance(2.5 * Second);
        _world.Kernel.Grant<Over>(_agent).SendAll([new Over(9)]);
        _world.Run();
        Move(1);
        _world.Advance(Second);
        Assert.Empty(_seen);
        Assert.True(_world.Result(_world.Kernel.ResumeAsync(_agent)));
        _world.Run();
        Assert.Equal([(1, 3, 1), (2, 1, 1), (3, 1, 1), (9, 1, 1)], _seen);
        Do(context => context.Cancel(gone));      // is over: harmless
        Assert.Equal(1, _world.CoreAt(1).Timers.Count);
    }

    [Fact]
    public void Move_AndTheEndOfTheAgent_EndsItsTimersThere()
    {
        Do(context => context.Every(Second, new Over(1), TimeSpan.Zero));
        Move(1);
        _world.Wait(_world.Kernel.StopAgentAsync(_agent));
        _world.Advance(2 * Second);
        Assert.Empty(_seen);
        Assert.Equal((0, 0), (_world.CoreAt(1).Timers.Count, _world.CoreAt(1).Timers.CellsHeld));
    }
}
