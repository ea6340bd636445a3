using Outheis.Testing;
using Outheis.Tests.Journal;
using Xunit;

namespace Outheis.Tests.Durable;

public readonly record struct Fall(long Number);

public readonly record struct Failures(long Count, long Uptime);

/// <summary>A supervisor that keeps a state: it is made again like that of any durable agent, and nothing that it
/// decided is decided once more.</summary>
public sealed class DurableSupervisorTests
{
    private static readonly MessageCodecs Codecs =
        new MessageCodecs().Add<Fall>().AddRequest<GetBalance, Failures>();

    private SimulatedDisk _disk = new();
    private AgentId _supervisor;
    private AgentId _child;
    private readonly List<Fall> _told = [];
    private int _throwsAt;      // this number of exits, once
    private bool _throwsFirst;
    private int _strangers;     // spawned before everybody else
    private readonly DiskImage?[] _inBetween = new DiskImage?[2];      // before and after a verdict

    private StepKernel Start()
    {
        var world = new StepKernel(cores: 2, disk: _disk, codecs: Codecs, snapshotEvery: 1000);
        for (int i = 0; i < _strangers; i++)
        {
            world.Kernel.Spawn(new Restarter());
        }

        AgentId top = world.Kernel.Spawn(new Restarter());
        AgentId sink = world.Kernel.Spawn(
            new Receiver<Fall>((in Fall told, Context _) => _told.Add(told)), core: 1, name: "sink");
        _supervisor = world.Kernel.Spawn(
            "keeper", who => new Keeper(ThrowsAt, who.Grant<Fall>(sink), () => _child, Between),
            new SpawnOptions { Supervisor = top, Core = 1 });
        _child = world.Kernel.Spawn(
            "child", static () => new Fragile(), new SpawnOptions { Supervisor = _supervisor, Core = 0 });
        world.Run();
        return world;
    }

    private bool ThrowsAt(long count)
    {
        bool throws = count == _throwsAt;
        _throwsAt = throws ? 0 : _throwsAt;
        return throws;
    }

    private void Between(int place)
    {
        _inBetween[place] ??= _disk.Snapshot();
        if (_throwsFirst)
        {
            _throwsFirst = false;
            throw new InvalidOperationException("on purpose");
        }
    }

    private void Kill(StepKernel world, DiskImage? at = null)
    {
        DiskImage left = at ?? _disk.Snapshot();
        world.Abandon();
        _disk = SimulatedDisk.From(left);
    }

    private Failures Ask(StepKernel world) =>
        world.Result(world.Kernel.GrantAsk<GetBalance, Failures>(_supervisor).AskAsync(default));

    [Fact]
    public void Kill_TheNextProcess_KnowsWhatItHeardAndWhen()
    {
        StepKernel world = Start();
        Capability<Fall> child = world.Kernel.Grant<Fall>(_child);
        for (int i = 0; i < 3; i++)
        {
            world.Advance(TimeSpan.FromSeconds(1));
            child.Send(new Fall(i));
            world.Run();
        }

        Failures known = Ask(world);
        Assert.Equal((3, 4u), (known.Count, world.Kernel.Living(_child).Incarnation));
        Kill(world);
        world = Start();
        Assert.Equal(known, Ask(world));
        Assert.Equal(1u, world.Kernel.Living(_child).Incarnation);
        Assert.Equal(3, Journals.ReadAll(_disk, out _).Count(static entry => entry.Kind == JournalKind.Supervised));
        world.Stop();
    }

    /// <summary>The handler of a signal is like any other: what it failed with is tried again, with the whole
    /// signal.</summary>
    [Fact]
    public void Handler_ThatThrows_GetsTheSignalOnceMore()
    {
        StepKernel world = Start();
        _throwsAt = 2;
        Capability<Fall> child = world.Kernel.Grant<Fall>(_child);
        child.SendAll([new Fall(1), new Fall(2)]);
        world.RunUntil(() => world.Kernel.Living(_child).Incarnation == 3);
        Assert.Equal(2, Ask(world).Count);
        Assert.Equal(2u, world.Kernel.Living(_supervisor).Incarnation);
        world.Stop();
    }

