using System.Runtime.InteropServices;
using Outheis.Testing;
using Outheis.Tests.Journal;
using Xunit;

namespace Outheis.Tests;

/// <summary>What the kernel did can be read back: what was sent, what was consumed, who lived and died.</summary>
public sealed class KernelJournalTests
{
    private readonly SimulatedDisk _disk = new();

    private List<JournalEntry> Read() => Journals.ReadAll(_disk, out _);

    [Fact]
    public void Journal_MessagesFromTheHostAndOnwards_AreSentAndConsumedInOrder()
    {
        AgentId first, last;
        List<int> received = [];
        List<long> positions = [];
        using (var world = new StepKernel(71, disk: _disk))
        {
            last = world.Kernel.Spawn(new Receiver<int>((in int m, Context context) =>
            {
                received.Add(m);
                positions.Add(context.Position);
            }), core: 1, name: "last");
            Capability<int> on = default;
            first = world.Kernel.Spawn(
                new Receiver<int>((in int m, Context context) => Assert.Equal(SendResult.Sent, context.Send(on, -m))),
                core: 0, name: "first");
            on = world.Kernel.GrantTo<int>(first, last, badge: 9);
            world.Kernel.Grant<int>(first).SendAll(Enumerable.Range(1, 100));
            world.Run();
        }

        List<JournalEntry> entries = Read();
        JournalEntry[] entered = [.. entries.Where(e => e.Kind == JournalKind.Sent && e.Target == first)];
        JournalEntry[] onward = [.. entries.Where(e => e.Kind == JournalKind.Sent && e.Target == last)];
        Assert.Equal(Enumerable.Range(1, 100), entered.Select(Int));
        Assert.Equal(received, onward.Select(Int));
        Assert.Equal(positions, onward.Select(e => e.Position));
        Assert.All(entered, e => Assert.Equal((AgentId.Host, "first", "Int32"), (e.Sender, e.TargetName, e.TypeName)));
        Assert.All(onward, e => Assert.Equal((first, "first", 9ul), (e.Sender, e.SenderName, e.Badge)));
        Assert.Equal(entered.Select(e => e.Position), onward.Select(e => e.Cause));
        Assert.Equal(entered.Select(e => e.Chain), onward.Select(e => e.Chain));
        Assert.Equal(100, entered.Select(e => e.Chain).Distinct().Count());
        Assert.Equal(entered.Select(e => e.Position), Consumed(entries, first));
        Assert.Equal(positions, Consumed(entries, last));
    }

    /// <summary>Consumption is told by the first message that it causes or by a batch; the order of the telling is that
    /// of the taking, each message once.</summary>
    [Theory, InlineData(1), InlineData(2), InlineData(3)]
    public void Journal_HandlersThatSendAndSuchThatDoNot_ToldOnceInTheOrderOfTheTaking(int seed)
    {
        var random = new Random(seed);
        List<ConsumedMessage> taken = [];
        using (var world = new StepKernel(seed, cores: 1, disk: _disk))
        {
            Capability<int>[] to = new Capability<int>[5];
            AgentId[] agents = [.. Enumerable.Range(0, 5).Select(i => world.Kernel.Receive(
                (in int left, Context context) =>
                {
                    taken.Add(new ConsumedMessage(context.Self, 1, context.Position));
                    for (int sends = left == 0 ? 0 : random.Next(3); sends > 0; sends--)
                    {
                        Assert.Equal(SendResult.Sent, context.Send(to[i], left - 1));
                    }
                }, capacity: 10_000))];
            for (int i = 0; i < 5; i++)
            {
                to[i] = world.Kernel.GrantTo<int>(agents[i], agents[random.Next(5)]);
                world.Kernel.Grant<int>(agents[i]).SendAll(Enumerable.Repeat(8, 20));
            }

            world.Run();
        }

        List<JournalEntry> entries = Read();
        Assert.Equal(taken, entries.SelectMany(e => e.Consumed));
        int alsoBySending = entries.Count(e => e.Kind == JournalKind.Sent && e.Consumed.Count == 1);
        Assert.InRange(alsoBySending, 1, taken.Count - 1);
    }

