using Outheis.Testing;
using Outheis.Tests.Journal;
using Xunit;

namespace Outheis.Tests.Timers;

public readonly record struct Counted(long Fires, long Uptime);

public readonly record struct Tally(long Messages, long Fires);

public readonly record struct GetTally;

/// <summary>What a timer said is in the journal as the agent took it, so that it is replayed and folded; and means
/// nothing to any later run.</summary>
public sealed class TimerJournalTests
{
    private static readonly MessageCodecs Codecs =
        new MessageCodecs().Add<Beat>().Add<Counted>().AddRequest<GetTally, Tally>();

    private readonly List<Counted> _told = [];
    private SimulatedDisk _disk = new();
    private DiskImage? _inHandler;
    private AgentId _agent;

    private StepKernel Start() =>
        new(cores: 1, disk: _disk, codecs: Codecs, snapshotEvery: 1000, recordInputs: true);

    private void SpawnAll(Kernel kernel, bool isDurable)
    {
        AgentId sink = kernel.Spawn(
            new Receiver<Counted>((in Counted told, Context _) => _told.Add(told)), name: "sink");
        _agent = isDurable
            ? kernel.Spawn("clock", who => new DurableClock(who.Grant<Counted>(sink)), new SpawnOptions())
            : kernel.Spawn("clock", who => new Clock(who.Grant<Counted>(sink), Look), new SpawnOptions());
    }

    private void Look() => _inHandler ??= _disk.Snapshot();

    private void Live(StepKernel world, bool isDurable)
    {
        SpawnAll(world.Kernel, isDurable);
        world.Run();
        foreach (int ms in new[] { 10, 10, 35, 10, 100, 10 })
        {
            world.Time.AdvanceBy(TimeSpan.FromMilliseconds(ms));
            world.Run();
        }
    }

    [Fact]
    public void Timer_IsJournaledWithItsCountAndReplayed()
    {
        StepKernel world = Start();
        Live(world, isDurable: false);
        world.Stop();
        Assert.Equal([1, 1, 3, 1, 10, 1], _told.Select(static one => one.Fires).Take(6));
        JournalEntry[] said = [.. Journals.ReadAll(_disk, out _).Where(static entry => entry.IsTimer)];
        Assert.Equal(_told.Select(static one => (ulong)one.Fires), said.Select(static entry => entry.Labels));
        Assert.All(said, entry => Assert.Equal(
            ("clock", "clock", 0L, 0u, nameof(Beat)),
            (entry.SenderName, entry.TargetName, entry.Cause, entry.Capability, entry.TypeName)));
        using JournalReplay replay = JournalReplay.OpenOn(
            Journals.Path, _disk, kernel => SpawnAll(kernel, isDurable: false), new ReplayOptions { Codecs = Codecs });
        ReplayReport report = replay.Run();
        Assert.Null(report.Divergence);
        Assert.Equal(said.Length, report.Agents["clock"]);
    }

    /// <summary>A durable agent's messages are its state, those of timers too; its timers are made anew by
    /// OnStart.</summary>
    [Fact]
    public void DurableAgent_Killed_HasCountedWhatItsTimersSaidAndHasThemAgain()
    {
        StepKernel world = Start();
        Live(world, isDurable: true);
        Tally known = Ask(world);
        Assert.Equal(known.Fires, _told.Sum(static one => one.Fires));
        Kill(world, at: null);
        world = Start();
        SpawnAll(world.Kernel, isDurable: true);
        world.Run();
        Assert.Equal(known, Ask(world));
        world.Time.AdvanceBy(TimeSpan.FromMilliseconds(12));
        world.Run();
        Assert.Equal(new Tally(known.Messages + 1, known.Fires + 1), Ask(world));
        Assert.Equal(1, world.Kernel.Living(_agent).Core.Timers.Count);
        world.Stop();
    }

    /// <summary>Killed while it handled what a timer said: nothing had come of it, and the timer is no more.</summary>
    [Fact]
    public void Kill_WhileATimersMessageIsHandled_HandsItToNobody()
    {
        StepKernel world = Start();
        Live(world, isDurable: false);
        Kill(world, _inHandler);
        _told.Clear();
        world = Start();
        SpawnAll(world.Kernel, isDurable: false);
        world.Run();
        Assert.Empty(_told);
        Assert.Equal((0, 0, 1), (world.Kernel.Redelivered.Delivered, world.Kernel.Redelivered.Unknown,
            world.Kernel.DeadLetters.Total));
        world.Stop();
    }

