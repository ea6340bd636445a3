using Outheis.Supervision;

namespace Outheis.Testing;

/// <summary>
/// Tokens hop through agents on all cores, each hop in another kind of message. The hops of one sender to one receiver
/// are numbered, whatever carries them: they come in that order, across restarts too, and with what the kernel says of
/// each: its sender, its badge, and the chain of the message that it came of.
/// </summary>
internal sealed class Chains : Workload
{
    private const int ActsMost = 1000;

    private static readonly TimeSpan Patience = TimeSpan.FromMilliseconds(30);

    public override string Name => "chains";

    public override string Promise => "per sender and receiver first in, first out; sender, badge and chain are right";

    protected internal override void Run(WorkloadRun run)
    {
        Simulation simulation = run.Start();
        Kernel kernel = simulation.Kernel;
        int cores = kernel.ListCores().Count;
        var paths = new Paths(
            run, simulation, stations: 2 + run.Choices.Draw(5), hops: run.Choices.Pick([100, 800, 2500]));
        AgentId supervisor = kernel.Spawn(
            "restarts stations", static () => new Supervisor(new SupervisorOptions { Intensity = int.MaxValue }));
        for (int i = 0; i < paths.Stations; i++)
        {
            int index = i;
            var options = new SpawnOptions
            {
                Core = (i + run.Choices.Draw(2)) % cores,
                Capacity = run.Choices.Pick([1024, 2, 16, 600]),
                Qos = (Qos)run.Choices.Draw(5),
                Supervisor = supervisor,
            };
            paths.Ids[i] = kernel.Spawn($"station {i}", born => new Station(paths, index, born), options);
        }

        for (int from = 0; from < paths.Stations; from++)
        {
            paths.Connect(from, new GrantsTo(kernel, paths.Ids[from]));
        }

        paths.Connect(paths.Stations, new GrantsToHost(kernel));
        int acts = 0;
        simulation.AddActor("begins chains", () => paths.Begin() && ++acts < ActsMost);
        simulation.RunToEnd();
        paths.Check();
    }

    /// <summary>16 bytes: fits the first line of a cell.</summary>
    private readonly record struct Hop(int Token, int Number, short From, short To, int Kind);

    private readonly record struct Short(Hop Hop);

    private readonly record struct Wide(Hop Hop, long A, long B, long C);

    private readonly record struct Long(Hop Hop, long A, long B, long C, long D, long E);      // beside the cell

    private readonly record struct Named(Hop Hop, string Text);

    private sealed record Letter(Hop Hop, string Text);

    private readonly record struct Slow(Hop Hop);

    /// <summary>Whoever may mint.</summary>
    private interface IGrants
    {
        Capability<T> Grant<T>(AgentId to, ulong badge);
    }

    private sealed record GrantsAtBirth(Endowment Born) : IGrants
    {
        public Capability<T> Grant<T>(AgentId to, ulong badge) => Born.Grant<T>(to, badge: badge);
    }

    private sealed record GrantsTo(Kernel Kernel, AgentId Holder) : IGrants
    {
        public Capability<T> Grant<T>(AgentId to, ulong badge) => Kernel.GrantTo<T>(Holder, to, badge: badge);
    }

    private sealed record GrantsToHost(Kernel Kernel) : IGrants
    {
        public Capability<T> Grant<T>(AgentId to, ulong badge) => Kernel.Grant<T>(to, badge: badge);
    }

    private sealed record Way(
        Capability<Short> Short, Capability<Wide> Wide, Capability<Long> Long, Capability<Named> Named,
        Capability<Letter> Letter, Capability<Slow> Slow)
    {
        public static Way Make(IGrants grants, AgentId to, ulong badge) => new(
            grants.Grant<Short>(to, badge), grants.Grant<Wide>(to, badge), grants.Grant<Long>(to, badge),
            grants.Grant<Named>(to, badge), grants.Grant<Letter>(to, badge), grants.Grant<Slow>(to, badge));
    }