    [Fact]
    public void Journal_FailureAndRestart_IsToldInOrder()
    {
        AgentId child;
        using (var world = new StepKernel(72, cores: 1, disk: _disk))
        {
            AgentId boss = world.Kernel.Spawn(new Listener { Restarts = true }, name: "boss");
            child = world.Kernel.Spawn(
                new Receiver<int>((in int _, Context _) =>
                    throw new InvalidDataException("bug")), supervisor: boss, name: "child");
            world.Kernel.Grant<int>(child, purpose: "to break it").SendAll([1]);
            world.Run();
        }

        JournalEntry[] entries = [.. Read().Where(e => e.Target == child)];
        JournalKind[] lives = [.. entries.Select(e => e.Kind).Where(kind =>
            kind is JournalKind.Spawned or JournalKind.Started
            or JournalKind.Exited or JournalKind.Restarted or JournalKind.DeadLetter or JournalKind.Granted)];
        Assert.Equal(
            [JournalKind.Spawned, JournalKind.Started, JournalKind.Granted, JournalKind.DeadLetter, JournalKind.Exited,
                JournalKind.Restarted, JournalKind.Exited],
            lives);
        Assert.Contains("bug", entries.First(e => e.Kind == JournalKind.Exited).Detail, StringComparison.Ordinal);
        JournalEntry letter = entries.Single(e => e.Kind == JournalKind.DeadLetter);
        Assert.Equal(entries.Single(e =>
            e.Kind == JournalKind.Sent && e.Sender == AgentId.Host).Position, letter.Cause);
    }

    [Fact]
    public void Journal_AskAndRevocation_AreThere()
    {
        AgentId asker, callee;
        using (var world = new StepKernel(73, disk: _disk))
        {
            callee = world.Kernel.Spawn(new Answerer<int, int>((in int x, Context _) => 2 * x), core: 1);
            asker = world.Kernel.Spawn(new Puppet(), core: 0);
            AskCapability<int, int> ask = world.Kernel.GrantAskTo<int, int>(asker, callee);
            int reply = 0;
            world.Kernel.DoAsync(asker, async context => reply = await context.AskAsync(ask, 21));
            world.RunUntil(() => reply == 42);
            Assert.Equal(10, world.Result(world.Kernel.GrantAsk<int, int>(callee).AskAsync(5)));
            world.Wait(world.Kernel.RevokeAsync(ask));
        }

        List<JournalEntry> entries = Read();
        JournalEntry[] requests = [.. entries.Where(e => e.Kind == JournalKind.Sent && e.Target == callee)];
        Assert.Equal([21, 5], requests.Select(Int));
        Assert.All(requests, e => Assert.NotEqual(0ul, e.Correlation));
        Assert.Equal([42, 10], requests.Select(request => Int(Assert.Single(
            entries, e => e.Correlation == request.Correlation && e.Position != request.Position))));
        Assert.Single(entries, e => e.Kind == JournalKind.Revoked);
    }

    [Fact]
    public void Journal_ReopenedByAnotherKernel_HoldsBothRuns()
    {
        for (int run = 1; run <= 3; run++)
        {
            using var world = new StepKernel(run, disk: _disk);
            AgentId agent = world.Kernel.Receive<int>([]);
            world.Kernel.Grant<int>(agent).SendAll([run]);
            world.Run();
        }

        List<JournalEntry> entries = Read();
        Assert.Equal([1, 2, 3], entries.Where(e => e.Kind == JournalKind.Sent).Select(Int));
        Assert.Equal([1L, 2L, 3L], entries.Where(e => e.Kind == JournalKind.Sent).Select(e => e.Run));
    }

    [Fact]
    public void Journal_NoRoom_SendsAreRefusedOrWaitAndNothingIsLost()
    {
        List<int> received = [];
        using (var world = new StepKernel(74, cores: 1, disk: _disk))
        {
            AgentId target = world.Kernel.Receive(received, capacity: 100_000);
            AgentId sender = world.Kernel.Spawn(new Puppet());
            Capability<int> to = world.Kernel.GrantTo<int>(sender, target);
            world.Run();
            _disk.Free = 0;
            int accepted = 0;
            bool through = false;
            world.Kernel.Do(sender, context =>
            {
                while (context.Send(to, accepted) == SendResult.Sent)
                {
                    accepted++;
                }
            });
            world.RunUntil(() => received.Count == accepted && accepted > 0);
            Assert.InRange(accepted, 1, 99_000);      // refused by the journal, not by the channel
            world.Kernel.DoAsync(sender, async context =>
            {
                Assert.Equal(SendResult.Sent, await context.SendAsync(to, accepted));
                through = true;
            });
            for (int i = 0; i < 200; i++)
            {
                world.Step();
            }

            Assert.False(through);
            _disk.Free = long.MaxValue;
            world.Time.AdvanceBy(JournalLimits.RetryAfterRefusal);
            world.RunUntil(() => through, "room in the journal");
            world.Run();
            Assert.Equal(Enumerable.Range(0, accepted + 1), received);
        }

        Assert.Equal(received, Read().Where(e => e.Kind == JournalKind.Sent && e.Payload.Length == 4).Select(Int));
    }

