using Outheis.Testing;
using Outheis.Tests.Journal;
using Xunit;

namespace Outheis.Tests.Replay;

/// <summary>A journal handled once more: to the same end, with nothing sent and nothing bought, and every difference
/// told where it is.</summary>
public sealed class JournalReplayTests
{
    private readonly SimulatedDisk _disk = new();

    private ReplayedProgram Live(int messages, Action<StepKernel, ReplayedProgram>? also = null, int capacity = 1024)
    {
        var program = new ReplayedProgram(_disk);
        StepKernel world = program.Start(capacity: capacity);
        program.SpawnAll(world.Kernel);
        Capability<Feed> feed = world.Kernel.Grant<Feed>(program.Feeder);
        for (int i = 1; i <= messages; i++)
        {
            while (feed.Send(new Feed(i)) == SendResult.Full)
            {
                world.Step();
            }

            world.Step();
        }

        world.Run();
        also?.Invoke(world, program);
        world.Run();
        world.Stop();
        return program;
    }

    [Theory, InlineData(false), InlineData(true)]
    public void Run_PlainAgentThatAskedForChance_DiffersOnlyWithoutRecordInputsAndSaysSo(bool recordInputs)
    {
        var world = new StepKernel(disk: _disk, codecs: ReplayedProgram.Codecs, recordInputs: recordInputs);
        world.Kernel.Grant<Feed>(SpawnDice(world.Kernel)).Send(new Feed(1));
        world.Run();
        world.Stop();
        using JournalReplay replay = JournalReplay.OpenOn(
            Journals.Path, _disk, static kernel => SpawnDice(kernel),
            new ReplayOptions { Codecs = ReplayedProgram.Codecs });
        ReplayDivergence? divergence = replay.Run().Divergence;
        Assert.Equal(recordInputs, divergence is null);
        Assert.Equal(recordInputs ? null : true, divergence?.LacksInputs);
        Assert.Equal(recordInputs, divergence?.ToString().Contains("RecordInputs", StringComparison.Ordinal) is null);

        static AgentId SpawnDice(Kernel kernel)
        {
            AgentId sink = kernel.Spawn(
                "sink", static () => new Receiver<Share>(static (in Share _, Context _) => { }));
            return kernel.Spawn("dice", who =>
            {
                Capability<Share> to = who.Grant<Share>(sink);
                return new Receiver<Feed>((in Feed message, Context context) =>
                    _ = context.Send(to, new Share(message.Number, (long)context.NextRandom())));
            });
        }
    }

    private static Feeder FeederOf(JournalReplay replay) => Assert.IsType<Feeder>(replay.Instance("feeder"));

    [Theory, InlineData(1024), InlineData(2)]
    public void Run_AllAgents_ComesToTheSameStates(int capacity)
    {
        Total keeper = default;
        Feeder? live = null;
        ReplayedProgram program = Live(200, (world, program) =>
        {
            world.Kernel.Grant<Stumble>(program.Feeder).Send(new Stumble(5));
            world.Run();
            world.Kernel.Grant<Feed>(program.Feeder).Send(new Feed(11));
            world.Kernel.Grant<Stumble>(program.Keeper).Send(new Stumble(5));
            world.RunUntil(() => world.Kernel.Redelivered.Quarantined == 1);
            world.Run();
            keeper = ((Keeper)world.Kernel.Living(program.Keeper).Instance!).State;
            live = (Feeder)world.Kernel.Living(program.Feeder).Instance!;
        }, capacity);
        int bought = program.Bought;
        using JournalReplay replay = program.Replay();
        ReplayReport report = replay.Run();
        Assert.Null(report.Divergence);
        Assert.Equal(keeper, replay.StateOf<Total>("keeper"));
        Assert.Equal((live!.Known, live.Incarnation), (FeederOf(replay).Known, FeederOf(replay).Incarnation));
        Assert.Equal((11, 2u), (live.Known.Sum % 1_000_000, live.Incarnation));
        Assert.Equal(bought, program.Bought);
        Assert.Empty(report.NotReplayed);
        Assert.True(report.Agents["overseer"] > 1, report.ToString());
        Assert.True(report.Agents["feeder"] >= 202 && report.Records > 1000, report.ToString());
    }

    [Theory, InlineData("feeder"), InlineData("keeper"), InlineData("scales")]
    public void Run_OneAgent_RunsNoOther(string name)
    {
        ReplayedProgram program = Live(100);
        using JournalReplay replay = program.Replay(0, name);
        ReplayReport report = replay.Run();
        Assert.Null(report.Divergence);
        Assert.Equal([name], report.Agents.Keys);
        Assert.True(report.Turns >= 100, report.ToString());
        Assert.Empty(report.NotReplayed);
    }

    [Fact]
    public void Run_TheProgramSendsSomethingElse_SaysWhatAndWhereAndStops()
    {
        ReplayedProgram program = Live(100);
        using JournalReplay replay = program.Replay(bias: 5);
        ReplayReport report = replay.Run();
        ReplayDivergence found = Assert.IsType<ReplayDivergence>(report.Divergence);
        Assert.Equal("feeder", found.Agent);
        Assert.StartsWith("took Feed {\"Number\":40} at ", found.Where, StringComparison.Ordinal);
        Assert.Equal("sent keeper Share {\"Number\":40,\"Sum\":820} with badge 7", found.Recorded);
        Assert.Equal("sends keeper Share {\"Number\":40,\"Sum\":825} with badge 7", found.Replayed);
        Assert.Equal(found.Message, replay.Position);
        Assert.Null(replay.Step());
        using JournalReader reader = _disk.ReadJournal(Journals.Path);
        Assert.True(reader.TryRead(found.Position, out JournalEntry? sent));
        Assert.Equal(("Share", found.Message), (sent.TypeName, sent.Cause));
    }

