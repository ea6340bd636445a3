using System.Runtime.CompilerServices;
using Xunit;

namespace Outheis.Tests;

public sealed class AgentLayoutTests
{
    /// <summary>G1 of <see cref="AgentRecord"/>.</summary>
    [Fact]
    public void Fields_WhatSendersRead_LiesALineBeforeWhatChangesWithEachMessage()
    {
        AgentCell agent = Cells.Agent();
        nint[] read = [At(ref CoreOf(agent)), At(ref IsDeadOf(agent)), At(ref agent.Waiters)];
        nint[] written =
        [
            At(ref agent.State), At(ref agent.EffectiveQos), At(ref agent.ReadySlot), At(ref agent.Inbox),
            At(ref agent.Credits), At(ref agent.Async), At(ref agent.StopWanted),
        ];
        Assert.True(written.Min() - read.Max() >= CacheLine.PairedBytes, $"{written.Min()} after {read.Max()}");

        nint At<T>(ref T field) =>
            Unsafe.ByteOffset(ref Unsafe.As<int, byte>(ref IsDeadOf(agent)), ref Unsafe.As<T, byte>(ref field));
    }

    [UnsafeAccessor(UnsafeAccessorKind.Field, Name = "_core")]
    private static extern ref Core CoreOf(AgentFace agent);

    [UnsafeAccessor(UnsafeAccessorKind.Field, Name = "_isDead")]
    private static extern ref int IsDeadOf(AgentFace agent);
}
