using Outheis.Supervision;
using Outheis.Testing;
using Outheis.Tests.Journal;
using Xunit;

namespace Outheis.Tests.Replay;

/// <summary>A supervisor handled once more: what it heard is in the journal, and so is what it decided.</summary>
public sealed class SupervisorReplayTests
{
    private readonly SimulatedDisk _disk = new();

    private static AgentId SpawnAll(Kernel kernel, Func<Agent> supervisor)
    {
        AgentId parent = kernel.Spawn("supervisor", supervisor);
        kernel.Spawn("steady", static () => new Fragile(), new SpawnOptions { Supervisor = parent, Core = 1 });
        return kernel.Spawn(
            "fragile", static () => new Fragile(), new SpawnOptions { Supervisor = parent, Core = 0 });
    }

    private void Live(Func<Agent> supervisor, int failures)
    {
        var world = new StepKernel(disk: _disk, codecs: ReplayedProgram.Codecs, recordInputs: true);
        Capability<Stumble> fragile = world.Kernel.Grant<Stumble>(SpawnAll(world.Kernel, supervisor));
        for (int i = 1; i <= failures; i++)
        {
            fragile.Send(new Stumble(i));
            world.Advance(TimeSpan.FromMilliseconds(20 * i));
        }

        world.Stop();
    }

    private JournalReplay Replay(Func<Agent> supervisor) => JournalReplay.OpenOn(
        Journals.Path, _disk, kernel => SpawnAll(kernel, supervisor),
        new ReplayOptions { Codecs = ReplayedProgram.Codecs });

    private static Supervisor Of(int intensity, double seconds = 5) =>
        new(new SupervisorOptions { Intensity = intensity, Period = TimeSpan.FromSeconds(seconds) });

    [Theory]
    [InlineData(5, 3)]      // restarts each time
    [InlineData(2, 4)]      // gives up at the third, and ends both
    public void Run_Supervisor_DecidesAsItDid(int intensity, int verdicts)
    {
        Live(() => Of(intensity), 3);
        Assert.Equal(verdicts, Verdicts().Length);
        using JournalReplay replay = Replay(() => Of(intensity));
        ReplayReport report = replay.Run();
        Assert.Null(report.Divergence);
        Assert.Empty(report.NotReplayed);
        AgentId supervisor = Verdicts()[0].Sender;
        int taken = Entries().Sum(entry => entry.Consumed.Count(message => message.Target == supervisor));
        Assert.Equal(taken, report.Agents["supervisor"]);
    }

    [Fact]
    public void Run_SupervisorThatIsToldMore_GivesUpWhereItRestartedThen()
    {
        Live(static () => Of(5), 3);
        using JournalReplay replay = Replay(static () => Of(1));
        ReplayDivergence found = Assert.IsType<ReplayDivergence>(replay.Run().Divergence);
        Assert.Equal(("supervisor", "decided to restart fragile"), (found.Agent, found.Recorded));
        Assert.StartsWith("decides to stop ", found.Replayed, StringComparison.Ordinal);
        Assert.Equal(JournalKind.Supervised, EntryAt(found.Position).Kind);
        Assert.Equal(nameof(ExitSignal), EntryAt(found.Message).TypeName);
        Assert.False(found.LacksInputs);
    }

    [Fact]
    public void Run_SupervisorThatDecidesNothing_IsTold()
    {
        Live(static () => Of(5), 1);
        using JournalReplay replay = Replay(static () => new Witness());
        ReplayDivergence found = Assert.IsType<ReplayDivergence>(replay.Run().Divergence);
        Assert.Equal(("decided to restart fragile", null), (found.Recorded, found.Replayed));
    }

    [Fact]
    public void Run_SupervisorThatDecidesTwice_IsTold()
    {
        Live(static () => Of(5), 1);
        using JournalReplay replay = Replay(static () => new Twofold());
        ReplayDivergence found = Assert.IsType<ReplayDivergence>(replay.Run().Divergence);
        Assert.Equal((null, "decides to restart fragile"), (found.Recorded, found.Replayed));
    }

    /// <summary>Restarts are counted within a time: the supervisor is told the uptime that it was told then.</summary>
    [Fact]
    public void Run_RestartsSpreadOverTheWindow_AreCountedAsThen()
    {
        Live(static () => Of(1, 0.015), 6);      // 20, 40, ... ms apart: it would give up if time stood still
        Assert.Equal("restart", Verdicts()[^1].Detail);
        using JournalReplay replay = Replay(static () => Of(1, 0.015));
        Assert.Null(replay.Run().Divergence);
    }

    [Theory, InlineData(true), InlineData(false)]
    public void Run_SupervisorThatLooksAtTheException_SeesItsTypeByName(bool byName)
    {
        Live(() => new Choosy(byName), 2);
        Assert.Equal(2, Verdicts().Length);
        using JournalReplay replay = Replay(() => new Choosy(byName));
        Assert.Equal(byName, replay.Run().Divergence is null);      // by its type it is another one
    }

    /// <summary>Whoever reads the journal without the program sees what the supervisor saw.</summary>
    [Fact]
    public void Journal_HasSignalsAndVerdictsInWords()
    {
        Live(static () => Of(1), 1);
        JournalEntry exit = Entries().First(static entry =>
            entry is { Kind: JournalKind.Sent, TypeName: nameof(ExitSignal) });
        Assert.Equal(
            """
            {"Agent":3,"Name":"fragile","Incarnation":1,"Reason":"Error",
            """
            + """
            "Exception":"System.InvalidOperationException","Message":"stumbled 1","IsFinal":false}
            """,
            exit.PayloadText);
        JournalEntry verdict = Assert.Single(Verdicts());
        Assert.Equal(("supervisor", "fragile", "restart", exit.Position),
            (verdict.SenderName, verdict.TargetName, verdict.Detail, verdict.Cause));
        Assert.Contains(Entries(), static entry =>
            entry.TypeName == nameof(ChildStarted)
            && entry.PayloadText == """{"Agent":2,"Name":"steady","Incarnation":1}""");
    }

    private JournalEntry[] Verdicts() =>
        [.. Entries().Where(static entry => entry.Kind == JournalKind.Supervised)];

    private List<JournalEntry> Entries() => Journals.ReadAll(_disk, out _);

    private JournalEntry EntryAt(long position) => Entries().Single(entry => entry.Position == position);

    private sealed class Fragile : Agent, IHandle<Stumble>
    {
        public void Handle(in Stumble message, Context context) =>
            throw new InvalidOperationException($"stumbled {message.Number}");
    }

    private sealed class Twofold : Agent, IHandle<ExitSignal>, IHandle<ChildStarted>
    {
        public void Handle(in ExitSignal message, Context context)
        {
            context.Restart(message.Agent);
            context.Restart(message.Agent);
        }

        public void Handle(in ChildStarted message, Context context)
        {
        }
    }

    private sealed class Witness : Agent, IHandle<ExitSignal>, IHandle<ChildStarted>
    {
        public void Handle(in ExitSignal message, Context context)
        {
        }

        public void Handle(in ChildStarted message, Context context)
        {
        }
    }

    private sealed class Choosy(bool byName) : Agent, IHandle<ExitSignal>
    {
        public void Handle(in ExitSignal message, Context context)
        {
            bool isMeant = byName
                ? message.Reason.Exception is { } bug
                    && RecordedException.TypeNameOf(bug) == typeof(InvalidOperationException).FullName
                : message.Reason.Exception is InvalidOperationException;
            if (isMeant)
            {
                context.Restart(message.Agent);
            }
        }
    }
}
