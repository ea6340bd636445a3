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
