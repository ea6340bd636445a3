using Outheis.Testing;
using Outheis.Tests.Journal;
using Xunit;

namespace Outheis.Tests.Durable;

[MessageName("till.item")]
public readonly record struct ItemV1(int Cents);

[MessageName("till.item"), MessageVersion(2)]
public readonly record struct ItemV2(long Mills);

[MessageName("till.sum")]
public readonly record struct SumV1(long Cents, int Items);

[MessageName("till.sum"), MessageVersion(2)]
public readonly record struct SumV2(int Items, long Mills);

public readonly record struct GetRate;

[MessageName("till.rate")]
public readonly record struct RateV1(int Percent);

[MessageName("till.rate"), MessageVersion(2)]
public readonly record struct RateV2(double Part);

[MessageName("till.receipt")]
public readonly record struct ReceiptV1(int Number);

[MessageName("till.receipt"), MessageVersion(2)]
public readonly record struct ReceiptV2(long Number);

/// <summary>The program as it was: asks, acts on the world outside, and sums up.</summary>
public sealed class TillV1(AskCapability<GetRate, RateV1> rate, Func<int> print)
    : DurableAgent<SumV1>(default), IHandleAsync<ItemV1>, IAnswer<GetBalance, SumV1>
{
    public async ValueTask HandleAsync(ItemV1 message, AgentContext context, CancellationToken cancellationToken)
    {
        RateV1 part = await context.AskAsync(rate, default(GetRate), cancellationToken: cancellationToken);
        Effect<ReceiptV1> receipt = await context.EffectAsync(
            "print", (_, _) => ValueTask.FromResult(new ReceiptV1(print())));
        State = new SumV1(
            State.Cents + (message.Cents * part.Percent / 100) + receipt.Required.Number, State.Items + 1);
    }

    public SumV1 Answer(in GetBalance request, Context context) => State;
}

/// <summary>The program of now.</summary>
public sealed class TillV2(AskCapability<GetRate, RateV2> rate, Func<long> print)
    : DurableAgent<SumV2>(default), IHandleAsync<ItemV2>, IAnswer<GetBalance, SumV2>
{
    public async ValueTask HandleAsync(ItemV2 message, AgentContext context, CancellationToken cancellationToken)
    {
        RateV2 part = await context.AskAsync(rate, default(GetRate), cancellationToken: cancellationToken);
        Effect<ReceiptV2> receipt = await context.EffectAsync(
            "print", (_, _) => ValueTask.FromResult(new ReceiptV2(print())));
        State = new SumV2(
            State.Items + 1, State.Mills + (long)(message.Mills * part.Part) + (10 * receipt.Required.Number));
    }

    public SumV2 Answer(in GetBalance request, Context context) => State;
}

/// <summary>A journal of the first version of a program, opened by the second.</summary>
public sealed class VersionTests
{
    private static readonly MessageCodecs Old = Answers(new MessageCodecs());

    private SimulatedDisk _disk = new();
    private int _printed;

    private static MessageCodecs Answers(MessageCodecs codecs) => codecs
        .AddRequest<GetBalance, SumV1>().AddRequest<GetBalance, SumV2>()
        .AddRequest<GetRate, RateV1>().AddRequest<GetRate, RateV2>();

    private static MessageCodecs New(string without = "")
    {
        MessageCodecs codecs = Answers(new MessageCodecs());
        _ = without == "item" ? codecs
            : codecs.AddUpcaster<ItemV1, ItemV2>(static old => new ItemV2(old.Cents * 10L));
        _ = without == "sum" ? codecs
            : codecs.AddUpcaster<SumV1, SumV2>(static old => new SumV2(old.Items, old.Cents * 10));
        _ = without == "rate" ? codecs
            : codecs.AddUpcaster<RateV1, RateV2>(static old => new RateV2(old.Percent / 100.0));
        return without == "receipt" ? codecs
            : codecs.AddUpcaster<ReceiptV1, ReceiptV2>(static old => new ReceiptV2(old.Number));
    }

    private StepKernel Start(MessageCodecs codecs, int snapshotEvery) =>
        new(cores: 1, disk: _disk, codecs: codecs, snapshotEvery: snapshotEvery);

    private AgentId SpawnOld(StepKernel world)
    {
        AgentId rater = world.Kernel.Spawn("rater", static () => new Rater<RateV1>(new RateV1(50)));
        return world.Kernel.Spawn("till", who => new TillV1(who.GrantAsk<GetRate, RateV1>(rater), () => ++_printed));
    }

    private AgentId SpawnNew(StepKernel world)
    {
        AgentId rater = world.Kernel.Spawn("rater", static () => new Rater<RateV2>(new RateV2(0.5)));
        return world.Kernel.Spawn("till", who => new TillV2(who.GrantAsk<GetRate, RateV2>(rater), () => ++_printed));
    }

    private static SumV2 Ask(StepKernel world, AgentId till) =>
        world.Result(world.Kernel.GrantAsk<GetBalance, SumV2>(till).AskAsync(default));

    private void Kill(StepKernel world)
    {
        DiskImage left = _disk.Snapshot();
        world.Abandon();
        _disk = SimulatedDisk.From(left);
    }