    [Fact]
    public void Journal_NoRoom_HostAsksFailAtOnceAndHostSendsWait()
    {
        List<int> received = [];
        using var world = new StepKernel(75, cores: 1, disk: _disk);
        AgentId target = world.Kernel.Receive(received, capacity: 100_000);
        AskCapability<int, int> ask =
            world.Kernel.GrantAsk<int, int>(world.Kernel.Spawn(new Answerer<int, int>((in int x, Context _) => x + 1)));
        Capability<int> to = world.Kernel.Grant<int>(target);
        world.Run();
        _disk.Free = 0;
        int accepted = Fill(world, to);
        foreach (int _ in Enumerable.Range(0, 3))
        {
            AskException full = Assert.Throws<AskException>(
                () => world.Result(ask.AskAsync(1, Timeout.InfiniteTimeSpan)));
            Assert.Equal(AskOutcome.Full, full.Outcome);
            Assert.IsType<JournalException>(full.InnerException);
            Assert.Contains(full.InnerException.Message, full.Message, StringComparison.Ordinal);
        }

        Assert.Equal(SendResult.Full, to.Send(accepted));
        Task<SendResult> waiting = to.SendAsync(accepted).AsTask();
        Task<bool> room = to.AsWriter().WaitToWriteAsync().AsTask();
        world.Run();
        Assert.False(waiting.IsCompleted || room.IsCompleted);
        _disk.Free = long.MaxValue;
        world.Time.AdvanceBy(JournalLimits.RetryAfterRefusal);
        Assert.Equal(SendResult.Sent, world.Result(waiting));
        Assert.True(world.Result(room));
        Assert.Equal(3, world.Result(ask.AskAsync(2)));
        world.Run();
        Assert.Equal(Enumerable.Range(0, accepted + 1), received);
    }

    /// <summary>Sends until the journal takes no more: the newest waits in the ingress.</summary>
    private static int Fill(StepKernel world, Capability<int> to)
    {
        int accepted = 0;
        for (int refused = 0; refused < 100;)
        {
            bool sent = to.Send(accepted) == SendResult.Sent;
            (accepted, refused) = sent ? (accepted + 1, 0) : (accepted, refused + 1);
            world.Step();
        }

        return accepted;
    }

    [Fact]
    public void Journal_NoRoomForMessages_EndsOfAgentsAreStillTold()
    {
        using var world = new StepKernel(79, cores: 1, disk: _disk);
        Capability<int> to = world.Kernel.Grant<int>(
            world.Kernel.Receive((in int _, Context _) => { }, capacity: 100_000));
        AgentId[] ending = [.. Enumerable.Range(0, 20).Select(_ => world.Kernel.Spawn(new Puppet()))];
        world.Run();
        _disk.Free = 0;
        Fill(world, to);
        Array.ForEach(ending, agent => world.Wait(world.Kernel.StopAgentAsync(agent)));
        Assert.Equal(0, world.CoreAt(0).Tap!.Lost);
        _disk.Free = long.MaxValue;
    }

    /// <summary>By the host and by an agent in its turn: with no room left for messages each revocation holds at once
    /// and is in the journal.</summary>
    [Fact]
    public void Journal_NoRoomForMessages_RevocationsHoldAndAreStillTold()
    {
        List<int> received = [];
        Capability<int>[] lent;
        Capability<int> derived = default;
        using (var world = new StepKernel(80, cores: 1, disk: _disk))
        {
            Capability<int> to = world.Kernel.Grant<int>(
                world.Kernel.Receive((in int _, Context _) => { }, capacity: 100_000));
            AgentId sink = world.Kernel.Receive(received), borrower = world.Kernel.Spawn(new Puppet());
            AgentId lender = world.Kernel.Spawn(new Puppet());
            lent = [.. Enumerable.Range(0, 20).Select(_ => world.Kernel.Grant<int>(sink))];
            Capability<int> own = world.Kernel.GrantTo<int>(lender, sink, Rights.Send | Rights.Grant);
            Capability<Do> act = world.Kernel.Grant<Do>(lender);
            act.Send(new Do(context => Assert.Equal(
                DeriveResult.Derived, context.Derive(own, borrower, Rights.Send, badge: 0, out derived))));
            world.Run();
            world.Wait(world.Kernel.SuspendAsync(lender));
            act.Send(new Do(context => context.RevokeDerived(own)));
            world.Run();
            _disk.Free = 0;
            Fill(world, to);
            Assert.All(lent, right => Assert.Equal(SendResult.Full, right.Send(1)));
            Assert.False(derived.Node!.IsRevoked);
            world.Wait(world.Kernel.ResumeAsync(lender));
            world.Run();
            Assert.True(derived.Node!.IsRevoked);
            Array.ForEach(lent, right => world.Wait(world.Kernel.RevokeAsync(right)));
            Assert.All(lent, right => Assert.Equal(SendResult.Revoked, right.Send(2)));
            Assert.Equal(0, world.CoreAt(0).Tap!.Lost);
            _disk.Free = long.MaxValue;
            world.Time.AdvanceBy(JournalLimits.RetryAfterRefusal);
            world.Run();
            Assert.Empty(received);
        }

        Assert.Equal(
            [derived.Node!.Id, .. lent.Select(static right => right.Node!.Id)],
            Read().Where(static entry => entry.Kind == JournalKind.Revoked).Select(static entry => entry.Capability));
    }

