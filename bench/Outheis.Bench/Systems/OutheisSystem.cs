using Outheis.Bench.Parts;

namespace Outheis.Bench.Systems;

/// <summary>
/// The kernel itself, on two pinned cores, with its journal in a temporary directory (the last two segments
/// of each lane kept) or without one. Agents talk through capabilities they were granted, as everybody's
/// agents must.
/// </summary>
internal sealed class OutheisSystem : ISystem
{
    private const string Journal = "journal";
    private const int CoresMax = 2;
    // small, so that the warm-up of a ring goes round them once: fresh pages cost more; smaller ones cost syncs
    private const int SegmentBytes = 16 << 20;
    private static readonly JournalRetention LastTwo = JournalRetention.KeepBytes(2L * SegmentBytes);

    public string Name => AllSystems.Ours;

    public IReadOnlyList<string> Variants { get; } = [Journal, "no-journal"];

    public bool Supports(Shape shape, string variant) => shape.Kind != ShapeKind.Append || variant == Journal;

    public ShapeRun Open(Shape shape, string variant, Round round)
    {
        string? directory = variant == Journal
            ? Directory.CreateTempSubdirectory("outheis-bench-").FullName
            : null;
        if (shape.Kind == ShapeKind.Append) return OutheisAppend.Open(directory!, round);
        int cores = Math.Min(CoresMax, Environment.ProcessorCount);
        Kernel kernel = Kernel.Start(new KernelOptions
        {
            Cores = cores,
            JournalDirectory = directory,
            Retention = LastTwo,
            SegmentBytes = SegmentBytes,
            Unsupervised = signal => round.Fail(
                new InvalidOperationException($"{signal.Name} ended: {signal.Reason}")),
        });
        Action start = shape.Kind switch
        {
            ShapeKind.Ring => Ring(kernel, round, cores),
            ShapeKind.PingPong => PingPong(kernel, round, shape.Route == Route.TwoCores ? cores - 1 : 0),
            ShapeKind.Stream when shape.Route == Route.Host => HostStream(kernel, round, cores - 1),
            ShapeKind.Stream or ShapeKind.FanIn => Streams(kernel, round, cores),
            ShapeKind.Ask when shape.Route == Route.Host => HostAsk(kernel, round),
            ShapeKind.Ask => Ask(kernel, round),
            ShapeKind.Spawn => Spawn(kernel, round),
            ShapeKind.Skynet => Skynet(kernel, round, cores),
            ShapeKind.Idle => Idle(kernel, round),
            _ => throw new NotSupportedException(shape.Name),
        };
        return new ShapeRun(start, async () =>
        {
            await kernel.DisposeAsync();
            if (directory is not null) Directory.Delete(directory, recursive: true);
        });
    }

    /// <summary>
    /// Neighbours share a core, so two hops of a lap cross. Spawned backwards: each is born knowing its
    /// successor.
    /// </summary>
    private static Action Ring(Kernel kernel, Round round, int cores)
    {
        var agents = new AgentId[round.Shape.Agents];
        int last = agents.Length - 1;
        for (int i = last; i >= 0; i--)
        {
            var node = new RingNode(round, i);
            var options = new SpawnOptions { Core = i * cores / agents.Length };
            AgentId next = i == last ? default : agents[i + 1];
            agents[i] = i == last
                ? kernel.Spawn("ring", () => new RingAgent(node, default), options)
                : kernel.Spawn("ring", endow => new RingAgent(node, endow.Grant<Token>(next)), options);
        }
        Introduce<Link>(kernel, agents[last], new(kernel.GrantTo<Token>(agents[last], agents[0])));
        Capability<Go>[] starts =
            [.. agents.Take(round.Shape.Tokens).Select(agent => kernel.Grant<Go>(agent))];
        return () =>
        {
            foreach (Capability<Go> start in starts) Must(start.Send(default));
        };
    }

    private static Action PingPong(Kernel kernel, Round round, int otherCore)
    {
        var server = new Player(round, serves: true);
        var other = new Player(round, serves: false);
        AgentId there = kernel.Spawn("other", () => new PlayerAgent(other, default), On(otherCore));
        AgentId here = kernel.Spawn(
            "server", endow => new PlayerAgent(server, endow.Grant<Ball>(there)), On(0));
        Introduce<Opponent>(kernel, there, new(kernel.GrantTo<Ball>(there, here)));
        Capability<Go> start = kernel.Grant<Go>(here);
        return () => Must(start.Send(default));
    }