    /// <summary>There is no room in the journal: timers wait, and say then how often they were due.</summary>
    [Fact]
    public void Timer_NoRoomInTheJournal_IsCountedUntilThereIs()
    {
        StepKernel world = Start();
        SpawnAll(world.Kernel, isDurable: false);
        world.Run();
        _disk.Free = 0;
        int before;
        do
        {
            before = _told.Count;
            world.Time.AdvanceBy(TimeSpan.FromMilliseconds(10));
            world.Run();
        }
        while (_told.Count > before);
        for (int i = 0; i < 20; i++)
        {
            world.Time.AdvanceBy(TimeSpan.FromMilliseconds(10));
            world.Run();
        }

        Assert.Equal(before, _told.Count);
        Assert.Equal(0, world.CoreAt(0).Tap!.Lost);
        _disk.Free = long.MaxValue;
        for (int i = 0; i < 5 && _told.Count == before; i++)
        {
            world.Time.AdvanceBy(TimeSpan.FromMilliseconds(10));
            world.Run();
        }

        Assert.InRange(_told[before].Fires, 20, 26);
        world.Stop();
    }

    /// <summary>What many timers say while there is no room is neither written without content nor out of the reserve,
    /// and their core sleeps meanwhile.</summary>
    [Fact]
    public void Timers_ManyWithoutRoom_LeaveTheReserveAndAreAllSaidLater()
    {
        var world = new StepKernel(cores: 1, disk: _disk, codecs: Codecs.AddJson(NoteJson.Default.Note));
        List<(string Text, long Fires)> heard = [];
        bool isDue = false;
        AgentId agent = world.Kernel.Spawn("keeper", () => new NoteKeeper(heard), new SpawnOptions());
        world.Run();
        _disk.Free = 0;
        int written = 0;
        while (world.CoreAt(0).Tap!.HasRoom && written++ < 5000)
        {
            world.Kernel.Grant<Beat>(agent).Send(new Beat(1));
            world.Run();
        }

        _disk.Free = long.MaxValue;
        world.Advance(TimeSpan.FromMilliseconds(20));
        world.Kernel.Do(agent, context =>
        {
            for (int i = 0; i < 300; i++)
            {
                context.After(TimeSpan.FromMilliseconds(5), new Note($"{i} {new string('x', 2000)}"), TimeSpan.Zero);
                context.Every(TimeSpan.FromMilliseconds(5), new Note($"every {i}"), TimeSpan.Zero);
            }

            isDue = true;
        });
        world.RunUntil(() => isDue);
        _disk.Free = 0;
        for (int i = 0; i < 100; i++)
        {
            world.Time.AdvanceBy(TimeSpan.FromMilliseconds(5));
            world.Run();
        }

        Core core = world.CoreAt(0);
        Assert.False(core.Tap!.HasRoom);
        Assert.True(core.SleepAtMost() >= Limits.PollPeriod);
        Assert.Equal(0, core.Tap.Lost);
        _disk.Free = long.MaxValue;
        for (int i = 0; i < 20; i++)
        {
            world.Time.AdvanceBy(TimeSpan.FromMilliseconds(10));
            world.Run();
        }

        Assert.Equal(300, heard.Count(static one => one.Text.EndsWith('x')));
        foreach (IGrouping<string, (string Text, long Fires)> each in
            heard.Where(static one => one.Text[0] == 'e').GroupBy(static one => one.Text))
        {
            Assert.InRange(each.Sum(static one => one.Fires), 135, 141);      // 700 ms of them
        }

        Assert.All(
            Journals.ReadAll(_disk, out _).Where(static entry => entry.IsTimer),
            static entry => Assert.True(entry.Payload.Length > 0));
        world.Stop();
    }

    /// <summary>A handler that throws at what a timer said: a dead letter like any other, and replayed as it
    /// was.</summary>
    [Fact]
    public void Handler_ThrowsAtATimersMessage_IsADeadLetterAndReplayed()
    {
        StepKernel world = Start();
        SpawnThrower(world.Kernel);
        world.Advance(TimeSpan.FromMilliseconds(60));
        Assert.Equal(3, world.Kernel.DeadLetters.Total);
        world.Stop();
        using JournalReplay replay = JournalReplay.OpenOn(
            Journals.Path, _disk, static kernel => SpawnThrower(kernel), new ReplayOptions { Codecs = Codecs });
        ReplayReport report = replay.Run();
        Assert.Null(report.Divergence);
        Assert.True(report.Agents["thrower"] >= 5, report.ToString());

        static void SpawnThrower(Kernel kernel) => kernel.Spawn(
            "thrower", static () => new Thrower(), new SpawnOptions { Supervisor = kernel.Spawn(new Restarter()) });
    }