    [Theory, InlineData(Feeder.Silent), InlineData(Feeder.Twice)]
    public void Run_TheProgramSendsLessOrMore_SaysWhichIsMissing(int bias)
    {
        ReplayedProgram program = Live(100);
        using JournalReplay replay = program.Replay(bias);
        ReplayDivergence found = Assert.IsType<ReplayDivergence>(replay.Run().Divergence);
        Assert.StartsWith("took Feed {\"Number\":40} at ", found.Where, StringComparison.Ordinal);
        Assert.Equal(
            bias == Feeder.Silent ? ("sent keeper Share {\"Number\":40,\"Sum\":820} with badge 7", null)
                : (null, "sends keeper Share {\"Number\":40,\"Sum\":820} with badge 7"),
            (found.Recorded, found.Replayed));
        Assert.Equal(bias == Feeder.Silent, found.Position != found.Message);
    }

    [Fact]
    public void RunUntil_APosition_StopsBeforeItAndStepTakesIt()
    {
        ReplayedProgram program = Live(100);
        long position = 0;
        using (JournalReader reader = _disk.ReadJournal(Journals.Path))
        {
            position = reader.Read().First(entry => entry is { TypeName: "Feed", Kind: JournalKind.Sent }
                && entry.PayloadText == "{\"Number\":50}").Position;
        }

        using JournalReplay replay = program.Replay();
        Assert.True(replay.RunUntil(position));
        Assert.Equal(49, FeederOf(replay).Known.Count);
        ReplayStep? step = replay.Step();
        while (step is not null && step.Position != position)
        {
            step = replay.Step();
        }

        Assert.NotNull(step);
        Assert.Equal(("feeder", "Feed", 1L), (step.Agent, step.TypeName, step.Run));
        Assert.Equal(50, FeederOf(replay).Known.Count);
        Assert.Null(replay.Run().Divergence);
        Assert.Equal(100, FeederOf(replay).Known.Count);
    }

    [Fact]
    public void Run_AnswersAreReadLaterThanWhatFollowedFromThem_AreWaitedFor()
    {
        var program = new ReplayedProgram(_disk) { AnswersComeLater = true };
        StepKernel world = program.Start();
        program.SpawnAll(world.Kernel);
        world.Kernel.Grant<Feed>(program.Feeder).SendAll(Enumerable.Range(1, 60).Select(static i => new Feed(i)));
        world.Run();
        Total state = ((Keeper)world.Kernel.Living(program.Keeper).Instance!).State;
        world.Stop();
        using JournalReplay replay = program.Replay();
        Assert.Null(replay.Run().Divergence);
        Assert.Equal(state, replay.StateOf<Total>("keeper"));
        Assert.True(state.Grams > 1000, state.ToString());
    }

    [Fact]
    public void Run_SeveralProcesses_GoesOnFromOneToTheNext()
    {
        var program = new ReplayedProgram(_disk);
        Total state = default;
        for (int life = 0; life < 3; life++)
        {
            StepKernel world = program.Start(seed: life + 1);
            program.SpawnAll(world.Kernel);
            world.Kernel.Grant<Feed>(program.Feeder).SendAll(Enumerable.Range(1, 70).Select(static i => new Feed(i)));
            world.Run();
            state = ((Keeper)world.Kernel.Living(program.Keeper).Instance!).State;
            world.Stop();
        }

        using JournalReplay replay = program.Replay();
        Assert.Null(replay.Run().Divergence);
        Assert.Equal(state, replay.StateOf<Total>("keeper"));
        Assert.Equal(70, FeederOf(replay).Known.Count);
    }

    [Theory, InlineData(1), InlineData(2), InlineData(3), InlineData(4), InlineData(5), InlineData(6)]
    public void Run_ProcessesThatWereKilled_FinishesWhatTheyCutOff(int seed)
    {
        SimulatedDisk disk = _disk;
        var random = new Random(seed);
        Total state = default;
        ReplayedProgram program = null!;
        for (int life = 0; life < 5; life++)
        {
            program = new ReplayedProgram(disk);
            StepKernel world = program.Start(seed: seed);
            program.SpawnAll(world.Kernel);
            world.RunUntil(() => ((Keeper)world.Kernel.Living(program.Keeper).Instance!).State.Count >= state.Count);
            world.Kernel.Grant<Feed>(program.Feeder).SendAll(Enumerable.Range(1, 40).Select(static i => new Feed(i)));
            for (int steps = random.Next(20); steps > 0; steps--)
            {
                world.Step();
            }

            if (life < 4)
            {
                DiskImage left = disk.Snapshot();
                world.Abandon();
                disk = SimulatedDisk.From(left);
                continue;
            }

            world.Run();
            state = ((Keeper)world.Kernel.Living(program.Keeper).Instance!).State;
            world.Stop();
        }

        using JournalReplay replay = program.Replay();
        Assert.Null(replay.Run().Divergence);
        Assert.Equal(state, replay.StateOf<Total>("keeper"));
        Assert.True(state.Count > 100, state.ToString());
    }
}
