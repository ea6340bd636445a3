using System.Diagnostics;
using Outheis.Tests.Coordination;
using Xunit;

namespace Outheis.Tests;

/// <summary>What comes in the middle of a move, and what cannot move.</summary>
public sealed partial class MoveTests
{
    /// <summary>A revocation that is done is done (INV-12), whichever ingress a send came through.</summary>
    [Fact]
    public void Move_ARevocationMeanwhile_WaitsForWhatTheOldCoreWasSent()
    {
        AgentId agent = Spawn();
        _world.Run();
        Capability<Over> to = Kernel.Grant<Over>(agent);
        Task<bool> moved = Kernel.MoveAgentAsync(agent, 1);
        KernelOp leave = _world.CoreAt(0).Control.TakeAll()!;
        to.SendAll([new Over(1)]);      // in the ingress of core 0
        leave.Run(_world.CoreAt(0));
        Task revoked = Kernel.RevokeAsync(to);
        _world.CoreAt(0).Control.TakeAll()!.Run(_world.CoreAt(0));      // the fence, before anything is taken in
        _world.Pass(1);
        _world.Pass(2);
        Assert.Equal([0, 1, 1], Kernel.ListCores().Select(static core => core.Fences));
        _world.Wait(revoked);
        Assert.Equal(SendResult.Revoked, to.Send(new Over(2)));
        Assert.True(_world.Result(moved));
        _world.Run();
        Assert.Equal([(1, 1)], _seen);
    }

    [Fact]
    public void Move_AStopInTheMiddle_HandlesWhatWasSent()
    {
        AgentId agent = Spawn();
        _world.Run();
        Task<bool> moved = Kernel.MoveAgentAsync(agent, 1);
        _world.CoreAt(0).Control.TakeAll()!.Run(_world.CoreAt(0));
        Kernel.Grant<Over>(agent).SendAll([new Over(1)]);
        StopReport report = _world.Stop();
        Assert.True(report.Drained);
        Assert.Equal([(1, 1)], _seen);
        Assert.True(moved.IsCompleted);
    }

    /// <summary>The deadline comes while no mark comes back: nothing is in two hands, and the report says who was not
    /// drained.</summary>
    [Fact]
    public void Move_AStopWhoseDeadlineComesInTheMiddle_EndsItWhereItWas()
    {
        AgentId agent = Spawn();
        Capability<Over> own = default;
        AgentId sender = Kernel.Spawn("sender", born =>
        {
            own = born.Grant<Over>(agent);
            return new Puppet();
        }, new SpawnOptions { Core = 2 });
        _world.Run();
        Task<bool> moved = Kernel.MoveAgentAsync(agent, 1);
        Kernel.Grant<Over>(agent).SendAll([new Over(1)]);
        _world.Pass(0);      // leaves, with a message; core 2 has its mark, and says nothing for now
        Task<StopReport> stop = Kernel.StopAsync(TimeSpan.Zero);
        long start = Stopwatch.GetTimestamp();
        while (Kernel.Agents.Find(agent.Value) is not null && Stopwatch.GetElapsedTime(start) < ThreadKernel.Patience)
        {
            _world.Pass(0);      // until the stop's op has come; it waits a millisecond for the other core
            _world.Pass(1);
            _world.Time.AdvanceBy(TimeSpan.FromMilliseconds(1));
        }

        StopReport report = _world.Stopped(stop);
        Assert.Contains(report.Undrained, one => one.Agent == agent);
        Assert.False(report.Drained);
        Assert.Equal(0, Kernel.DeadLetters.Newest().Count(static one => one.Reason != DeadLetterReason.KernelStopped));
        Assert.True(moved.IsCompleted && _seen.Count + Kernel.DeadLetters.Total == 1);
    }

    /// <summary>While its old core ends it, the new one keeps what comes: the channel is in one core's hands.</summary>
    [Fact]
    public void BreakRest_SomethingComesWhileItEnds_IsBuriedByTheCoreThatHasIt()
    {
        (Core old, Core home) = (_world.CoreAt(0), _world.CoreAt(1));
        AgentId agent = Kernel.Spawn("ends", () => new Ending(() =>
        {
            _world.Pass(1);      // what came by the new way
            old.Enter();
        }), new SpawnOptions { Core = 0 });
        Capability<Over> to = Kernel.Grant<Over>(agent);
        _world.Run();
        _ = Kernel.MoveAgentAsync(agent, 1);
        old.Control.TakeAll()!.Run(old);
        to.SendAll([new Over(1)]);
        AgentCell cell = Kernel.Living(agent);
        Kernel.KeepAgents();
        old.Enter();
        old.BreakRest();
        Core.Leave();
        Assert.Equal((AgentState.Dead, 0, 0, 1), (cell.State, cell.Inbox.Count, old.Cells.InUse, home.Cells.InUse));
        home.BuryBefore();
        Assert.Equal((0, 1), (home.Cells.InUse, (int)Kernel.DeadLetters.Total));
        Assert.Equal(0, Kernel.MovesUnderWay);
    }

    /// <summary>INV-01: also where the old core is stuck, and never ends it.</summary>
    [Fact]
    public void BuryBefore_ItsAgentIsNotThere_CreditsComeBack()
    {
        AgentId agent = Spawn(options: new SpawnOptions { Capacity = 4 });
        Capability<Over> to = Kernel.Grant<Over>(agent);
        _world.Run();
        _ = Kernel.MoveAgentAsync(agent, 1);
        _world.CoreAt(0).Control.TakeAll()!.Run(_world.CoreAt(0));
        to.SendAll([new Over(1), new Over(2)]);
        _world.Pass(1);
        _world.CoreAt(1).BuryBefore();
        ref Credits credits = ref Kernel.Living(agent).Credits;
        Assert.Equal((4, 2), (credits.Free + credits.Home, (int)Kernel.DeadLetters.Total));
    }

    private sealed class Ending(Action onStop) : Agent, IHandle<Over>
    {
        public void Handle(in Over message, Context context)
        {
        }

        protected internal override void OnStop(ExitReason reason) => onStop();
    }

    [Fact]
    public void Move_WhatCannot_SaysWhy()
    {
        Exclusion exclusion = Kernel.OpenExclusion("both", core: 0);
        AgentId agent = Kernel.Spawn("shares", () => new Puppet(), new SpawnOptions { Exclusion = exclusion });
        Assert.Contains("shares", ThrownBy<InvalidOperationException>(agent, 1).Message);
        ThrownBy<ArgumentOutOfRangeException>(agent, 3);
        ThrownBy<ArgumentOutOfRangeException>(agent, -1);
        Assert.False(_world.Result(Kernel.MoveAgentAsync(new AgentId(999), 0)));
    }

    [Fact]
    public void Move_FromInsideATurn_Throws()
    {
        Exception? thrown = null;
        AgentId agent = Kernel.Spawn("tries", () => new Puppet(), new SpawnOptions { Core = 0 });
        Kernel.Grant<Do>(agent).SendAll([new Do(_ => thrown = Record.Exception(() => MoveNow(agent, 1)))]);
        _world.Run();
        Assert.IsType<InvalidOperationException>(thrown);
    }
}
