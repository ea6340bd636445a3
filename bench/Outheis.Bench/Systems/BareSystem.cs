using System.Runtime.InteropServices;
using Outheis.Bench.Parts;

namespace Outheis.Bench.Systems;

/// <summary>
/// The machine without a system: a queue and delegates on one thread, rings of 64-byte cells between two
/// pinned threads, memcpy for the log. No capability, no bound per agent, no scheduling: what a system costs
/// is what it adds to this.
/// </summary>
internal sealed class BareSystem : ISystem
{
    private const int Cells = 1024;
    private const int Batch = 32;

    public string Name => "bare";

    public IReadOnlyList<string> Variants { get; } = ["default"];

    public bool Supports(Shape shape, string variant) => true;

    public ShapeRun Open(Shape shape, string variant, Round round) => (shape.Kind, shape.Route) switch
    {
        (ShapeKind.Ring, _) => Alone(Ring(round)),
        (ShapeKind.PingPong, Route.OneCore) => Alone(PingPong(round)),
        (ShapeKind.PingPong, _) => PingPongAcross(round),
        (ShapeKind.Stream, _) => Stream(round),
        (ShapeKind.FanIn, _) => FanIn(round),
        (ShapeKind.Ask, Route.Host) => AskAcross(round),
        (ShapeKind.Ask, _) => Alone(Ask(round)),
        (ShapeKind.Spawn, _) => Alone(Spawn(round)),
        (ShapeKind.Skynet, _) => Alone(() => round.Report(1, new Twig(Branch.Of(round.Operations)).Sum(), 0)),
        (ShapeKind.Append, _) => Append(round),
        (ShapeKind.Idle, _) => Alone(Idle(round)),
        _ => throw new NotSupportedException(shape.Name),
    };

    private static ShapeRun Alone(Action body) => new(body, () => ValueTask.CompletedTask);

    private static Action Ring(Round round)
    {
        var nodes = new RingNode[round.Shape.Agents];
        var handlers = new Action<long>[nodes.Length];
        var queue = new LocalQueue(2 * Cells);
        for (int i = 0; i < nodes.Length; i++)
        {
            RingNode node = nodes[i] = new RingNode(round, i);
            int next = (i + 1) % nodes.Length;
            handlers[i] = token =>
            {
                if (node.TryRelease(out long own)) queue.Write(next, own);
                if (node.Pass(token, out long onward)) queue.Write(next, onward);
            };
        }
        return () =>
        {
            for (int i = 0; i < round.Shape.Tokens; i++)
            {
                if (nodes[i].Start(out long own)) queue.Write((i + 1) % nodes.Length, own);
            }
            queue.Run(handlers);
        };
    }

    private static Action PingPong(Round round)
    {
        var queue = new LocalQueue(Cells);
        var server = new Player(round, serves: true);
        var other = new Player(round, serves: false);
        Action<long>[] handlers =
        [
            ball => { if (server.Receive(ball, out long reply)) queue.Write(1, reply); },
            ball => { if (other.Receive(ball, out long reply)) queue.Write(0, reply); },
        ];
        return () =>
        {
            queue.Write(1, Player.FirstBall);
            queue.Run(handlers);
        };
    }

    private static ShapeRun PingPongAcross(Round round)
    {
        CellRing here = new(Cells, 1), there = new(Cells, 1);
        var server = new Player(round, serves: true);
        var other = new Player(round, serves: false);
        return PinnedPair.Run(round,
            () =>
            {
                there.TryWrite(Player.FirstBall);
                Volley(server, here, there, round.Operations);
            },
            () => Volley(other, there, here, round.Operations));
    }

    private static void Volley(Player player, CellRing from, CellRing to, long balls)
    {
        for (long left = balls; left > 0; left--)
        {
            if (player.Receive(PinnedPair.Read(from), out long reply)) PinnedPair.Write(to, reply);
        }
    }

