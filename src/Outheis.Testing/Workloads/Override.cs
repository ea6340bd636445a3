using Outheis.Supervision;

namespace Outheis.Testing;

/// <summary>
/// Servers of the lowest bands with a backlog are asked by agents of any class and by the host, and ask each other in
/// order to answer, while default work has every core to do. An answer to somebody above the default does not wait for
/// that work, but for its share of the turns (INV-40, counted on one core); what was told to a server comes in order,
/// lane by lane (OT-12). Who is raised by whom is looked at after each step (<see cref="OverrideInvariant"/>).
/// </summary>
internal sealed class Override : Workload
{
    private const int WorkMost = 5000;     // messages of one agent that does default work
    private const int FairShare = 64;      // turns; as Limits.FairShare, told anew so that a change there is noticed

    public override string Name => "override";

    public override string Promise =>
        "whoever waits for an answer is served in its class by all that stand before it, lane by lane in order";

    protected internal override void Run(WorkloadRun run)
    {
        Simulation simulation = run.Start(run.DrawOptions() with
        {
            Cores = 1 + run.Choices.Draw(3),
            InterruptOneIn = run.Choices.Pick([0, 100]),
            Faults = FaultOptions.None,
        });
        Kernel kernel = simulation.Kernel;
        var book = new Book(run, simulation, servers: 1 + run.Choices.Draw(4), asks: run.Choices.Pick([20, 60]));
        AgentId supervisor = kernel.Spawn(
            "restarts servers", static () => new Supervisor(new SupervisorOptions { Intensity = int.MaxValue }),
            new SpawnOptions { Qos = Qos.UserInteractive });      // else who waits for a server waits for its restart
        for (int i = book.Servers - 1; i >= 0; i--)
        {
            int index = i;
            AgentId? next = i + 1 < book.Servers ? book.Ids[i + 1] : null;
            book.Ids[i] = kernel.Spawn($"server {i}", born => new Server(book, index, born, next), new SpawnOptions
            {
                Core = run.Choices.Draw(kernel.Cores.Length),
                Qos = (Qos)run.Choices.Draw(2),
                Supervisor = supervisor,
            });
        }

        for (int core = 0; core < kernel.Cores.Length; core++)
        {
            AddDefaultWork(kernel, book, core);
        }

        AddBurdens(run, simulation, book);
        AddAskers(run, simulation, book);
        simulation.RunToEnd();
        book.Check();
    }

    private static void AddDefaultWork(Kernel kernel, Book book, int core)
    {
        for (int i = 0; i < 2; i++)
        {
            Worker worker = null!;
            AgentId id = kernel.Spawn(
                $"work {core}/{i}", () => worker = new Worker(book, core), new SpawnOptions { Core = core });
            worker.Self = kernel.GrantTo<Work>(id, id);
            kernel.Grant<Work>(id).Send(default);
        }
    }

    /// <summary>Numbered for each server and lane.</summary>
    private static void AddBurdens(WorkloadRun run, Simulation simulation, Book book)
    {
        Kernel kernel = simulation.Kernel;
        int acts = 0;
        Capability<Burden>[,] ways = new Capability<Burden>[book.Servers, 2];
        int[,] numbers = new int[book.Servers, 2];
        for (int i = 0; i < book.Servers; i++)
        {
            ways[i, 0] = kernel.Grant<Burden>(book.Ids[i]);
            ways[i, 1] = kernel.Grant<Burden>(book.Ids[i], Rights.Send | Rights.Priority);
        }

        simulation.AddActor("burdens", () =>
        {
            int server = run.Choices.Draw(book.Servers), lane = run.Choices.Chance(8) ? 1 : 0;
            for (int i = run.Choices.Draw(lane == 0 ? 200 : 3); i > 0; i--)
            {
                bool crashes = run.Choices.Chance(500);
                var burden = new Burden(server, lane, numbers[server, lane], crashes);
                if (ways[server, lane].Send(burden) == SendResult.Sent)
                {
                    numbers[server, lane]++;
                }
            }

            return book.HasMore && ++acts < 100;
        });
    }

