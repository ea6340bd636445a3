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
        _world.Pass(1);
        _world.Pass(2);
        Assert.False(revoked.IsCompleted);
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
