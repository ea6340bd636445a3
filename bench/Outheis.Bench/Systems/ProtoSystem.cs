using Outheis.Bench.Parts;
using Proto;

namespace Outheis.Bench.Systems;

/// <summary>
/// Proto.Actor on its default dispatcher and mailbox. What bounces (tokens, balls) is made in advance; what
/// carries a new value is a new message, as it must be here.
/// </summary>
internal sealed class ProtoSystem : ISystem
{
    /// <summary>
    /// Messages a stream's sender is allowed ahead of its receiver; a mailbox here has no bound of its own.
    /// </summary>
    internal const int Window = 8192;

    public string Name => "proto";

    public IReadOnlyList<string> Variants { get; } = ["default"];

    public bool Supports(Shape shape, string variant) => shape.Kind != ShapeKind.Append;

    public ShapeRun Open(Shape shape, string variant, Round round)
    {
        var system = new ActorSystem();
        IRootContext root = system.Root;
        Action start = shape.Kind switch
        {
            ShapeKind.Ring => Ring(root, round),
            ShapeKind.PingPong => PingPong(root, round),
            ShapeKind.Stream when shape.Route == Route.Host => HostStream(root, round),
            ShapeKind.Stream or ShapeKind.FanIn => Streams(root, round),
            ShapeKind.Ask when shape.Route == Route.Host => HostAsk(root, round),
            ShapeKind.Ask => Ask(root, round),
            ShapeKind.Spawn => Spawn(root, round),
            ShapeKind.Skynet => Skynet(root, round),
            ShapeKind.Idle => Idle(root, round),
            _ => throw new NotSupportedException(shape.Name),
        };
        return new ShapeRun(start, async () => await system.ShutdownAsync());
    }

    private static Action Ring(IRootContext root, Round round)
    {
        var pids = new PID[round.Shape.Agents];
        for (int i = 0; i < pids.Length; i++)
        {
            var node = new RingNode(round, i);
            pids[i] = root.Spawn(Props.FromProducer(() => new ProtoRingActor(node)));
        }
        for (int i = 0; i < pids.Length; i++) root.Send(pids[i], new ProtoLink(pids[(i + 1) % pids.Length]));
        return () =>
        {
            for (int i = 0; i < round.Shape.Tokens; i++) root.Send(pids[i], ProtoStart.Instance);
        };
    }

    private static Action PingPong(IRootContext root, Round round)
    {
        Player here = new(round, serves: true), there = new(round, serves: false);
        PID server = root.Spawn(Props.FromProducer(() => new ProtoPlayerActor(here)));
        PID other = root.Spawn(Props.FromProducer(() => new ProtoPlayerActor(there)));
        root.Send(server, new ProtoLink(other));
        root.Send(other, new ProtoLink(server));
        return () => root.Send(server, ProtoStart.Instance);
    }

    private static Action Streams(IRootContext root, Round round)
    {
        int senders = round.Shape.Tokens;
        PID sink = root.Spawn(Props.FromProducer(() => new ProtoSinkActor(new Sink(round), senders)));
        var sources = new PID[senders];
        for (int i = 0; i < sources.Length; i++)
        {
            var source = new Source(round, i);
            sources[i] = root.Spawn(Props.FromProducer(() => new ProtoSourceActor(source, sink)));
            root.Send(sink, new ProtoSource(i, sources[i]));
        }
        return () =>
        {
            foreach (PID source in sources) root.Send(source, ProtoStart.Instance);
        };
    }

    private static Action HostStream(IRootContext root, Round round)
    {
        var source = new Source(round, 0);
        var room = new SemaphoreSlim(2);
        PID sink = root.Spawn(Props.FromProducer(() => new ProtoHostSinkActor(new Sink(round), room)));
        int left = 0;
        return Outside.Loop(round, async () =>
        {
            while (true)
            {
                if (left == 0)
                {
                    await room.WaitAsync();
                    left = Window / 2;
                }
                left--;
                root.Send(sink, new ProtoItem(source.Current));
                if (!source.Advance()) return;
            }
        });
    }

    private static Action Ask(IRootContext root, Round round)
    {
        PID answerer = root.Spawn(Props.FromProducer(() => new ProtoAnswerActor()));
        PID asker = root.Spawn(Props.FromProducer(() => new ProtoAskActor(new Asker(round), answerer)));
        return () => root.Send(asker, ProtoStart.Instance);
    }

    private static Action HostAsk(IRootContext root, Round round)
    {
        PID answerer = root.Spawn(Props.FromProducer(() => new ProtoAnswerActor()));
        var asker = new Asker(round);
        return Outside.Loop(round, async () =>
        {
            while (true)
            {
                var request = new ProtoRequest(asker.Request);
                var answer = await root.RequestAsync<ProtoAnswer>(answerer, request, CancellationToken.None);
                if (!asker.Accept(answer.Value)) return;
            }
        });
    }

    private static Action Spawn(IRootContext root, Round round)
    {
        long next = 0;
        Props props = Props.FromProducer(() => new ProtoSpawnedActor(round, Interlocked.Increment(ref next)));
        return () =>
        {
            next = 0;
            for (long i = round.Operations; i > 0; i--) root.Spawn(props);
        };
    }

    private static Action Skynet(IRootContext root, Round round) => () =>
        root.Send(root.Spawn(ProtoSkynetActor.Props), new ProtoBranch(
            Branch.Of(round.Operations), sum => round.Report(1, sum, 0)));

    private static Action Idle(IRootContext root, Round round)
    {
        var pids = new PID[round.Shape.Agents];
        for (int i = 0; i < pids.Length; i++)
        {
            int index = i + 1;
            pids[i] = root.Spawn(Props.FromProducer(() => new ProtoIdleActor(round, index)));
        }
        return () =>
        {
            foreach (PID pid in pids) root.Send(pid, ProtoStart.Instance);
        };
    }
}