    private static void AddAskers(WorkloadRun run, Simulation simulation, Book book)
    {
        Kernel kernel = simulation.Kernel;
        int askers = 1 + run.Choices.Draw(4);
        for (int i = 0; i < askers; i++)
        {
            var qos = (Qos)run.Choices.Draw(5);
            AgentId asker = kernel.Spawn(
                $"asker {i}, {qos}", born => new Asker(book, born, qos),
                new SpawnOptions { Core = run.Choices.Draw(kernel.Cores.Length), Qos = qos });
            Capability<Go> go = kernel.Grant<Go>(asker);
            simulation.AddActor($"has asker {i} ask", () => go.Send(default) == SendResult.Sent && book.HasMore);
        }

        AskCapability<Need, Done>[] ways = [.. book.Ids.Select(
            to => kernel.GrantAsk<Need, Done>(to, qos: (Qos)run.Choices.Draw(5)))];
        simulation.AddActor("asks", () =>
        {
            if (run.Choices.Draw(8) == 0 && book.TryBegin())
            {
                int to = run.Choices.Draw(book.Servers);
                book.Owe(book.End(ways[to].AskAsync(new Need(book.DrawDepth()), book.DrawPatience())));
            }

            return book.HasMore;
        });
    }

    private readonly record struct Work;

    private readonly record struct Go;

    private readonly record struct Burden(int Server, int Lane, int Number, bool Crashes);

    /// <summary>To be answered after asking so many others, one by way of the next.</summary>
    private readonly record struct Need(int Depth);

    private readonly record struct Done(int Answers);

    /// <summary>Always has something to do, a message in a turn.</summary>
    private sealed class Worker(Book book, int core) : Agent, IHandleAsync<Work>
    {
        private int _left = WorkMost;

        public Capability<Work> Self { get; set; }

        public async ValueTask HandleAsync(Work message, AgentContext context, CancellationToken cancellationToken)
        {
            book.NoteDefaultTurn(core);
            if (book.IsUnderWay && --_left > 0)      // not for ever: the cores may be let run and nobody else
            {
                context.Send(Self, message);
            }

            await Task.Yield();
            book.NoteDefaultTurn(core);
        }
    }

    private sealed class Server(Book book, int index, Endowment born, AgentId? next)
        : Agent, IHandle<Burden>, IAnswerAsync<Need, Done>
    {
        private readonly AskCapability<Need, Done> _next = next is { } id ? born.GrantAsk<Need, Done>(id) : default;

        public void Handle(in Burden message, Context context)
        {
            book.Burdened(index, message.Lane, message.Number);
            if (message.Crashes)
            {
                book.Crashes();
                throw new InvalidOperationException("A bug that it was told to have.");
            }
        }

        public async ValueTask<Done> AnswerAsync(
            Need request, AgentContext context, CancellationToken cancellationToken)
        {
            if (request.Depth == 0 || index + 1 == book.Servers)
            {
                return new Done(1);
            }

            book.PassedOn();
            Done rest = await context.AskAsync(
                _next, new Need(request.Depth - 1), Timeout.InfiniteTimeSpan, cancellationToken).ConfigureAwait(true);
            return new Done(rest.Answers + 1);
        }
    }

    /// <summary>Asks again and again, and measures how much default work was done meanwhile.</summary>
    private sealed class Asker(Book book, Endowment born, Qos qos) : Agent, IHandleAsync<Go>
    {
        private readonly AskCapability<Need, Done>[] _ways =
            [.. book.Ids.Select(to => born.GrantAsk<Need, Done>(to))];

        public async ValueTask HandleAsync(Go message, AgentContext context, CancellationToken cancellationToken)
        {
            if (!book.TryBegin())
            {
                return;
            }

            int to = book.DrawServer(), depth = book.DrawDepth();
            TimeSpan patience = book.DrawPatience();
            using IDisposable watch = book.Watch(qos, patience);
            await book.End(context.AskAsync(_ways[to], new Need(depth), patience, cancellationToken))
                .ConfigureAwait(true);
        }
    }