    private static ShapeRun Stream(Round round)
    {
        var ring = new CellRing(Cells, Batch);
        var source = new Source(round, 0);
        var sink = new Sink(round);
        return PinnedPair.Run(round,
            () => SendAll(source, ring),
            () =>
            {
                for (long left = round.Operations; left > 0; left--) sink.Receive(PinnedPair.Read(ring));
            });
    }

    private static void SendAll(Source source, CellRing ring)
    {
        do PinnedPair.Write(ring, source.Current);
        while (source.Advance());
        ring.Flush();
    }

    /// <summary>
    /// The second sender shares the receiver's thread, as it must on a machine of two cores.
    /// </summary>
    private static ShapeRun FanIn(Round round)
    {
        CellRing across = new(Cells, Batch), local = new(Cells, 1);
        Source far = new(round, 0), near = new(round, 1);
        var sink = new Sink(round);
        return PinnedPair.Run(round,
            () => SendAll(far, across),
            () =>
            {
                bool sending = true;
                for (long left = round.Operations; left > 0;)
                {
                    while (sending && local.TryWrite(near.Current)) sending = near.Advance();
                    left -= Drain(local, sink) + Drain(across, sink);
                }
            });
    }

    private static long Drain(CellRing ring, Sink sink)
    {
        long taken = 0;
        for (; taken < Cells && ring.TryRead(out long value); taken++) sink.Receive(value);
        return taken;
    }

    private static Action Ask(Round round)
    {
        var asker = new Asker(round);
        Func<long, long> answer = Asker.AnswerTo;
        return () =>
        {
            while (asker.Accept(answer(asker.Request))) { }
        };
    }

    private static ShapeRun AskAcross(Round round)
    {
        CellRing requests = new(Cells, 1), answers = new(Cells, 1);
        var asker = new Asker(round);
        return PinnedPair.Run(round,
            () =>
            {
                do PinnedPair.Write(requests, asker.Request);
                while (asker.Accept(PinnedPair.Read(answers)));
            },
            () =>
            {
                for (long left = round.Operations; left > 0; left--)
                    PinnedPair.Write(answers, Asker.AnswerTo(PinnedPair.Read(requests)));
            });
    }

    private static Action Spawn(Round round)
    {
        var objects = new List<object>();
        return () =>
        {
            for (long i = 1; i <= round.Operations; i++)
            {
                objects.Add(new Agent(i));
                round.Started(i);
            }
        };
    }

    private static unsafe ShapeRun Append(Round round)
    {
        const long Records = 1 << 20;                          // 64 MiB, written over and over
        byte* log = (byte*)NativeMemory.AllocZeroed((nuint)(Records * Record64.Bytes));
        byte[] buffer = new byte[Record64.Bytes];
        return new ShapeRun(
            () =>
            {
                for (long number = 1; number <= round.Operations; number++)
                {
                    Record64.Write(buffer, number);
                    buffer.CopyTo(Slot(number));
                }
                round.Stop();
                long gone = Math.Max(0, round.Operations - Records);
                var check = new Record64.Check(gone);
                for (long number = gone + 1; number <= round.Operations; number++)
                    check.Take(Slot(number));
                check.Report(round);
            },
            () =>
            {
                NativeMemory.Free(log);
                return ValueTask.CompletedTask;
            });

        Span<byte> Slot(long number) => new(log + (number & (Records - 1)) * Record64.Bytes, Record64.Bytes);
    }

    private static Action Idle(Round round) => () =>
    {
        for (int i = 1; i <= round.Shape.Agents; i++) round.Report(1, i, 0);
    };

    private sealed record Agent(long Index);

    private sealed record Twig(Branch Branch)
    {
        public long Sum()
        {
            if (Branch.IsLeaf) return Branch.First;
            long sum = 0;
            for (int i = 0; i < Branch.Parts; i++) sum += new Twig(Branch.Part(i)).Sum();
            return sum;
        }
    }
}
