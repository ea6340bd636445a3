using Outheis.Testing;
using Outheis.Tests.Journal;
using Xunit;

namespace Outheis.Tests;

/// <summary>A journal without room, met from inside turns. What the host meets is in <see cref="KernelJournalTests"/>.
/// </summary>
public sealed class JournalFullTests
{
    private readonly SimulatedDisk _disk = new();

    /// <summary>The turn began while there was room: its send meets the full journal, waits, and looks again in each
    /// pass.</summary>
    [Fact]
    public void SendAsync_OfATurnThatMeetsTheFullJournal_WaitsForRoomAndIsSentOnce()
    {
        List<long> received = [];
        using var world = new StepKernel(cores: 1, disk: _disk);
        AgentId target = world.Kernel.Receive(received, capacity: 100_000);
        AgentId sender = world.Kernel.Spawn(new Puppet());
        Capability<long> to = world.Kernel.GrantTo<long>(sender, target);
        var gate = new TaskCompletionSource();
        long sent = 0;
        SendResult? last = null;
        world.Kernel.DoAsync(sender, async context =>
        {
            await gate.Task;
            while (context.Send(to, sent) == SendResult.Sent)
            {
                sent++;
            }

            last = await context.SendAsync(to, sent);
        });
        world.Run();
        _disk.Free = 0;
        gate.SetResult();
        world.RunUntil(() => sent > 0 && received.Count == sent, "the full journal");
        for (int i = 0; i < 100; i++)
        {
            world.Step();
        }

        Assert.Null(last);
        _disk.Free = long.MaxValue;
        world.Time.AdvanceBy(JournalLimits.RetryAfterRefusal);
        world.RunUntil(() => last is not null, "room");
        world.Run();
        Assert.Equal(SendResult.Sent, last);
        Assert.Equal(Enumerable.Range(0, (int)sent + 1).Select(i => (long)i), received);
    }

    /// <summary>The kernel's own records may use a reserve. When that is used up too, they are counted as lost, and
    /// agents live on.</summary>
    [Fact]
    public void Records_WhenTheReserveIsUsedUp_AreCountedAndTheKernelGoesOn()
    {
        using (var world = new StepKernel(cores: 1, disk: _disk))
        {
            _disk.Free = 0;
            for (int agents = 0; world.Kernel.ListCores()[0].Unjournaled == 0; agents++)
            {
                Assert.True(agents < 10_000, "the journal takes everything");
                AgentId agent = world.Kernel.Spawn(new Puppet());
                world.Run();
                world.Wait(world.Kernel.StopAgentAsync(agent));
            }

            _disk.Free = long.MaxValue;
            List<int> received = [];
            Capability<int> to = world.Kernel.Grant<int>(world.Kernel.Receive(received));
            world.Time.AdvanceBy(JournalLimits.RetryAfterRefusal);
            world.RunUntil(() => to.Send(1) == SendResult.Sent, "room");
            world.Run();
            Assert.Equal([1], received);
        }

        Journals.ReadAll(_disk, out IReadOnlyList<LaneEnd> ends);
        Assert.Equal(LaneEndKind.End, Assert.Single(ends).Kind);
    }
}
