using Outheis.Testing;
using Outheis.Tests.Journal;
using Xunit;

namespace Outheis.Tests.Offload;

public readonly record struct Job(int Number);

public readonly record struct Book(int Jobs, int Results, int Failures, int Refused, int Sum);

public readonly record struct GetBook;

/// <summary>What work came to is in the journal as the agent took it, so that it is replayed and folded without being
/// done again; and means nothing to any later run.</summary>
public sealed class OffloadJournalTests
{
    private static readonly MessageCodecs Codecs =
        new MessageCodecs().Add<Job>().Add<Worked>().Add<Book>().AddRequest<GetBook, Book>();

    private SimulatedDisk _disk = new();
    private DiskImage? _inHandler;
    private AgentId _agent;
    private int _ran;

    private StepKernel Start(int queue = 64) => new(
        cores: 1, disk: _disk, codecs: Codecs, snapshotEvery: 1000, recordInputs: true, offloadWorkers: 1,
        offloadQueue: queue);

    private void Spawn(Kernel kernel) =>
        _agent = kernel.Spawn("keeper", () => new Keeper(this), new SpawnOptions());

    private Book Ask(StepKernel world) => world.Result(world.Kernel.GrantAsk<GetBook, Book>(_agent).AskAsync(default));

    // Of ten jobs every fifth throws.
    private Book Live(StepKernel world)
    {
        Spawn(world.Kernel);
        world.Kernel.Grant<Job>(_agent).SendAll(Enumerable.Range(1, 10).Select(static number => new Job(number)));
        Book book = default;
        world.RunUntil(() => (book = Ask(world)) is { Jobs: 10 } && book.Results + book.Failures + book.Refused == 10);
        return book;
    }

    [Fact]
    public void Result_IsJournaledAndReplayedWithoutTheWork()
    {
        StepKernel world = Start();
        Book book = Live(world);
        world.Stop();
        Assert.Equal((8, 2, 0), (book.Results, book.Failures, book.Refused));
        Assert.Equal(10, _ran);
        JournalEntry[] told = [.. Journals.ReadAll(_disk, out _).Where(static entry => entry.IsOffload)];
        Assert.Equal(10, told.Length);
        Assert.All(told, static entry => Assert.Equal(
            ("keeper", "keeper", 0L, 0u), (entry.SenderName, entry.TargetName, entry.Cause, entry.Capability)));
        Assert.Equal(2, told.Count(static entry => entry.TypeName == nameof(OffloadFailed)));
        using JournalReplay replay = JournalReplay.OpenOn(
            Journals.Path, _disk, Spawn, new ReplayOptions { Codecs = Codecs });
        ReplayReport report = replay.Run();
        Assert.Null(report.Divergence);
        Assert.True(report.Agents["keeper"] >= 20, report.ToString());
        Assert.Equal(10, _ran);
    }

    /// <summary>A refusal is told again: nothing else in the journal says that there was one.</summary>
    [Fact]
    public void Refusal_IsReplayedAndFolded()
    {
        StepKernel world = Start(queue: 1);
        Book book = Live(world);
        Assert.InRange(book.Refused, 1, 9);
        Kill(world, at: null);
        world = Start(queue: 1);
        Spawn(world.Kernel);
        world.Run();
        Assert.Equal(book, Ask(world));
        world.Stop();
        using JournalReplay replay = JournalReplay.OpenOn(
            Journals.Path, _disk, Spawn, new ReplayOptions { Codecs = Codecs });
        Assert.Null(replay.Run().Divergence);
    }

    [Fact]
    public void DurableAgent_Killed_HasHeardOfItsWorkAndDoesItNotAgain()
    {
        StepKernel world = Start();
        Book book = Live(world);
        Kill(world, at: null);
        world = Start();
        Spawn(world.Kernel);
        world.Run();
        Assert.Equal(book, Ask(world));
        Assert.Equal(10, _ran);
        Assert.Equal(default, world.Kernel.DescribeOffloads());
        world.Stop();
    }