    private sealed class Station
        : Agent, IHandle<Short>, IHandle<Wide>, IHandle<Long>, IHandle<Named>, IHandle<Letter>, IHandleAsync<Slow>
    {
        private readonly Paths _paths;
        private readonly int _index;

        public Station(Paths paths, int index, Endowment born)
        {
            (_paths, _index) = (paths, index);
            paths.Connect(index, new GrantsAtBirth(born));
        }

        public void Handle(in Short message, Context context) => Pass(message.Hop, isWhole: true, context);

        public void Handle(in Wide message, Context context) => Pass(
            message.Hop, message.A == message.Hop.Number && message.B == ~message.A && message.C == message.Hop.Token,
            context);

        public void Handle(in Long message, Context context) => Pass(
            message.Hop, message.A == message.Hop.Number && message.B == ~message.A && message.C == message.Hop.Token
                && message.D == -message.A && message.E == message.Hop.From, context);

        public void Handle(in Named message, Context context) =>
            Pass(message.Hop, message.Text == Paths.TextOf(message.Hop), context);

        public void Handle(in Letter message, Context context) =>
            Pass(message.Hop, message.Text == Paths.TextOf(message.Hop), context);

        public async ValueTask HandleAsync(Slow message, AgentContext context, CancellationToken cancellationToken)
        {
            _paths.Arrive(message.Hop, isWhole: true, _index, context.Sender, context.Badge);
            await _paths.Delay(cancellationToken).ConfigureAwait(true);
            using var patience = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
            using ITimer timer = _paths.After(Patience, patience.Cancel);      // its target may wait for this one
            for (int more = _paths.DrawHops(); more > 0 && _paths.Next(message.Hop.Token, _index) is { } next; more--)
            {
                try
                {
                    ValueTask<SendResult> sent = context.SendAsync(
                        _paths.Ways[_index, next.To].Slow, new Slow(next), patience.Token);
                    _paths.End(next, await sent.ConfigureAwait(true));
                }
                catch (OperationCanceledException)
                {
                    _paths.End(next, SendResult.Full);
                    break;
                }
            }

            _paths.Done(message.Hop, context.Sender, context.Badge);
        }

        private void Pass(Hop hop, bool isWhole, Context context)
        {
            _paths.Arrive(hop, isWhole, _index, context.Sender, context.Badge);
            for (int more = _paths.DrawHops(); more > 0 && _paths.Next(hop.Token, _index) is { } next; more--)
            {
                Way way = _paths.Ways[_index, next.To];
                _paths.End(next, next.Kind switch
                {
                    0 => context.Send(way.Short, new Short(next)),
                    1 => context.Send(way.Wide, Paths.WideOf(next)),
                    2 => context.Send(way.Long, Paths.LongOf(next)),
                    3 => context.Send(way.Named, new Named(next, Paths.TextOf(next))),
                    4 => context.Send(way.Letter, new Letter(next, Paths.TextOf(next))),
                    _ => context.Send(way.Slow, new Slow(next)),
                });
            }

            _paths.Done(hop, context.Sender, context.Badge);      // whoever crashed before is not done: a dead letter
        }
    }

    /// <summary>What was sent and what came, of every sender and receiver; outlives them.</summary>
    private sealed class Paths(WorkloadRun run, Simulation simulation, int stations, int hops)
    {
        private readonly Line[,] _lines = Lines(stations);
        private readonly Dictionary<int, uint> _chains = [];      // of each token
        private readonly HashSet<uint> _used = [];
        private readonly DeadLetterLog _deadLetters = new(simulation);
        private int _tokens;
        private int _left = hops;

        public int Stations => stations;

        public AgentId[] Ids { get; } = new AgentId[stations];

        /// <summary>By sender, the host being the last, and receiver.</summary>
        public Way[,] Ways { get; } = new Way[stations + 1, stations];

        public static string TextOf(Hop hop) => $"{hop.Token} {hop.Number} {hop.From} {hop.To}";

        public static Wide WideOf(Hop hop) => new(hop, hop.Number, ~hop.Number, hop.Token);

        public static Long LongOf(Hop hop) => new(hop, hop.Number, ~hop.Number, hop.Token, -hop.Number, hop.From);

        public void Connect(int from, IGrants grants)
        {
            for (int to = 0; to < stations && Ids[to] != AgentId.Host; to++)
            {
                Ways[from, to] = Way.Make(grants, Ids[to], BadgeOf(from, to));
            }
        }

        public Task Delay(CancellationToken cancellation) =>
            Task.Delay(TimeSpan.FromMilliseconds(run.Choices.Draw(3)), simulation.ApplicationTime, cancellation);

        public ITimer After(TimeSpan time, Action then) =>
            simulation.ApplicationTime.CreateTimer(_ => then(), null, time, Timeout.InfiniteTimeSpan);

        /// <summary>Mostly a hop for a hop; now and then a burst, which fills channels and rings.</summary>
        public int DrawHops() => run.Choices.Chance(12) ? run.Choices.Draw(800) : run.Choices.Draw(3);

