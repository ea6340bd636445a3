using Outheis.Testing;
using Outheis.Tests.Journal;
using Xunit;

namespace Outheis.Tests.Replay;

/// <summary>A journal that goes on from a moment of another one: with the states of then, what waited then, and
/// whatever was edited.</summary>
public sealed class JournalForkTests
{
    private const string Fork = Journals.Path + "-fork";

    private readonly SimulatedDisk _disk = new();
    private readonly ReplayedProgram _program;
    private readonly Dictionary<long, long> _feeds = [];      // number: position

    public JournalForkTests()
    {
        _program = new ReplayedProgram(_disk);
        StepKernel world = _program.Start();
        _program.SpawnAll(world.Kernel);
        world.Run();
        world.Kernel.Grant<Feed>(_program.Feeder).SendAll(Enumerable.Range(1, 60).Select(static i => new Feed(i)));
        world.Run();
        world.Stop();
        using JournalReader reader = _disk.ReadJournal(Journals.Path);
        foreach (JournalEntry entry in reader.Read().Where(static entry => entry is { TypeName: "Feed" }))
        {
            if (entry.Kind == JournalKind.Sent)
            {
                _feeds[BitConverter.ToInt64(entry.Payload.Span)] = entry.Position;
            }
        }
    }

    private ForkReport Create(long position, ForkEdits? edits = null, string directory = Fork) => JournalFork.Create(
        Journals.Path, position, directory, _disk, kernel => _program.SpawnAll(kernel), edits ?? new ForkEdits(),
        new ReplayOptions { Codecs = ReplayedProgram.Codecs }, Journals.SmallSegment);

    [Fact]
    public void Create_WithEdits_GoesOnFromThereWithThem()
    {
        Total then;
        using (JournalReplay replay = _program.Replay())
        {
            Assert.True(replay.RunUntil(_feeds[20]));
            then = replay.StateOf<Total>("keeper");
        }

        ForkReport report = Create(_feeds[20], new ForkEdits()
            .Replace(_feeds[20], new Feed(1000)).Drop(_feeds[21]).Add("feeder", new Feed(7)));
        Assert.Equal(["keeper"], report.States);
        StepKernel world = _program.Start(directory: Fork);
        _program.SpawnAll(world.Kernel);
        Keeper keeper = (Keeper)world.Kernel.Living(_program.Keeper).Instance!;
        Feeder feeder = (Feeder)world.Kernel.Living(_program.Feeder).Instance!;
        world.RunUntil(() => keeper.State.Count > 0);
        world.Run();
        long left = Enumerable.Range(22, 39).Sum();      // all had been sent, and 21 is dropped
        Assert.Equal((1000 + left + 7, 41), (feeder.Known.Sum, feeder.Known.Count));
        Assert.Equal(report.Messages, world.Kernel.Redelivered.Delivered);
        long waited = report.Messages - 41;              // shares that the keeper had not taken
        Assert.True(waited >= 0);
        Assert.Equal(then.Count + waited + 1 + 41, keeper.State.Count);
        world.Stop();
    }

    /// <summary>What the kernel told a supervisor is about the parent's agents, and in no fork; a message of that type
    /// that an agent or an edit sends is a message like any other.</summary>
    [Fact]
    public void Create_WhereASignalWaits_LeavesItAndHandsOverWhatElseIsOfThatType()
    {
        var disk = new SimulatedDisk();
        var world = new StepKernel(cores: 2, disk: disk, codecs: ReplayedProgram.Codecs);
        (AgentId child, AgentId monitor) = SpawnPair(world.Kernel, []);
        world.Run();
        world.Kernel.Grant<Feed>(child).SendAll([new Feed(1), new Feed(2)]);
        world.Run();
        world.Stop();
        List<JournalEntry> entries = Journals.ReadAll(disk, out _);
        JournalEntry signal = entries.First(static entry =>
            entry is { Kind: JournalKind.Sent, TypeName: nameof(ExitSignal), Capability: 0 });
        JournalEntry taken = entries.First(static entry => entry is { Kind: JournalKind.Sent, TypeName: nameof(Feed) });
        List<ExitSignal> heard = [];
        ForkReport Fork(ForkEdits edits) => JournalFork.Create(
            Journals.Path, signal.Position, JournalForkTests.Fork, disk, kernel => SpawnPair(kernel, heard), edits,
            new ReplayOptions { Codecs = ReplayedProgram.Codecs }, Journals.SmallSegment);
        Assert.Contains("no fork has it", Assert.Throws<ArgumentException>(
            () => Fork(new ForkEdits().Drop(signal.Position))).Message, StringComparison.Ordinal);
        ForkReport report = Fork(
            new ForkEdits().Add("monitor", new ExitSignal(default, "nobody", 7, ExitReason.Normal)));
        Assert.Empty(heard);
        world = new StepKernel(
            cores: 2, disk: disk, codecs: ReplayedProgram.Codecs, directory: JournalForkTests.Fork);
        SpawnPair(world.Kernel, heard);
        world.Run();
        Assert.Equal(report.Messages, world.Kernel.Redelivered.Delivered);
        Assert.Contains(heard, static exit => exit is { Name: "nobody", Incarnation: 7 });
        Assert.DoesNotContain(heard, static exit => exit is { Name: "child", Incarnation: 1 }
            && exit.Reason.Exception is RecordedException { Message: "first" });
        world.Stop();

        static (AgentId Child, AgentId Monitor) SpawnPair(Kernel kernel, List<ExitSignal> heard)
        {
            AgentId monitor = kernel.Spawn("monitor", () => new Monitor(heard), new SpawnOptions { Core = 1 });
            AgentId child = kernel.Spawn(
                "child", static () => new Receiver<Feed>(static (in Feed _, Context _) =>
                    throw new InvalidOperationException("first")),
                new SpawnOptions { Supervisor = monitor, Core = 0 });
            return (child, monitor);
        }
    }

    private sealed class Monitor(List<ExitSignal> heard) : Agent, IHandle<ExitSignal>
    {
        public void Handle(in ExitSignal message, Context context)
        {
            heard.Add(message);
            if (message.Name == "child")
            {
                context.Restart(message.Agent);
            }
        }
    }

    [Fact]
    public void Create_NamesItsParentAndLeavesItAsItIs()
    {
        string[] before = All(Journals.Path);
        Create(_feeds[20]);
        Assert.Equal(before, All(Journals.Path));
        using JournalReader reader = _disk.ReadJournal(Fork);
        JournalEntry forked = Assert.Single(reader.Read(), static entry => entry.Kind == JournalKind.Forked);
        Assert.Equal(
            $"from {Journals.Path} before {ReplayDivergence.Place(_feeds[20])}", forked.Detail);
        Assert.True(ForkedRecord.TryRead(forked.Payload.Span, out ForkedRecord record));
        Assert.Equal((_feeds[20], 2), (record.Position, record.Ends.Length));
    }

    [Fact]
    public void Create_WhatCannotBe_IsRefusedAndNothingWritten()
    {
        Assert.Throws<ArgumentException>(() => Create(_feeds[20], directory: Journals.Path));
        Assert.Throws<ArgumentException>(() => Create(_feeds[20], new ForkEdits().Drop(_feeds[3])));
        Assert.Throws<ArgumentException>(() => Create(_feeds[60] + 1));
        Assert.Null(_disk.List(Fork));
    }

    private string[] All(string directory)
    {
        using JournalReader reader = _disk.ReadJournal(directory);
        return [.. reader.Read().Select(static entry => $"{entry.Position} {entry.Kind} {entry.Detail}")];
    }
}