    /// <summary>
    /// The receiver on the last core; the first sender on another one, a second beside the receiver.
    /// </summary>
    private static Action Streams(Kernel kernel, Round round, int cores)
    {
        var sink = new Sink(round);
        AgentId receiver = kernel.Spawn("sink", () => new SinkAgent(sink), On(cores - 1));
        var starts = new Capability<Go>[round.Shape.Tokens];
        for (int i = 0; i < starts.Length; i++)
        {
            var source = new Source(round, i);
            AgentId sender = kernel.Spawn(
                "source", endow => new SourceAgent(source, endow.Grant<Item>(receiver)), On(i % cores));
            starts[i] = kernel.Grant<Go>(sender);
        }
        return () =>
        {
            foreach (Capability<Go> start in starts) Must(start.Send(default));
        };
    }

    private static Action HostStream(Kernel kernel, Round round, int core)
    {
        var sink = new Sink(round);
        var source = new Source(round, 0);
        AgentId receiver = kernel.Spawn("sink", () => new SinkAgent(sink), On(core));
        Capability<Item> items = kernel.Grant<Item>(receiver);
        return Outside.Loop(round, async () =>
        {
            do
            {
                var item = new Item(source.Current);
                SendResult sent = items.Send(item);
                if (sent == SendResult.Full) sent = await items.SendAsync(item);
                Must(sent);
            }
            while (source.Advance());
        });
    }

    private static Action Ask(Kernel kernel, Round round)
    {
        var asker = new Asker(round);
        AgentId answerer = kernel.Spawn("answerer", () => new AnswerAgent(), On(0));
        AgentId agent = kernel.Spawn(
            "asker", endow => new AskAgent(asker, endow.GrantAsk<Request, Answer>(answerer)), On(0));
        Capability<Go> start = kernel.Grant<Go>(agent);
        return () => Must(start.Send(default));
    }

    private static Action HostAsk(Kernel kernel, Round round)
    {
        var asker = new Asker(round);
        AgentId answerer = kernel.Spawn("answerer", () => new AnswerAgent(), On(0));
        AskCapability<Request, Answer> ask = kernel.GrantAsk<Request, Answer>(answerer);
        return Outside.Loop(round, async () =>
        {
            while (asker.Accept((await ask.AskAsync(new Request(asker.Request))).Value)) { }
        });
    }

    private static Action Spawn(Kernel kernel, Round round)
    {
        long next = 0;
        Func<Agent> factory = () => new SpawnedAgent(round, Interlocked.Increment(ref next));
        return () =>
        {
            next = 0;
            for (long i = round.Operations; i > 0; i--) kernel.Spawn(null, factory);
        };
    }

    /// <summary>
    /// The root's parts go to the cores by turns; what they make stays with them.
    /// </summary>
    private static Action Skynet(Kernel kernel, Round round, int cores) => () => kernel.Spawn(
        null, endow => new SkynetAgent(
            Branch.Of(round.Operations),
            sum => round.Report(1, sum, 0),
            [.. Enumerable.Range(0, cores).Select(core => RightFor(endow, core))]),
        On(0));

    private static SpawnCapability<SkynetSeed> RightFor(Endowment endow, int core) =>
        endow.GrantSpawn<SkynetSeed>(null, SkynetAgent.Make, On(core));

    private static Action Idle(Kernel kernel, Round round)
    {
        var pokes = new Capability<Go>[round.Shape.Agents];
        for (int i = 0; i < pokes.Length; i++)
        {
            int index = i + 1;
            pokes[i] = kernel.Grant<Go>(kernel.Spawn("idle", () => new IdleAgent(round, index)));
        }
        return () =>
        {
            foreach (Capability<Go> poke in pokes) Must(poke.Send(default));
        };
    }

    private static void Introduce<T>(Kernel kernel, AgentId agent, T introduction) =>
        kernel.GrantAsk<T, Linked>(agent).AskAsync(introduction).AsTask().GetAwaiter().GetResult();

    private static SpawnOptions On(int core) => new() { Core = core };

    internal static void Must(SendResult result)
    {
        if (result != SendResult.Sent) throw new InvalidOperationException($"a send ended in {result}");
    }
}