        /// <summary>The host begins chains: each of its messages is one.</summary>
        public bool Begin()
        {
            for (int burst = 1 + run.Choices.Draw(5); burst > 0 && Next(_tokens, stations) is { } hop; burst--)
            {
                Way way = Ways[stations, hop.To];
                SendResult result = hop.Kind switch
                {
                    0 => way.Short.Send(new Short(hop)),
                    1 => way.Wide.Send(WideOf(hop)),
                    2 => way.Long.Send(LongOf(hop)),
                    3 => way.Named.Send(new Named(hop, TextOf(hop))),
                    4 => way.Letter.Send(new Letter(hop, TextOf(hop))),
                    _ => way.Slow.Send(new Slow(hop)),
                };
                End(hop, result);
                _tokens++;
            }

            return _left > 0;
        }

        /// <summary>The next hop of a token, with the next number of its line. In doubt until
        /// <see cref="End"/>.</summary>
        public Hop? Next(int token, int from)
        {
            _deadLetters.Collect();
            if (_left-- <= 0)
            {
                return null;
            }

            int to = run.Choices.Draw(stations);
            Line line = _lines[from, to];
            line.InDoubt++;
            return new Hop(token, ++line.Sent, (short)from, (short)to, run.Choices.Draw(6));
        }

        /// <summary>The sender has been told. What was refused took no number.</summary>
        public void End(Hop hop, SendResult result)
        {
            run.Note($"sends {result}");
            Line line = _lines[hop.From, hop.To];
            line.InDoubt--;
            if (result != SendResult.Sent)
            {
                simulation.Require(line.Sent == hop.Number, "workload", "a number was given out behind a refused one.");
                simulation.Require(line.Newest < hop.Number, "INV-02", $"{hop} was refused ({result}) and came.");
                line.Sent--;
            }
        }

        public void Arrive(Hop hop, bool isWhole, int at, AgentId sender, ulong badge)
        {
            _deadLetters.Collect();
            Line line = _lines[hop.From, hop.To];
            simulation.Require(isWhole, "INV-03", $"{hop} came in pieces.");
            simulation.Require(hop.To == at, "INV-01", $"{hop} came to {at}.");
            simulation.Require(
                hop.Number > line.Newest && hop.Number <= line.Sent, "INV-02",
                $"{hop} came after {line.Newest}, {line.Sent} are sent.");
            line.Newest = hop.Number;
            RequireKnown(hop, sender, badge);
        }

        /// <summary>Its handler is through, and still is what it was when it began.</summary>
        public void Done(Hop hop, AgentId sender, ulong badge)
        {
            RequireKnown(hop, sender, badge);
            _lines[hop.From, hop.To].Done++;
        }

        /// <summary>At the end: what was accepted is handled or a dead letter, nothing else is.</summary>
        public void Check()
        {
            _deadLetters.Collect();
            for (int from = 0; from <= stations; from++)
            {
                for (int to = 0; to < stations; to++)
                {
                    Line line = _lines[from, to];
                    int ended = line.Done + _deadLetters.Between(IdOf(from), Ids[to]);
                    simulation.Require(
                        line.Sent - line.InDoubt <= ended && ended <= line.Sent, "INV-01",
                        $"from {from} to {to}: {line.Sent} sent, {line.InDoubt} of them in doubt, {ended} ended.");
                    run.Note("in doubt", line.InDoubt);
                }
            }
        }

        /// <summary>What the kernel says of a message is so: nobody else could have sent it.</summary>
        private unsafe void RequireKnown(Hop hop, AgentId sender, ulong badge)
        {
            simulation.Require(
                sender == IdOf(hop.From) && badge == BadgeOf(hop.From, hop.To), "INV-15",
                $"{hop} is said to be of {sender} with badge {badge}.");
            uint chain = Core.OfThisThread!.Current->Chain;
            if (_chains.TryAdd(hop.Token, chain))
            {
                simulation.Require(
                    chain != 0 && _used.Add(chain), "INV-35", $"{hop} has the chain {chain} of another token.");
            }

            simulation.Require(
                _chains[hop.Token] == chain, "INV-35", $"{hop} has chain {chain}, its token has {_chains[hop.Token]}.");
        }

        private AgentId IdOf(int station) => station == stations ? AgentId.Host : Ids[station];

        private static ulong BadgeOf(int from, int to) => (ulong)(1000 * (from + 1) + to);

        private static Line[,] Lines(int stations)
        {
            var lines = new Line[stations + 1, stations];
            for (int i = 0; i < lines.Length; i++)
            {
                lines[i / stations, i % stations] = new Line();
            }

            return lines;
        }
    }

    /// <summary>From one sender to one receiver.</summary>
    private sealed class Line
    {
        public int Sent { get; set; }

        public int InDoubt { get; set; }

        public int Newest { get; set; }

        public int Done { get; set; }
    }
}