    /// <summary>A handler that looks whether it has a timer does the same in a replay, where it gets none that is due.
    /// </summary>
    [Fact]
    public void Handler_ThatArmsATimerOnce_DoesSoInAReplay()
    {
        StepKernel world = Start();
        AgentId lazy = SpawnLazy(world.Kernel);
        world.Kernel.Grant<Beat>(lazy).SendAll([new Beat(1), new Beat(2), new Beat(3)]);
        world.Advance(TimeSpan.FromMilliseconds(30));
        world.Stop();
        Assert.Equal(4, _told.Count);      // one for each message, and for the one timer that the first of them armed
        using JournalReplay replay = JournalReplay.OpenOn(
            Journals.Path, _disk, kernel => SpawnLazy(kernel), new ReplayOptions { Codecs = Codecs });
        Assert.Null(replay.Run().Divergence);

        AgentId SpawnLazy(Kernel kernel)
        {
            AgentId sink = kernel.Spawn(
                new Receiver<Counted>((in Counted told, Context _) => _told.Add(told)), name: "sink");
            return kernel.Spawn("lazy", who => new Lazy(who.Grant<Counted>(sink)), new SpawnOptions());
        }
    }

    private Tally Ask(StepKernel world) =>
        world.Result(world.Kernel.GrantAsk<GetTally, Tally>(_agent).AskAsync(default));

    private void Kill(StepKernel world, DiskImage? at)
    {
        DiskImage left = at ?? _disk.Snapshot();
        world.Abandon();
        _disk = SimulatedDisk.From(left);
    }

    private sealed class Clock(Capability<Counted> told, Action look) : Agent, IHandle<Beat>
    {
        protected internal override void OnStart(Context context) =>
            context.Every(TimeSpan.FromMilliseconds(10), new Beat(1), TimeSpan.Zero);

        public void Handle(in Beat message, Context context)
        {
            look();
            context.Send(told, new Counted(context.Fires, context.Uptime.Ticks));
        }
    }

    private sealed class NoteKeeper(List<(string Text, long Fires)> heard) : Puppet, IHandle<Note>, IHandle<Beat>
    {
        public void Handle(in Note message, Context context) => heard.Add((message.Text, context.Fires));

        public void Handle(in Beat message, Context context)
        {
        }
    }

    private sealed class Thrower : Agent, IHandle<Beat>
    {
        protected internal override void OnStart(Context context) =>
            context.Every(TimeSpan.FromMilliseconds(10), new Beat((int)context.Incarnation), TimeSpan.Zero);

        public void Handle(in Beat message, Context context)
        {
            if (message.Number <= 3)
            {
                throw new InvalidOperationException("on purpose");
            }
        }
    }

    private sealed class Lazy(Capability<Counted> told) : Agent, IHandle<Beat>
    {
        private AgentTimer _timer;

        public void Handle(in Beat message, Context context)
        {
            if (_timer == default)
            {
                _timer = context.After(TimeSpan.FromMilliseconds(5), new Beat(9), TimeSpan.Zero);
                context.Send(told, new Counted(0, 0));
            }
            else
            {
                context.Send(told, new Counted(message.Number, 0));
            }
        }
    }

    private sealed class DurableClock(Capability<Counted> told)
        : DurableAgent<Tally>(default), IHandle<Beat>, IAnswer<GetTally, Tally>
    {
        protected internal override void OnStart(Context context) =>
            context.Every(TimeSpan.FromMilliseconds(10), new Beat(1), TimeSpan.Zero);

        public void Handle(in Beat message, Context context)
        {
            State = new Tally(State.Messages + 1, State.Fires + context.Fires);
            context.Send(told, new Counted(context.Fires, 0));
        }

        public Tally Answer(in GetTally request, Context context) => State;
    }
}

[System.Text.Json.Serialization.JsonSerializable(typeof(Note))]
internal sealed partial class NoteJson : System.Text.Json.Serialization.JsonSerializerContext;
