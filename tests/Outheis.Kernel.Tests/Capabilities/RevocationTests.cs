using FsCheck.Xunit;
using Outheis.Testing;
using Xunit;

namespace Outheis.Tests;

/// <summary>After RevokeAsync completes nothing is accepted through the capability or what was derived from it
/// (INV-12).</summary>
[Collection(OnThreads.Name)]
public sealed class RevocationTests
{
    [Property(MaxTest = 60)]
    public static void Revoke_WhileAgentsAndTheHostSend_NothingIsAcceptedAfterwards(int seed)
    {
        var random = new Random(seed);
        using var world = new StepKernel(seed, cores: random.Next(1, 4));
        int cores = world.Kernel.Cores.Length, accepted = 0, received = 0, acceptedLate = 0;
        Task? revoked = null;
        AgentId target = world.Kernel.Receive((in int _, Context _) => received++, core: random.Next(cores));
        Capability<int> root = world.Kernel.Grant<int>(target);
        AgentId[] senders = [.. Enumerable.Range(0, 3).Select(_ =>
            world.Kernel.Spawn(new Puppet(), random.Next(cores)))];
        Capability<int>[] derived = [.. senders.Select(sender => DeriveFromHost(world.Kernel, root, sender))];
        for (int i = 0; i < 200; i++)
        {
            int who = random.Next(4);
            if (who == 3)
            {
                Count(root.Send(i));
            }
            else
            {
                world.Kernel.Do(senders[who], context => Count(context.Send(derived[who], 1)));
            }

            if (i == 100)
            {
                revoked = world.Kernel.RevokeAsync(root);
            }

            world.Step();
        }

        world.Wait(revoked!);
        world.Run();
        Assert.True(acceptedLate == 0, $"{acceptedLate} accepted after the revocation, seed={seed}");
        Assert.True(accepted == received, $"{accepted} accepted, {received} received, seed={seed}");

        void Count(SendResult sent)
        {
            Assert.True(sent is SendResult.Sent or SendResult.Revoked, $"{sent}, seed={seed}");
            accepted += sent == SendResult.Sent ? 1 : 0;
            acceptedLate += sent == SendResult.Sent && revoked is { IsCompleted: true } ? 1 : 0;
        }
    }

    /// <summary>As an agent would derive from its own, in the host's name.</summary>
    private static Capability<int> DeriveFromHost(Kernel kernel, Capability<int> from, AgentId holder)
    {
        kernel.Capabilities.Derive(
            null, from.Node, from.Node!.Holder, kernel.Agents.Find(holder.Value), Rights.Send, 0,
            out CapabilityNode? node);
        return new Capability<int>(node);
    }

    [Fact]
    public async Task Revoke_AgainstThreadsAndCores_NothingIsAcceptedAfterwardsAndNothingIsLost()
    {
        await using Kernel kernel = ThreadKernel.Start();
        long received = 0, accepted = 0, late = 0;
        AgentId target = kernel.Receive((in int _, Context _) => received++, core: 0, capacity: 4096);
        Capability<int> other = kernel.Grant<int>(target);      // never revoked: its messages must not get stuck
        AgentId[] agents = [kernel.Spawn(new Puppet(), core: 0), kernel.Spawn(new Puppet(), core: 1)];
        for (int round = 0; round < 60; round++)
        {
            Capability<int> root = kernel.Grant<int>(target);
            int isRevoked = 0, go = 1;
            Capability<int>[] derived = [.. agents.Select(agent => DeriveFromHost(kernel, root, agent))];
            for (int i = 0; i < agents.Length; i++)
            {
                Capability<int> mine = derived[i];
                Pump(kernel, agents[i], context =>
                {
                    bool before = Volatile.Read(ref isRevoked) == 0;
                    Note(context.Send(mine, 1), before);
                    return Volatile.Read(ref go) != 0;
                });
            }

            ThreadKernel.Together(
                () => SendWhile(root, () => Volatile.Read(ref go) != 0, () => Volatile.Read(ref isRevoked) == 0, Note),
                () => SendWhile(other, () => Volatile.Read(ref go) != 0, () => true, Note),
                () =>
                {
                    Thread.SpinWait(1000 * (round % 10));
                    kernel.RevokeAsync(root).Wait();
                    Volatile.Write(ref isRevoked, 1);
                    Thread.SpinWait(2000);
                    Volatile.Write(ref go, 0);
                });
        }

        ThreadKernel.Until(() =>
            Interlocked.Read(ref accepted) == Volatile.Read(ref received), "every accepted message");
        Assert.Equal(0, late);

        void Note(SendResult sent, bool beganBefore)
        {
            if (sent == SendResult.Sent)
            {
                Interlocked.Increment(ref accepted);
                Interlocked.Add(ref late, beganBefore ? 0 : 1);
            }
        }
    }

    private static void SendWhile(
        Capability<int> to, Func<bool> go, Func<bool> isValid, Action<SendResult, bool> note)
    {
        while (go())
        {
            bool before = isValid();
            note(to.Send(1), before);
        }
    }

