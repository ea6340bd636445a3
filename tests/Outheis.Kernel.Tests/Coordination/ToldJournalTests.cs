using Outheis.Testing;
using Outheis.Tests.Journal;
using Xunit;

namespace Outheis.Tests.Coordination;

public readonly record struct Heard(long Sum, int Groups, int Cancelled);

public readonly record struct GetHeard;

public readonly record struct Go(int Number);

/// <summary>What groups and sources tell is in the journal as it was taken: replayed, folded, and handed to
/// nobody.</summary>
public sealed class ToldJournalTests
{
    private static readonly MessageCodecs Codecs =
        new MessageCodecs().Add<Heard>().AddRequest<GetHeard, Heard>();

    private SimulatedDisk _disk = new();
    private WorkGroup? _group;
    private CoalescingSource<Hits>? _source;
    private AgentId _agent;

    private StepKernel Start() => new(cores: 1, disk: _disk, codecs: Codecs, snapshotEvery: 1000, recordInputs: true);

    private void Spawn(Kernel kernel) => _agent = kernel.Spawn("keeper", () => new Keeper(this), new SpawnOptions());

    private Heard Ask(StepKernel world) =>
        world.Result(world.Kernel.GrantAsk<GetHeard, Heard>(_agent).AskAsync(default));

    private Heard Live(StepKernel world)
    {
        Spawn(world.Kernel);
        _group = world.Kernel.OpenGroup();
        _source = world.Kernel.OpenSource<Hits>(_agent, Coalescing.Add);
        for (int i = 1; i <= 5; i++)
        {
            world.Kernel.Grant<Go>(_agent).SendAll([new Go(i)]);
            _source.Merge(new Hits(100));
            _source.Merge(new Hits(100));
            world.Run();
            _group.Leave();
            world.Run();
        }

        _source.Cancel();
        world.Run();
        Heard heard = Ask(world);
        Assert.Equal(new Heard(1015, 5, 1), heard);
        return heard;
    }

    [Fact]
    public void Told_IsJournaledAndReplayed()
    {
        StepKernel world = Start();
        Live(world);
        world.Stop();
        JournalEntry[] told = [.. Journals.ReadAll(_disk, out _).Where(static entry => entry.IsTold)];
        Assert.InRange(told.Count(static entry => entry.TypeName == nameof(Hits)), 5, 10);
        Assert.Equal(5, told.Count(static entry => entry.TypeName == nameof(Over)));
        Assert.Single(told, static entry => entry.TypeName == nameof(SourceCancelled));
        using JournalReplay replay = JournalReplay.OpenOn(
            Journals.Path, _disk, Spawn, new ReplayOptions { Codecs = Codecs });
        ReplayReport report = replay.Run();
        Assert.Null(report.Divergence);
        Assert.True(report.Agents["keeper"] >= 16, report.ToString());
    }

    [Fact]
    public void DurableAgent_Killed_HasHeardWhatItWasTold()
    {
        StepKernel world = Start();
        Heard heard = Live(world);
        DiskImage left = _disk.Snapshot();
        world.Abandon();
        _disk = SimulatedDisk.From(left);
        world = Start();
        Spawn(world.Kernel);
        world.Run();
        Assert.Equal(heard, Ask(world));
        world.Stop();
    }

    /// <summary>No room in the journal: what was merged waits in the source, and grows there.</summary>
    [Fact]
    public void Merge_NoRoomInTheJournal_WaitsUntilThereIs()
    {
        StepKernel world = Start();
        Spawn(world.Kernel);
        _source = world.Kernel.OpenSource<Hits>(_agent, Coalescing.Add);
        world.Run();
        _disk.Free = 0;
        int filled = 0;
        while (world.CoreAt(0).Tap!.HasRoom && filled++ < 5000)
        {
            world.CoreAt(0).Tap!.RecordSpawned(world.Kernel.Living(_agent));
        }

        for (int i = 0; i < 10; i++)
        {
            _source.Merge(new Hits(1));
            world.Run();
        }

        Assert.True(world.CoreAt(0).Offloads.HasHeld);
        Assert.Equal(1, world.CoreAt(0).Offloads.CellsHeld);
        world.Advance(TimeSpan.FromMilliseconds(50));
        _disk.Free = long.MaxValue;
        world.RunUntil(() =>
        {
            world.Time.AdvanceBy(TimeSpan.FromMilliseconds(1));
            return !world.CoreAt(0).Offloads.HasHeld;
        });
        Assert.Equal(10, Ask(world).Sum);
        world.Stop();
    }

    private sealed class Keeper(ToldJournalTests tests)
        : DurableAgent<Heard>(default), IHandle<Go>, IHandle<Hits>, IHandle<Over>, IHandle<SourceCancelled>,
            IAnswer<GetHeard, Heard>
    {
        public void Handle(in Go message, Context context)
        {
            tests._group?.Enter();
            context.Notify(tests._group ?? new WorkGroup(null!), new Over(message.Number));
            tests._source?.Merge(new Hits(message.Number));
        }

        public void Handle(in Hits message, Context context) => State = State with { Sum = State.Sum + message.Count };

        public void Handle(in Over message, Context context) => State = State with { Groups = State.Groups + 1 };

        public void Handle(in SourceCancelled message, Context context) =>
            State = State with { Cancelled = State.Cancelled + 1 };

        public Heard Answer(in GetHeard request, Context context) => State;
    }
}
