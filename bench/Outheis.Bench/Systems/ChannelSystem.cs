using System.Threading.Channels;
using Outheis.Bench.Parts;

namespace Outheis.Bench.Systems;

/// <summary>
/// Bounded System.Threading.Channels with an asynchronous reader each: what a .NET program uses without a
/// library. Values travel as structs; the single-reader and single-writer hints are set where they are true.
/// </summary>
internal sealed class ChannelSystem : ISystem
{
    public const int Capacity = 1024;

    public string Name => "channel";

    public IReadOnlyList<string> Variants { get; } = ["default"];

    public bool Supports(Shape shape, string variant) => shape.Kind is not (ShapeKind.Append or ShapeKind.Skynet);

    public ShapeRun Open(Shape shape, string variant, Round round)
    {
        var lines = new List<Line>();
        Action start = shape.Kind switch
        {
            ShapeKind.Ring => Ring(lines, round),
            ShapeKind.PingPong => PingPong(lines, round),
            ShapeKind.Stream or ShapeKind.FanIn => Streams(lines, round),
            ShapeKind.Ask => Ask(lines, round),
            ShapeKind.Spawn => Spawn(lines, round),
            ShapeKind.Idle => Idle(lines, round),
            _ => throw new NotSupportedException(shape.Name),
        };
        return new ShapeRun(start, () => CloseAsync(lines));
    }

    private static Channel<long> Bounded(bool singleWriter) => Channel.CreateBounded<long>(
        new BoundedChannelOptions(Capacity) { SingleReader = true, SingleWriter = singleWriter });

    private static async ValueTask CloseAsync(List<Line> lines)
    {
        foreach (Line line in lines) line.Channel.Writer.Complete();
        foreach (Line line in lines) await line.Reader;
    }

    private static async Task ReadAll(ChannelReader<long> reader, Round round, Action<long> receive)
    {
        try
        {
            while (await reader.WaitToReadAsync())
            {
                while (reader.TryRead(out long value)) receive(value);
            }
        }
        catch (Exception failure)
        {
            round.Fail(failure);
            throw;
        }
    }

    private static void MustFit(bool written)
    {
        if (!written) throw new InvalidOperationException("a channel that cannot be full was full");
    }

    /// <summary>
    /// Starts travel as -1, so a node's channel has two writers during the start and cannot promise one.
    /// </summary>
    private static Action Ring(List<Line> lines, Round round)
    {
        const long Start = -1;
        var channels = new Channel<long>[round.Shape.Agents];
        for (int i = 0; i < channels.Length; i++) channels[i] = Bounded(singleWriter: false);
        for (int i = 0; i < channels.Length; i++)
        {
            var node = new RingNode(round, i);
            ChannelWriter<long> next = channels[(i + 1) % channels.Length].Writer;
            lines.Add(new Line(channels[i], ReadAll(channels[i].Reader, round, token =>
            {
                long own;
                if (token == Start)
                {
                    if (node.Start(out own)) MustFit(next.TryWrite(own));
                    return;
                }
                if (node.TryRelease(out own)) MustFit(next.TryWrite(own));
                if (node.Pass(token, out long onward)) MustFit(next.TryWrite(onward));
            })));
        }
        return () =>
        {
            for (int i = 0; i < round.Shape.Tokens; i++) MustFit(channels[i].Writer.TryWrite(Start));
        };
    }

    private static Action PingPong(List<Line> lines, Round round)
    {
        Channel<long> here = Bounded(singleWriter: true), there = Bounded(singleWriter: true);
        var server = new Player(round, serves: true);
        var other = new Player(round, serves: false);
        lines.Add(new Line(here, ReadAll(here.Reader, round, ball =>
        {
            if (server.Receive(ball, out long reply)) MustFit(there.Writer.TryWrite(reply));
        })));
        lines.Add(new Line(there, ReadAll(there.Reader, round, ball =>
        {
            if (other.Receive(ball, out long reply)) MustFit(here.Writer.TryWrite(reply));
        })));
        return () => MustFit(there.Writer.TryWrite(Player.FirstBall));
    }

    private static Action Streams(List<Line> lines, Round round)
    {
        int senders = round.Shape.Tokens;
        Channel<long> channel = Bounded(singleWriter: senders == 1);
        ChannelWriter<long> writer = channel.Writer;
        lines.Add(new Line(channel, ReadAll(channel.Reader, round, new Sink(round).Receive)));
        var starts = new Action[senders];
        for (int i = 0; i < senders; i++)
        {
            var source = new Source(round, i);
            starts[i] = Outside.Loop(round, async () =>
            {
                do
                {
                    if (!writer.TryWrite(source.Current)) await writer.WriteAsync(source.Current);
                }
                while (source.Advance());
            });
        }
        return () =>
        {
            foreach (Action start in starts) start();
        };
    }

    private static Action Ask(List<Line> lines, Round round)
    {
        Channel<long> requests = Bounded(singleWriter: true), answers = Bounded(singleWriter: true);
        var asker = new Asker(round);
        lines.Add(new Line(answers, Task.CompletedTask));
        lines.Add(new Line(requests, ReadAll(requests.Reader, round,
            request => MustFit(answers.Writer.TryWrite(Asker.AnswerTo(request))))));
        return Outside.Loop(round, async () =>
        {
            do MustFit(requests.Writer.TryWrite(asker.Request));
            while (asker.Accept(await answers.Reader.ReadAsync()));
        });
    }

    private static Action Spawn(List<Line> lines, Round round) => () =>
    {
        for (long i = 1; i <= round.Operations; i++)
        {
            Channel<long> channel = Bounded(singleWriter: true);
            lines.Add(new Line(channel, StartAndRead(channel.Reader, round, i)));
        }
    };

    private static async Task StartAndRead(ChannelReader<long> reader, Round round, long index)
    {
        round.Started(index);
        while (await reader.WaitToReadAsync())
        {
            while (reader.TryRead(out _)) { }
        }
    }

    private static Action Idle(List<Line> lines, Round round)
    {
        for (int i = 1; i <= round.Shape.Agents; i++)
        {
            Channel<long> channel = Bounded(singleWriter: true);
            lines.Add(new Line(channel, ReadAll(channel.Reader, round, index => round.Report(1, index, 0))));
        }
        return () =>
        {
            for (int i = 0; i < lines.Count; i++) MustFit(lines[i].Channel.Writer.TryWrite(i + 1));
        };
    }

    /// <summary>A channel and the loop that reads it.</summary>
    private readonly record struct Line(Channel<long> Channel, Task Reader);
}
