using System.Runtime.CompilerServices;
using System.Text.Json;
using Outheis.Testing;
using Outheis.Tests.Journal;
using Xunit;

namespace Outheis.Tests.Streams;

public readonly record struct Flow(int Items);

public readonly record struct Drop(int Number);

public readonly record struct Sink(int Taken);

public readonly record struct Drain(bool IsEffect);

/// <summary>Items are in the journal as replies; how far a stream was let run is not, so it is not handled once
/// more.</summary>
public sealed class StreamJournalTests
{
    private static readonly MessageCodecs Codecs =
        new MessageCodecs().Add<Drain>().Add<Sink>().AddRequest<Flow, Drop>();

    private readonly SimulatedDisk _disk = new();
    private AgentId _source;
    private AgentId _sink;

    private StepKernel Start() => new(cores: 2, disk: _disk, codecs: Codecs, recordInputs: true);

    private void Spawn(Kernel kernel)
    {
        _source = kernel.Spawn("source", static () => new Source(), new SpawnOptions { Core = 1 });
        _sink = kernel.Spawn("sink", born => new Taker(born.GrantStream<Flow, Drop>(_source)), new SpawnOptions());
    }

    [Fact]
    public void Items_AreInTheJournalAsRepliesInOrder()
    {
        StepKernel world = Start();
        Spawn(world.Kernel);
        world.Kernel.Grant<Drain>(_sink).SendAll([default]);
        world.Run();
        world.Stop();
        JournalEntry[] entries = [.. Journals.ReadAll(_disk, out _)];
        JournalEntry asked = entries.Single(
            static entry => entry.Kind == JournalKind.Sent && entry.TypeName == nameof(Flow));
        JournalEntry[] replies = [.. entries.Where(static entry => entry.Kind == JournalKind.Replied)];
        Assert.Equal(
            [.. Enumerable.Range(1, 40).Select(static i => $$"""{"Number":{{i}}}""")],
            replies[..^1].Select(static entry => entry.PayloadText));
        Assert.Equal(nameof(StreamEnd), replies[^1].TypeName);
        Assert.All(replies, entry => Assert.Equal(
            (asked.Correlation, asked.Position, "source", "sink"),
            (entry.Correlation, entry.Cause, entry.SenderName, entry.TargetName)));
    }

    [Fact]
    public void Replay_OfBothSides_LeavesThemOutAndSaysWhy()
    {
        StepKernel world = Start();
        Spawn(world.Kernel);
        world.Kernel.Grant<Drain>(_sink).SendAll([default]);
        world.Run();
        world.Stop();
        using JournalReplay replay = JournalReplay.OpenOn(
            Journals.Path, _disk, Spawn, new ReplayOptions { Codecs = Codecs });
        ReplayReport report = replay.Run();
        Assert.Null(report.Divergence);
        Assert.Contains("it produces the stream that the Flow at", report.NotReplayed["source"]);
        Assert.Contains("it awaits something that is not in the journal", report.NotReplayed["sink"]);
    }

    [Fact]
    public void DurableProducer_IsRefusedWhereTheRightIsGranted()
    {
        using StepKernel world = Start();
        AgentId durable = world.Kernel.Spawn("durable", static () => new DurableSource());
        ArgumentException refused = Assert.Throws<ArgumentException>(
            () => world.Kernel.GrantStream<Flow, Drop>(durable));
        Assert.Contains("durable", refused.Message);
    }

    [Fact]
    public void DurableConsumer_TakesAStreamInAnEffectOnly()
    {
        StepKernel world = Start();
        _source = world.Kernel.Spawn("source", static () => new Source());
        AgentId taker = world.Kernel.Spawn(
            "taker", born => new DurableTaker(born.GrantStream<Flow, Drop>(_source)), new SpawnOptions());
        world.Kernel.Grant<Drain>(taker).SendAll([new Drain(IsEffect: true)]);
        world.Run();
        Assert.Equal(820, ((DurableTaker)world.Kernel.Living(taker).Instance!).Taken);
        Assert.Empty(world.Failures);
        world.Kernel.Grant<Drain>(taker).SendAll([new Drain(IsEffect: false)]);
        world.Run();
        Assert.Contains("EffectAsync", Assert.Single(world.Failures).Reason.Exception!.Message);
        world.Stop();
        Assert.Equal(
            "820", JsonSerializer.Serialize(BitConverter.ToInt32(Journals.ReadAll(_disk, out _).Single(
                static entry => entry.Kind == JournalKind.EffectEnded).Payload.Span)));
    }

    private static async IAsyncEnumerable<Drop> Produce(
        int items, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        for (int i = 1; i <= items; i++)
        {
            yield return new Drop(i);
        }

        await Task.CompletedTask;
    }

    private sealed class Source : Agent, IProduce<Flow, Drop>
    {
        public IAsyncEnumerable<Drop> ProduceAsync(
            Flow request, AgentContext context, CancellationToken cancellationToken) =>
            Produce(request.Items, cancellationToken);
    }

    private sealed class DurableSource() : DurableAgent<Sink>(default), IProduce<Flow, Drop>
    {
        public IAsyncEnumerable<Drop> ProduceAsync(
            Flow request, AgentContext context, CancellationToken cancellationToken) =>
            Produce(request.Items, cancellationToken);
    }

    private sealed class Taker(StreamCapability<Flow, Drop> from) : Agent, IHandleAsync<Drain>
    {
        public async ValueTask HandleAsync(Drain message, AgentContext context, CancellationToken cancellationToken)
        {
            int number = 0;
            await foreach (Drop drop in context.StreamAsync(from, new Flow(40)).WithCancellation(cancellationToken))
            {
                Assert.Equal(++number, drop.Number);
            }

            Assert.Equal(40, number);
        }
    }

    private sealed class DurableTaker(StreamCapability<Flow, Drop> from)
        : DurableAgent<Sink>(default), IHandleAsync<Drain>
    {
        public int Taken => State.Taken;

        public async ValueTask HandleAsync(Drain message, AgentContext context, CancellationToken cancellationToken)
        {
            int sum = message.IsEffect
                ? (await context.EffectAsync("sum", async (_, token) => await SumAsync(context, token))).Value
                : await SumAsync(context, cancellationToken);
            State = new Sink(State.Taken + sum);
        }

        private async Task<int> SumAsync(AgentContext context, CancellationToken token)
        {
            int sum = 0;
            await foreach (Drop drop in context.StreamAsync(from, new Flow(40)).WithCancellation(token))
            {
                sum += drop.Number;
            }

            return sum;
        }
    }
}
