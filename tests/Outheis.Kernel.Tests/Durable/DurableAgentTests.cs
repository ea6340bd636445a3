using System.Text.Json.Serialization;
using Outheis.Testing;
using Outheis.Tests.Journal;
using Xunit;

namespace Outheis.Tests.Durable;

public readonly record struct Deposit(long Cents);

public readonly record struct Fail(int Times);

public readonly record struct GetBalance;

public readonly record struct Paid(long Cents);

public readonly record struct Charge(long Cents);

public readonly record struct Money(long Cents, long Messages, long Clock, ulong Random);

/// <summary>Keeps a sum, passes half of each deposit on, looks at clock and chance.</summary>
public sealed class Account(Capability<Paid> onward = default, Func<bool>? throws = null)
    : DurableAgent<Money>(default), IHandle<Deposit>, IHandle<Fail>, IAnswer<GetBalance, Money>
{
    public void Handle(in Deposit message, Context context)
    {
        SendResult sent = context.Send(onward, new Paid(message.Cents / 2));
        State = new Money(
            State.Cents + message.Cents + (sent == SendResult.Sent ? 0 : 1_000_000), State.Messages + 1,
            State.Clock ^ context.UtcNow.UtcTicks, State.Random ^ context.NextRandom());
    }

    public void Handle(in Fail message, Context context)
    {
        State = State with { Cents = -1 };
        if (throws?.Invoke() ?? true)
        {
            throw new InvalidOperationException("on purpose");
        }

        State = State with { Cents = 77 };
    }

    public Money Answer(in GetBalance request, Context context) => State;
}

/// <summary>State that outlives the process, and messages that do.</summary>
public sealed class DurableAgentTests
{
    private static readonly MessageCodecs Codecs = new MessageCodecs()
        .Add<Deposit>().Add<Fail>().Add<Paid>().Add<Charge>().AddRequest<GetBalance, Money>();

    private readonly List<Paid> _paid = [];
    private SimulatedDisk _disk = new();

    private StepKernel Start(int cores = 2, int snapshotEvery = 1000) =>
        new(cores: cores, disk: _disk, codecs: Codecs, snapshotEvery: snapshotEvery);

    private Capability<Deposit> Spawn(StepKernel world, Func<bool>? throws = null, AgentId supervisor = default)
    {
        AgentId sink = world.Kernel.Spawn(
            new Receiver<Paid>((in Paid paid, Context _) => _paid.Add(paid)), core: 0, name: "sink");
        AgentId account = world.Kernel.Spawn(
            "account", who => new Account(who.Grant<Paid>(sink), throws),
            new SpawnOptions { Core = world.Kernel.ListCores().Count - 1, Supervisor = supervisor });
        _account = account;
        return world.Kernel.Grant<Deposit>(account);
    }

    private AgentId _account;

    private Money Ask(StepKernel world) =>
        world.Result(world.Kernel.GrantAsk<GetBalance, Money>(_account).AskAsync(default));

    /// <summary>The process dies; the disk is what the next one finds.</summary>
    private void Kill(StepKernel world)
    {
        DiskImage left = _disk.Snapshot();
        world.Abandon();
        _disk = SimulatedDisk.From(left);
    }

    [Theory, InlineData(1), InlineData(7), InlineData(1000)]
    public void State_AfterAStopAndAfterAKill_IsAsItWas(int snapshotEvery)
    {
        StepKernel world = Start(snapshotEvery: snapshotEvery);
        Spawn(world).SendAll(Enumerable.Range(1, 50).Select(static i => new Deposit(i)));
        world.Run();
        Money first = Ask(world);
        Assert.Equal((1275, 50), (first.Cents, first.Messages));
        world.Stop();
        world = Start(snapshotEvery: snapshotEvery);
        Capability<Deposit> to = Spawn(world);
        Assert.Equal(first, Ask(world));
        to.SendAll(Enumerable.Range(1, 20).Select(static i => new Deposit(100 * i)));
        world.Run();
        Money second = Ask(world);
        Kill(world);
        world = Start(snapshotEvery: snapshotEvery);
        Spawn(world);
        Assert.Equal(second, Ask(world));
        Assert.Equal(70, _paid.Count);      // nothing was sent a second time
        world.Stop();
    }

    [Fact]
    public void Messages_AcceptedAndNotTaken_AreDeliveredAgainInOrderOnce()
    {
        StepKernel world = Start();
        Capability<Deposit> to = Spawn(world);
        world.Run();
        to.SendAll(Enumerable.Range(1, 30).Select(static i => new Deposit(i)));
        world.Pass(1);      // in the journal, and some of them taken
        Kill(world);
        world = Start();
        Spawn(world);
        world.Run();
        Money state = Ask(world);
        Assert.Equal((465, 30), (state.Cents, state.Messages));
        Assert.Equal(Enumerable.Range(1, 30).Select(static i => new Paid(i / 2)), _paid);
        world.Stop();
        world = Start();
        Spawn(world);
        world.Run();
        Assert.Equal(state, Ask(world));
        Assert.Equal(0, world.Kernel.Redelivered.Delivered);
        world.Stop();
    }