    private sealed class Book(WorkloadRun run, Simulation simulation, int servers, int asks)
    {
        private readonly List<Task> _owed = [];
        private readonly int[,] _next = new int[servers, 2];
        private readonly HashSet<Watched> _watched = [];
        private readonly long[] _lastTurn = [.. Enumerable.Repeat(-1L, simulation.Kernel.Cores.Length)];
        private int _begun;
        private int _ended;

        public int Servers => servers;

        public AgentId[] Ids { get; } = new AgentId[servers];

        public bool HasMore => _begun < asks;

        public bool IsUnderWay => HasMore || _ended < _begun;

        public bool TryBegin()
        {
            bool begins = HasMore;
            _begun += begins ? 1 : 0;
            return begins;
        }

        public int DrawServer() => run.Choices.Draw(servers);

        public int DrawDepth() => run.Choices.Draw(servers);

        public TimeSpan DrawPatience() =>
            run.Choices.Chance(5) ? TimeSpan.FromMilliseconds(20 + run.Choices.Draw(50)) : Timeout.InfiniteTimeSpan;

        public void Owe(Task task) => _owed.Add(task);

        public void Crashes() => run.Note("servers crashed");

        public void PassedOn() => run.Note("asks passed on");

        /// <summary>However the ask ends, it is over.</summary>
        public async Task End(ValueTask<Done> ask)
        {
            try
            {
                simulation.Require(
                    (await ask.ConfigureAwait(true)).Answers >= 1, "INV-07", "an answer that nobody gave.");
                run.Note("asks Replied");
            }
            catch (AskException failed)
            {
                run.Note($"asks {failed.Outcome}");
            }
            finally
            {
                _ended++;
            }
        }

        /// <summary>One ask of somebody above the default: it waits from now on, on one core or several.</summary>
        public IDisposable Watch(Qos qos, TimeSpan patience) => new Watched(this, qos > Qos.Default
            && patience == Timeout.InfiniteTimeSpan && simulation.Kernel.Cores.Length == 1);

        public void NoteDefaultTurn(int core)
        {
            long turn = simulation.Kernel.Cores[core].Counters.Turns;
            if (turn == _lastTurn[core])
            {
                return;
            }

            _lastTurn[core] = turn;
            foreach (Watched ask in _watched)
            {
                ask.Note(turn);
            }
        }

        public void Burdened(int server, int lane, int number)
        {
            int expected = _next[server, lane];
            simulation.Require(
                number == expected, "INV-02", $"server {server} is told {number} in lane {lane}, not {expected}.");
            _next[server, lane]++;
            run.Note("overtook", lane == 1 && number > _next[server, 0] ? 1 : 0);
        }

        public void Check()
        {
            simulation.Require(_owed.All(static task => task.IsCompleted), "INV-07", "the host waits for ever.");
            simulation.Require(_ended == _begun, "INV-07", $"{_begun - _ended} asks never ended.");
            run.Note("raised while they waited", simulation.Kernel.Cores.Sum(static core => core.Counters.Raised));
        }

        /// <summary>INV-40: of the turns since it asked, the default work beside it has no more than a lowest band and
        /// one in rotation have.</summary>
        private sealed class Watched : IDisposable
        {
            private readonly Book _book;
            private readonly long _since;
            private int _turns;

            public Watched(Book book, bool counts)
            {
                _book = book;
                _since = book.TurnsOfTheFirst;
                if (counts)
                {
                    book._watched.Add(this);
                    book.NoteUrgent();
                }
            }

            public void Note(long turn)
            {
                _turns++;
                _book.RequireShare(_turns, turn - _since);
            }

            public void Dispose() => _book._watched.Remove(this);
        }

        private long TurnsOfTheFirst => simulation.Kernel.Cores[0].Counters.Turns;

        private void NoteUrgent() => run.Note("urgent asks");

        private void RequireShare(int turns, long of)
        {
            run.Note("turns of default work meanwhile");
            simulation.Require(
                turns <= 2 + (2 * of / FairShare), "INV-40",
                $"default work had {turns} of {of} turns while somebody of a higher class waited.");
        }
    }
}