    /// <summary>Ten items were handled by the old program and two more accepted, then it was killed.</summary>
    private void LiveAsTheOldProgram(int snapshotEvery)
    {
        StepKernel world = Start(Old, snapshotEvery);
        AgentId till = SpawnOld(world);
        Capability<ItemV1> to = world.Kernel.Grant<ItemV1>(till);
        to.SendAll(Enumerable.Range(1, 10).Select(static i => new ItemV1(200 * i)));
        world.Run();
        Assert.Equal(new SumV1(5500 + 55, 10),
            world.Result(world.Kernel.GrantAsk<GetBalance, SumV1>(till).AskAsync(default)));
        to.SendAll([new ItemV1(2000), new ItemV1(4000)]);
        world.CoreAt(0).Enter();
        world.CoreAt(0).DrainArrivals();      // journaled, in its channel, its turn has not come
        Core.Leave();
        Kill(world);
    }

    /// <summary>Messages, replies and outcomes since a snapshot (of nothing, with the large interval), the snapshot
    /// itself, and what was accepted and not taken.</summary>
    [Theory, InlineData(1), InlineData(4), InlineData(1000)]
    public void OldJournal_ByTheNewProgram_GivesTheSameStateAndWhatWaitedIsDelivered(int snapshotEvery)
    {
        LiveAsTheOldProgram(snapshotEvery);
        StepKernel world = Start(New(), snapshotEvery);
        AgentId till = SpawnNew(world);
        world.Run();
        RedeliveryReport report = world.Kernel.Redelivered;
        Assert.Equal((2, 0, null), (report.Delivered, report.Unknown, report.FirstUnknown));
        var expected = new SumV2(12, 55_550 + 30_000 + (10 * (11 + 12)));
        Assert.Equal(expected, Ask(world, till));
        Assert.Equal(12, _printed);      // what had been done is not done again
        Kill(world);
        world = Start(New(), snapshotEvery);
        till = SpawnNew(world);
        Assert.Equal(expected, Ask(world, till));      // now from records of both versions
        world.Stop();
        Assert.Empty(world.Failures);
    }

    [Theory]
    [InlineData("sum", "The state of till at ")]
    [InlineData("item", "The till.item at ")]
    [InlineData("rate", "The reply at ")]
    [InlineData("receipt", "The outcome of effect ")]
    public void OldJournal_OneUpcasterIsMissing_TheAgentEndsAndSaysWhich(string without, string words)
    {
        LiveAsTheOldProgram(snapshotEvery: 1000);
        StepKernel world = Start(New(without), 1000);
        SpawnNew(world);
        world.Run();
        string said = Assert.Single(world.Failures).Reason.Exception!.ToString();
        Assert.Contains(words, said, StringComparison.Ordinal);
        Assert.Contains("add an upcaster from version 1 to 2", said, StringComparison.Ordinal);
        world.Stop();
    }

    /// <summary>A plain agent has no past: only what waits is older.</summary>
    [Fact]
    public void WaitingMessage_WithoutUpcaster_StaysInTheJournalAndTheNextProgramGetsIt()
    {
        StepKernel world = Start(Old, 1000);
        AgentId plain = world.Kernel.Spawn(new Receiver<ItemV1>((in ItemV1 _, Context _) => { }), name: "plain");
        world.Run();
        world.Kernel.Grant<ItemV1>(plain).SendAll([new ItemV1(3)]);
        world.CoreAt(0).Enter();
        world.CoreAt(0).DrainArrivals();
        Core.Leave();
        Kill(world);
        List<ItemV2> got = [];
        world = Start(New("item"), 1000);
        world.Kernel.Spawn(new Receiver<ItemV2>((in ItemV2 item, Context _) => got.Add(item)), name: "plain");
        world.Run();
        Assert.Equal((0, 1), (world.Kernel.Redelivered.Delivered, world.Kernel.Redelivered.Unknown));
        Assert.Contains("add an upcaster from version 1 to 2", world.Kernel.Redelivered.FirstUnknown,
            StringComparison.Ordinal);
        Kill(world);
        world = Start(New(), 1000);
        world.Kernel.Spawn(new Receiver<ItemV2>((in ItemV2 item, Context _) => got.Add(item)), name: "plain");
        world.Run();
        Assert.Equal([new ItemV2(30)], got);
        world.Stop();
    }

    /// <summary>Back to the old program: what the new one wrote is not taken for something else.</summary>
    [Fact]
    public void NewJournal_ByTheOldProgram_IsRefused()
    {
        StepKernel world = Start(New(), 1);
        SpawnNew(world);
        world.Run();
        Kill(world);
        world = Start(Old, 1);
        SpawnOld(world);
        world.Run();
        string said = Assert.Single(world.Failures).Reason.Exception!.Message;
        Assert.Contains(
            "its version is 2, and this program is older and has version 1", said, StringComparison.Ordinal);
        world.Stop();
    }

    private sealed class Rater<TRate>(TRate rate) : Agent, IAnswer<GetRate, TRate>
    {
        public TRate Answer(in GetRate request, Context context) => rate;
    }
}