    [Fact]
    public void PlainAgent_AcceptedAndNotTaken_IsDeliveredAgainMarkedAndCounted()
    {
        StepKernel world = Start(cores: 1);
        AgentId plain = world.Kernel.Spawn(new Receiver<Deposit>((in Deposit _, Context _) => { }), name: "plain");
        world.Run();
        world.Kernel.Grant<Deposit>(plain).SendAll([new Deposit(1), new Deposit(2)]);
        world.CoreAt(0).Enter();
        world.CoreAt(0).DrainArrivals();      // journaled, in its channel, its turn has not come
        Core.Leave();
        Kill(world);
        world = Start(cores: 1);
        List<(long Cents, bool Again, AgentId From)> got = [];
        world.Kernel.Spawn(
            new Receiver<Deposit>((in Deposit deposit, Context context) =>
                got.Add((deposit.Cents, context.IsRedelivered, context.Sender))), name: "plain");
        world.Run();
        Assert.Equal([(1, true, AgentId.Host), (2, true, AgentId.Host)], got);
        Assert.Equal(2, world.Kernel.Redelivered.Delivered);
        world.Stop();
    }

    [Fact]
    public void Handler_Throws_TheStateIsWhatItWasAndTheMessageIsTriedAgain()
    {
        using StepKernel world = Start();
        int times = 0;
        AgentId supervisor = world.Kernel.Spawn(new Restarter());
        Capability<Deposit> to = Spawn(world, () => ++times < 3, supervisor);
        to.SendAll([new Deposit(5)]);
        world.Run();
        world.Kernel.Grant<Fail>(_account).SendAll([new Fail(1)]);
        to.SendAll([new Deposit(6)]);
        world.RunUntil(() => times == 3);
        world.Run();
        Assert.Equal(83, Ask(world).Cents);      // 5, then the third try, then 6
        Assert.Equal(2, Ask(world).Messages);
    }

    [Fact]
    public void Handler_ThrowsAtEveryTry_TheMessageIsQuarantinedAndTheRestGoesOn()
    {
        StepKernel world = Start();
        AgentId supervisor = world.Kernel.Spawn(new Restarter());
        Capability<Deposit> to = Spawn(world, static () => true, supervisor);
        world.Kernel.Grant<Fail>(_account).SendAll([new Fail(1)]);
        to.SendAll([new Deposit(6)]);
        world.RunUntil(() => world.Kernel.Redelivered.Quarantined == 1);
        world.Run();
        Assert.Equal((6, 1), (Ask(world).Cents, Ask(world).Messages));
        Assert.Equal(1, world.Kernel.DeadLetters.Count(DeadLetterReason.Quarantined));
        world.Stop();
        world = Start();
        Spawn(world);
        Assert.Equal(6, Ask(world).Cents);
        Assert.Equal(0, world.Kernel.Redelivered.Delivered);
        using (LedgerReader past = LedgerReader.Open(
            world.Kernel.Platform.Disk, Path.GetFullPath(world.Kernel.Options.JournalDirectory!), archive: null))
        {
            past.CatchUp();
            Assert.Single(past.Quarantine());
        }

        world.Stop();
    }

    /// <summary>An agent that nobody writes to for long: its state is written down anew before the retention takes
    /// what it was made of.</summary>
    [Fact]
    public void State_OfAnIdleAgent_OutlivesTheSegmentsItWasMadeIn()
    {
        var retention = JournalRetention.KeepBytes(4 * Journals.SmallSegment);
        var world = new StepKernel(cores: 2, disk: _disk, codecs: Codecs, retention: retention);
        Spawn(world).SendAll([new Deposit(5), new Deposit(6)]);
        world.Run();
        Money before = Ask(world);
        Capability<Deposit> busy = world.Kernel.Grant<Deposit>(
            world.Kernel.Spawn(new Receiver<Deposit>(static (in Deposit _, Context _) => { }), core: 0, name: "busy"));
        for (int left = 1; left < 12; left++)
        {
            long begin = _disk.Files.Max(Sequence);
            while (_disk.Files.Max(Sequence) == begin)
            {
                busy.SendAll(Enumerable.Repeat(new Deposit(1), 50));
                world.Run();
            }

            world.RunUntil(() => Snapshots() > left);
        }

        Assert.DoesNotContain(Journals.Segment(0), _disk.Files);
        world.Stop();
        world = new StepKernel(cores: 2, disk: _disk, codecs: Codecs, retention: retention);
        Spawn(world);
        Assert.Equal(before, Ask(world));
        world.Stop();
    }

    private static long Sequence(string file) =>
        long.TryParse(Path.GetFileNameWithoutExtension(file), out long sequence) ? sequence : 0;

    // The oldest are given up; those of the newest segments are counted on.
    private int Snapshots()
    {
        using JournalReader reader = _disk.ReadJournal(Journals.Path);
        _snapshots.UnionWith(reader.Read().Where(static entry => entry.Kind == JournalKind.Snapshot)
            .Select(static entry => entry.Position));
        return _snapshots.Count;
    }

    private readonly HashSet<long> _snapshots = [];

    [Fact]
    public void Spawn_TwoDurableAgentsOfOneName_IsRefused()
    {
        using StepKernel world = Start();
        Spawn(world);
        Assert.Throws<ArgumentException>(() => world.Kernel.Spawn("account", () => new Account()));
        Assert.Throws<ArgumentException>(() => world.Kernel.Spawn(null, () => new Account()));
    }
}