    /// <summary>Numbers of agents mean something in one run only: what a killed process left unheard is about nobody.
    /// </summary>
    [Fact]
    public void Kill_WithASignalUnheard_HandsItToNobody()
    {
        StepKernel world = Start();
        world.Kernel.Grant<Fall>(_child).Send(new Fall(1));
        world.Pass(0);      // the child has failed, and its supervisor, on the other core, has had no turn since
        long unheard = Assert.Single(Journals.ReadAll(_disk, out _), static entry =>
            entry is { Kind: JournalKind.Sent, TypeName: nameof(ExitSignal) }).Position;
        Kill(world);
        world = Start();
        world.Run();
        Assert.Equal(0, Ask(world).Count);
        Assert.Equal((0, 0), (world.Kernel.Redelivered.Delivered, world.Kernel.Redelivered.Unknown));
        JournalEntry letter = Assert.Single(Journals.ReadAll(_disk, out _), entry =>
            entry.Kind == JournalKind.DeadLetter && entry.Cause == unheard);
        Assert.StartsWith("Unhandled", letter.Detail, StringComparison.Ordinal);
        world.Stop();
    }

    /// <summary>Killed when it had decided and told nobody yet: the next process finishes the turn like any other, but
    /// decides about nobody, since whom it was about has gone.</summary>
    [Theory, InlineData(0, false), InlineData(1, false), InlineData(0, true), InlineData(1, true)]
    public void Kill_InTheMiddleOfASignalsTurn_FinishesItAndDecidesNothing(int place, bool throwsFirst)
    {
        StepKernel world = Start();
        world.Kernel.Grant<Fall>(_child).Send(new Fall(1));
        world.Run();
        Assert.Equal(1, Ask(world).Count);
        Kill(world, _inBetween[place]);
        _told.Clear();
        _throwsFirst = throwsFirst;
        world = Start();
        world.RunUntil(() => _told.Count > (throwsFirst ? 0 : 1));
        world.Run();
        Assert.Equal(throwsFirst ? 0 : 1, Ask(world).Count);      // what failed is about nobody, and given up
        Assert.Equal(throwsFirst ? [new Fall(-1)] : [new Fall(-1), new Fall(1)], _told);
        Assert.Equal(throwsFirst ? 2u : 1, world.Kernel.Living(_supervisor).Incarnation);
        Assert.Equal(place, Journals.ReadAll(_disk, out _).Count(entry =>
            entry.Kind == JournalKind.Supervised && entry.SenderName == "keeper"));
        world.Stop();
    }

    /// <summary>What it was told about its children it is told again, whatever their numbers are now, and what it asks
    /// for after that is not mixed up with it.</summary>
    [Theory, InlineData(0), InlineData(1)]
    public void Kill_ChildrenHaveOtherNumbersThen_TheStateIsTheSame(int strangers)
    {
        StepKernel world = Start();
        world.Advance(TimeSpan.FromSeconds(3));
        world.Kernel.Grant<Fall>(_supervisor).SendAll([new Fall(1), new Fall(2)]);
        world.Run();
        Failures known = Ask(world);
        Assert.Equal((2 * 1000) + 2, known.Count);      // one of each two verdicts was about a child of its own
        Kill(world);
        _strangers = strangers;
        world = Start();
        Assert.Equal(known, Ask(world));
        world.Stop();
    }

    private sealed class Keeper(
        Func<long, bool> throwsAt, Capability<Fall> told, Func<AgentId> child, Action<int> between)
        : DurableAgent<Failures>(default), IHandle<ExitSignal>, IHandle<Fall>, IAnswer<GetBalance, Failures>
    {
        public void Handle(in Fall message, Context context)
        {
            int taken = (context.Restart(child()) ? 1000 : 0) + (context.StopChild(new AgentId(999)) ? 0 : 1);
            State = new Failures(State.Count + taken, (State.Uptime * 31) + context.Uptime.Ticks);
        }

        public void Handle(in ExitSignal message, Context context)
        {
            State = new Failures(State.Count + 1, State.Uptime * 31 + context.Uptime.Ticks);
            if (throwsAt(State.Count))
            {
                throw new InvalidOperationException("on purpose");
            }

            context.Send(told, new Fall(-1));
            between(0);
            context.Restart(message.Agent);
            between(1);
            context.Send(told, new Fall(State.Count));
        }

        public Failures Answer(in GetBalance request, Context context) => State;
    }

    private sealed class Fragile : Agent, IHandle<Fall>
    {
        public void Handle(in Fall message, Context context) => throw new InvalidOperationException("fails");
    }
}
