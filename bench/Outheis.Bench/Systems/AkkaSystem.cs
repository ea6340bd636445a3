using Akka.Actor;
using Akka.Configuration;
using Outheis.Bench.Parts;

namespace Outheis.Bench.Systems;

/// <summary>
/// Akka.NET on its default dispatcher and mailbox. What bounces (tokens, balls) is made in advance; what
/// carries a new value is a new message, as it must be here.
/// </summary>
internal sealed class AkkaSystem : ISystem
{
    /// <summary>
    /// Messages a stream's sender is allowed ahead of its receiver; a mailbox here has no bound of its own.
    /// </summary>
    internal const int Window = 8192;

    internal static readonly Config Quiet = ConfigurationFactory.ParseString(
        """
        akka {
          loglevel = OFF
          stdout-loglevel = OFF
          log-dead-letters = off
          log-dead-letters-during-shutdown = off
          coordinated-shutdown.run-by-clr-shutdown-hook = off
        }
        """);

    public string Name => "akka";

    public IReadOnlyList<string> Variants { get; } = ["default"];

    public bool Supports(Shape shape, string variant) => shape.Kind != ShapeKind.Append;

    public ShapeRun Open(Shape shape, string variant, Round round)
    {
        var system = ActorSystem.Create("bench", Quiet);
        Action start = shape.Kind switch
        {
            ShapeKind.Ring => Ring(system, round),
            ShapeKind.PingPong => PingPong(system, round),
            ShapeKind.Stream when shape.Route == Route.Host => HostStream(system, round),
            ShapeKind.Stream or ShapeKind.FanIn => Streams(system, round),
            ShapeKind.Ask when shape.Route == Route.Host => HostAsk(system, round),
            ShapeKind.Ask => Ask(system, round),
            ShapeKind.Spawn => Spawn(system, round),
            ShapeKind.Skynet => () => system.ActorOf(
                AkkaSkynetActor.Of(Branch.Of(round.Operations), sum => round.Report(1, sum, 0))),
            ShapeKind.Idle => Idle(system, round),
            _ => throw new NotSupportedException(shape.Name),
        };
        return new ShapeRun(start, async () => await system.Terminate());
    }

    private static Action Ring(ActorSystem system, Round round)
    {
        var nodes = new RingNode[round.Shape.Agents];
        var actors = new IActorRef[nodes.Length];
        for (int i = 0; i < nodes.Length; i++)
        {
            RingNode node = nodes[i] = new RingNode(round, i);
            actors[i] = system.ActorOf(Made.By(() => new AkkaRingActor(node)));
        }
        for (int i = 0; i < actors.Length; i++) actors[i].Tell(new AkkaLink(actors[(i + 1) % actors.Length]));
        return () =>
        {
            for (int i = 0; i < round.Shape.Tokens; i++) actors[i].Tell(AkkaStart.Instance, ActorRefs.NoSender);
        };
    }

    private static Action PingPong(ActorSystem system, Round round)
    {
        Player here = new(round, serves: true), there = new(round, serves: false);
        IActorRef server = system.ActorOf(Made.By(() => new AkkaPlayerActor(here)));
        IActorRef other = system.ActorOf(Made.By(() => new AkkaPlayerActor(there)));
        server.Tell(new AkkaLink(other));
        other.Tell(new AkkaLink(server));
        return () => server.Tell(AkkaStart.Instance, ActorRefs.NoSender);
    }

    private static Action Streams(ActorSystem system, Round round)
    {
        int senders = round.Shape.Tokens;
        IActorRef sink = system.ActorOf(Made.By(() => new AkkaSinkActor(new Sink(round), senders)));
        var sources = new IActorRef[senders];
        for (int i = 0; i < sources.Length; i++)
        {
            var source = new Source(round, i);
            sources[i] = system.ActorOf(Made.By(() => new AkkaSourceActor(source, sink)));
        }
        return () =>
        {
            foreach (IActorRef source in sources) source.Tell(AkkaStart.Instance, ActorRefs.NoSender);
        };
    }

    private static Action HostStream(ActorSystem system, Round round)
    {
        var source = new Source(round, 0);
        var room = new SemaphoreSlim(2);
        IActorRef sink = system.ActorOf(Made.By(() => new AkkaHostSinkActor(new Sink(round), room)));
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
                sink.Tell(new AkkaItem(source.Current), ActorRefs.NoSender);
                if (!source.Advance()) return;
            }
        });
    }

    private static Action Ask(ActorSystem system, Round round)
    {
        IActorRef answerer = system.ActorOf(Made.By(() => new AkkaAnswerActor()));
        IActorRef asker = system.ActorOf(Made.By(() => new AkkaAskActor(new Asker(round), answerer)));
        return () => asker.Tell(AkkaStart.Instance, ActorRefs.NoSender);
    }

    private static Action HostAsk(ActorSystem system, Round round)
    {
        IActorRef answerer = system.ActorOf(Made.By(() => new AkkaAnswerActor()));
        var asker = new Asker(round);
        return Outside.Loop(round, async () =>
        {
            while (asker.Accept((await answerer.Ask<AkkaAnswer>(new AkkaRequest(asker.Request))).Value)) { }
        });
    }

    private static Action Spawn(ActorSystem system, Round round)
    {
        long next = 0;
        Props props = Made.By(() => new AkkaSpawnedActor(round, Interlocked.Increment(ref next)));
        return () =>
        {
            next = 0;
            for (long i = round.Operations; i > 0; i--) system.ActorOf(props);
        };
    }

    private static Action Idle(ActorSystem system, Round round)
    {
        var actors = new IActorRef[round.Shape.Agents];
        for (int i = 0; i < actors.Length; i++)
        {
            int index = i + 1;
            actors[i] = system.ActorOf(Made.By(() => new AkkaIdleActor(round, index)));
        }
        return () =>
        {
            foreach (IActorRef actor in actors) actor.Tell(AkkaStart.Instance, ActorRefs.NoSender);
        };
    }

    /// <summary>Props around a delegate: no expression tree, no reflection at each spawn.</summary>
    internal sealed class Made(Func<ActorBase> produce, Type type) : IIndirectActorProducer
    {
        public Type ActorType => type;

        public static Props By<T>(Func<T> produce) where T : ActorBase =>
            Props.CreateBy(new Made(produce, typeof(T)));

        public ActorBase Produce() => produce();

        public void Release(ActorBase actor) { }
    }
}