    private delegate bool Again(Context context);

    /// <summary>Runs the script in turn after turn of the agent for as long as it says so.</summary>
    private static void Pump(Kernel kernel, AgentId agent, Again script)
    {
        Capability<Do> self = kernel.GrantTo<Do>(agent, agent);
        kernel.Do(agent, Turn);

        void Turn(Context context)
        {
            if (script(context))
            {
                Assert.Equal(SendResult.Sent, context.Send(self, new Do(Turn)));
            }
        }
    }

    [Fact]
    public void Revoke_Twice_OfAnOldChild_LeavesItsSiblingsWithinReach()
    {
        using var world = new StepKernel();
        AgentId target = world.Kernel.Receive<int>([]);
        AgentId agent = world.Kernel.Spawn(new Puppet());
        Capability<int> root = world.Kernel.Grant<int>(target);
        Capability<int> old = DeriveFromHost(world.Kernel, root, agent);
        world.Kernel.Capabilities.Revoke(root.Node!, itself: false);
        Capability<int> young = DeriveFromHost(world.Kernel, root, agent);
        world.Wait(world.Kernel.RevokeAsync(old));
        world.Wait(world.Kernel.RevokeAsync(root));
        Assert.True(young.Node!.IsRevoked);
    }

    private static unsafe void AssertWaitsForTheThread(StepKernel world, Capability<int> to)
    {
        Ingress ingress = world.CoreAt(0).Ingress;
        Message* slot = ingress.TryClaim(out long position);
        Task revoked = world.Kernel.RevokeAsync(to);
        world.Run();
        // Long enough for a task that is done to say so.
        Assert.False(SpinWait.SpinUntil(() => revoked.IsCompleted, TimeSpan.FromMilliseconds(50)));
        slot->Flags = MessageFlags.Void;
        Ingress.Publish(slot, position);
        world.Wait(revoked);
    }

    [Fact]
    public void Revoke_AThreadHasClaimedItsSlotAndNotYetFilledIt_WaitsForThatThread()
    {
        using var world = new StepKernel(cores: 1);
        Capability<int> to = world.Kernel.Grant<int>(world.Kernel.Receive<int>([]));
        world.Run();
        AssertWaitsForTheThread(world, to);
    }

    /// <summary>What fills the ingress was accepted before and waits for room. The revocation does not; but for a
    /// thread that may yet say that it sent.</summary>
    [Fact]
    public void Revoke_OnAFullDisk_WaitsForTheThreadThatFillsItsSlotAndNotForRoom()
    {
        List<int> received = [];
        var disk = new SimulatedDisk();
        using var world = new StepKernel(cores: 1, disk: disk);
        Capability<int> to = world.Kernel.Grant<int>(world.Kernel.Receive(received, capacity: 100_000));
        world.Run();
        disk.Free = 0;
        int sent = 0;
        while (!world.CoreAt(0).IsJournalFull)
        {
            Assert.Equal(SendResult.Sent, to.Send(sent++));
            world.Run();
        }

        AssertWaitsForTheThread(world, to);
        Assert.Equal(SendResult.Revoked, to.Send(sent));
        Assert.Equal(Enumerable.Range(0, sent - 1), received);
        disk.Free = long.MaxValue;
        world.Time.AdvanceBy(JournalLimits.RetryAfterRefusal);
        world.Run();
        Assert.Equal(Enumerable.Range(0, sent), received);      // accepted before
    }

    [Fact]
    public void Revoke_WhileASendWaits_TheSendEndsRevoked()
    {
        using var world = new StepKernel();
        AgentId target = world.Kernel.Receive<int>([], capacity: 1);
        Capability<int> to = world.Kernel.Grant<int>(target);
        Assert.Equal(SendResult.Sent, to.Send(1));
        ValueTask<SendResult> waiting = to.SendAsync(2);
        Task revoked = world.Kernel.RevokeAsync(to);
        Assert.Equal(SendResult.Revoked, world.Result(waiting));
        world.Wait(revoked);
    }

    [Fact]
    public void Revoke_WhatWasAcceptedBefore_IsStillHandled()
    {
        using var world = new StepKernel();
        List<int> received = [];
        Capability<int> to = world.Kernel.Grant<int>(world.Kernel.Receive(received));
        Assert.Equal(SendResult.Sent, to.Send(1));
        world.Wait(world.Kernel.RevokeAsync(to));
        world.Run();
        Assert.Equal([1], received);
    }

    [Fact]
    public void Revoke_EmptyOrAfterTheStop_Completes()
    {
        using var world = new StepKernel();
        Capability<int> to = world.Kernel.Grant<int>(world.Kernel.Receive<int>([]));
        world.Wait(world.Kernel.RevokeAsync(default(Capability<int>)));
        world.Stop();
        world.Wait(world.Kernel.RevokeAsync(to));
        Assert.Equal(SendResult.Revoked, to.Send(1));
    }
}