    /// <summary>Killed in the handler of a result: nothing had come of it, and its work is not known any
    /// more.</summary>
    [Fact]
    public void Kill_WhileAResultIsHandled_HandsItToNobody()
    {
        StepKernel world = Start();
        Spawn(world.Kernel);
        world.Kernel.Grant<Job>(_agent).SendAll([new Job(1)]);
        world.RunUntil(() => Ask(world).Results == 1);
        Kill(world, _inHandler);
        world = Start();
        Spawn(world.Kernel);
        world.Run();
        Assert.Equal(new Book(1, 0, 0, 0, 0), Ask(world));
        Assert.Equal((0, 0, 1, 1), (world.Kernel.Redelivered.Delivered, world.Kernel.Redelivered.Unknown,
            world.Kernel.DeadLetters.Count(DeadLetterReason.Unhandled), _ran));
        world.Stop();
    }

    /// <summary>There is no room in the journal: the result waits, and the core sleeps meanwhile.</summary>
    [Fact]
    public void Result_NoRoomInTheJournal_WaitsUntilThereIs()
    {
        StepKernel world = Start();
        Spawn(world.Kernel);
        world.Kernel.Grant<Job>(_agent).SendAll([new Job(1)]);
        world.RunUntil(() => Ask(world).Results == 1);
        world.Kernel.Grant<Job>(_agent).SendAll([new Job(2)]);
        while (world.CoreAt(0).Offloads.IsQuiet)
        {
            world.Pass(0);      // until it is out
        }

        _disk.Free = 0;
        ThreadKernel.Until(() => world.Kernel.DescribeOffloads().Done == 2, "the work");
        int filled = 0;
        while (world.CoreAt(0).Tap!.HasRoom && filled++ < 5000)
        {
            world.CoreAt(0).Tap!.RecordSpawned(world.Kernel.Living(_agent));
        }

        world.Run();
        Core core = world.CoreAt(0);
        Assert.True(core.Offloads.HasHeld);
        Assert.Equal(1, core.Offloads.CellsHeld);
        Assert.True(core.SleepAtMost() == Limits.PollPeriod);
        for (int i = 0; i < 20; i++)
        {
            world.Time.AdvanceBy(TimeSpan.FromMilliseconds(5));
            world.Run();
        }

        Assert.True(core.Offloads.HasHeld);
        _disk.Free = long.MaxValue;
        world.RunUntil(() =>
        {
            world.Time.AdvanceBy(TimeSpan.FromMilliseconds(1));
            return !core.Offloads.HasHeld;
        });
        Assert.Equal(2, Ask(world).Results);
        world.Stop();
    }

    private void Kill(StepKernel world, DiskImage? at)
    {
        DiskImage left = at ?? _disk.Snapshot();
        world.Abandon();
        _disk = SimulatedDisk.From(left);
    }

    private sealed class Keeper(OffloadJournalTests tests)
        : DurableAgent<Book>(default), IHandle<Job>, IHandle<Worked>, IHandle<OffloadFailed>, IAnswer<GetBook, Book>
    {
        public void Handle(in Job message, Context context)
        {
            OffloadResult result = context.Offload((tests, message.Number), static (it, _) =>
            {
                Interlocked.Increment(ref it.tests._ran);
                Thread.Sleep(1);
                return it.Number % 5 == 0 ? throw new TimeoutException("on purpose") : new Worked(it.Number);
            }, (ulong)message.Number);
            State = State with
            {
                Jobs = State.Jobs + 1,
                Refused = State.Refused + (result == OffloadResult.Full ? 1 : 0),
            };
        }

        public void Handle(in Worked message, Context context)
        {
            tests._inHandler ??= tests._disk.Snapshot();
            State = State with { Results = State.Results + 1, Sum = State.Sum + message.Number };
        }

        public void Handle(in OffloadFailed message, Context context)
        {
            Assert.Equal(nameof(TimeoutException), RecordedException.TypeNameOf(message.Exception).Split('.')[^1]);
            State = State with { Failures = State.Failures + 1, Sum = State.Sum - (int)message.Key };
        }

        public Book Answer(in GetBook request, Context context) => State;
    }
}