    [Fact]
    public void Journal_NoRoom_HostAsksBehindASendThatWaitsFailToo()
    {
        using var world = new StepKernel(77, cores: 1, disk: _disk);
        int handled = 0;
        Capability<int> to = world.Kernel.Grant<int>(
            world.Kernel.Receive((in int _, Context _) => handled++, capacity: 100_000));
        AskCapability<int, string> ask = world.Kernel.GrantAsk<int, string>(
            world.Kernel.Spawn(new Answerer<int, string>((in int x, Context _) => $"{x}")));
        world.Run();
        _disk.Free = 0;
        int sent = 0;
        AskException? full = null;
        for (int round = 0; full is null; round++)
        {
            Assert.True(round < 10_000, "the journal takes everything");
            while (sent % 100 != 99 && to.Send(sent) == SendResult.Sent)
            {
                sent++;
            }

            sent += to.Send(sent) == SendResult.Sent ? 1 : 0;
            Task<string> reply = ask.AskAsync(sent, Timeout.InfiniteTimeSpan).AsTask();
            Exception? thrown = Record.Exception(() => world.Result(reply));
            full = thrown is null ? null : Assert.IsType<AskException>(thrown);
        }

        Assert.Equal(AskOutcome.Full, full.Outcome);
        _disk.Free = long.MaxValue;
        world.Time.AdvanceBy(JournalLimits.RetryAfterRefusal);
        world.RunUntil(() => handled == sent, "the sends that waited");
    }

    [Fact]
    public void Journal_NoRoom_AHostAskThatFindsItFirstFailsAtOnce()
    {
        using var world = new StepKernel(76, cores: 1, disk: _disk);
        AgentId agent = world.Kernel.Spawn(new Answerer<int, int>((in int x, Context _) => x + 1));
        AskCapability<int, int> ask = world.Kernel.GrantAsk<int, int>(agent);
        world.Run();
        _disk.Free = 0;
        int answered = 0;
        AskException full = Assert.Throws<AskException>(() =>
        {
            while (world.Result(ask.AskAsync(answered, Timeout.InfiniteTimeSpan)) == answered + 1)
            {
                answered++;
            }
        });
        Assert.Equal(AskOutcome.Full, full.Outcome);
        Assert.True(answered > 0);
        _disk.Free = long.MaxValue;
        world.Time.AdvanceBy(JournalLimits.RetryAfterRefusal);
        Assert.Equal(8, world.Result(ask.AskAsync(7)));
        Assert.Equal(Limits.ChannelMessages, world.Kernel.Agents.Find(agent.Value)!.Credits.Free);
    }

    [Fact]
    public async Task Start_DirectoryInUse_ThrowsAndNamesIt()
    {
        string directory = Directory.CreateTempSubdirectory("outheis-test-").FullName;
        try
        {
            await using (Kernel kernel = ThreadKernel.Start(journal: directory))
            {
                JournalInUseException inUse = Assert.Throws<JournalInUseException>(() =>
                    ThreadKernel.Start(journal: directory));
                Assert.Contains(directory, inUse.Message, StringComparison.Ordinal);
                kernel.Grant<int>(kernel.Receive<int>([])).SendAll([7]);
            }

            using JournalReader reader = JournalReader.Open(directory);
            Assert.Equal([7], reader.Read().Where(e => e.Kind == JournalKind.Sent).Select(Int));
        }
        finally
        {
            Directory.Delete(directory, recursive: true);
        }
    }

    private static int Int(JournalEntry entry) => MemoryMarshal.Read<int>(entry.Payload.Span);

    private static IEnumerable<long> Consumed(List<JournalEntry> entries, AgentId by) =>
        entries.SelectMany(e => e.Consumed).Where(c => c.Target == by).Select(c => c.Position);
}
