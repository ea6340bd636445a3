using Outheis.Supervision;

namespace Outheis.Testing;

/// <summary>
/// Stores that are reentrant are read and written by many, ask each other in order to answer, crash and are restarted:
/// never is a writer beside a reader, and what is begun is begun in the order of the sending (GC-02). Callers
/// that are open to their own call chains are asked back by those whom they ask: they answer, and begin nothing else.
/// Every ask ends, though none has a timeout.
/// </summary>
internal sealed class Barriers : Workload
{
    private const int StoresMost = 3;

    public override string Name => "barriers";

    public override string Promise =>
        "never a writer beside a reader; whoever is asked back by whom he asks answers, and begins nothing else";

    protected internal override void Run(WorkloadRun run)
    {
        Simulation simulation = run.Start();
        Kernel kernel = simulation.Kernel;
        var book = new Book(run, simulation, acts: run.Choices.Pick([60, 200]));
        AgentId supervisor = kernel.Spawn(
            "restarts them", static () => new Supervisor(new SupervisorOptions { Intensity = int.MaxValue }));
        SpawnOptions Drawn() => new()
        {
            Core = run.Choices.Draw(kernel.ListCores().Count),
            Qos = (Qos)run.Choices.Draw(5),
            Capacity = run.Choices.Pick([64, 4]),
            Supervisor = supervisor,
        };
        AgentId? next = null;
        for (int i = 1 + run.Choices.Draw(StoresMost); i > 0; i--)
        {
            AgentId? beyond = next;
            AgentId store = kernel.Spawn($"store {i}", born => new Store(book, born, beyond), Drawn());
            next = store;
            AddReadersAndWriters(run, simulation, book, store);
        }

        Relay first = null!;
        AgentId relay = kernel.Spawn("relay", born =>
        {
            var made = new Relay(book, book.Callers.Select(caller => born.GrantAsk<Back, Done>(caller)));
            first ??= made;
            return made;
        }, Drawn());
        for (int i = 1 + run.Choices.Draw(2); i > 0; i--)
        {
            AgentId caller = kernel.Spawn("caller", born => new Caller(book, born, relay), Drawn());
            first.Ways.Add(kernel.GrantAskTo<Back, Done>(relay, caller));
            book.Callers.Add(caller);
            AddCalls(run, simulation, book, caller);
        }

        simulation.RunToEnd();
        book.Check();
    }

    private static void AddReadersAndWriters(WorkloadRun run, Simulation simulation, Book book, AgentId store)
    {
        Kernel kernel = simulation.Kernel;
        Capability<Read> read = kernel.Grant<Read>(store);
        Capability<Write> write = kernel.Grant<Write>(store);
        AskCapability<Look, Done> look = kernel.GrantAsk<Look, Done>(store);
        AskCapability<Change, Done> change = kernel.GrantAsk<Change, Done>(store);
        int number = 0;
        simulation.AddActor($"reads and writes {store}", () =>
        {
            int steps = run.Choices.Draw(4);
            switch (run.Choices.Draw(8))
            {
                case 0:
                    _ = write.Send(new Write(number++, steps));
                    break;
                case 1:
                    book.Owe(change.AskAsync(new Change(number++, steps), Timeout.InfiniteTimeSpan));
                    break;
                case 2 or 3:
                    book.Owe(look.AskAsync(new Look(number++, steps, run.Choices.Draw(StoresMost)),
                        Timeout.InfiniteTimeSpan));
                    break;
                default:
                    _ = read.Send(new Read(number++, steps));
                    break;
            }

            return book.HasMore();
        });
    }

    private static void AddCalls(WorkloadRun run, Simulation simulation, Book book, AgentId caller)
    {
        Kernel kernel = simulation.Kernel;
        Capability<Go> go = kernel.Grant<Go>(caller);
        Capability<Write> tell = kernel.Grant<Write>(caller);
        AskCapability<Back, Done> ask = kernel.GrantAsk<Back, Done>(caller);
        int number = 0;
        simulation.AddActor($"has {caller} call", () =>
        {
            switch (run.Choices.Draw(3))
            {
                case 0:
                    _ = go.Send(new Go(book.Callers.IndexOf(caller), ++number, run.Choices.Draw(3)));
                    break;
                case 1:
                    _ = tell.Send(new Write(0, 0));
                    break;
                default:
                    book.Owe(ask.AskAsync(default, Timeout.InfiniteTimeSpan));
                    break;
            }

            return book.HasMore();
        });
    }

    /// <summary>To be handled in so many stretches.</summary>
    private readonly record struct Read(int Number, int Steps);

    private readonly record struct Write(int Number, int Steps);

    private readonly record struct Change(int Number, int Steps);

    /// <summary>To be answered after asking so many others, one by way of the next.</summary>
    private readonly record struct Look(int Number, int Steps, int Depth);

    private readonly record struct Done(int Number);

    private readonly record struct Go(int Caller, int Number, int Times);

    private readonly record struct Around(int Caller, int Number, int Times);

    private readonly record struct Back(int Number);

    private sealed class Store(Book book, Endowment born, AgentId? next)
        : Agent, IHandleAsync<Read>, IHandleAsync<Write>, IAnswerAsync<Look, Done>, IAnswerAsync<Change, Done>,
            IBarrier<Write>, IBarrier<Change>
    {
        private readonly AskCapability<Look, Done> _next = next is { } id ? born.GrantAsk<Look, Done>(id) : default;
        private int _readers;
        private int _writers;
        private int _last = -1;

        protected internal override Reentrancy Reentrancy => Reentrancy.Always;

        public async ValueTask HandleAsync(Read message, AgentContext context, CancellationToken cancellationToken)
        {
            BeginReading(message.Number);
            await RunOn(message.Steps, context).ConfigureAwait(true);
            _readers--;
        }

        public async ValueTask HandleAsync(Write message, AgentContext context, CancellationToken cancellationToken)
        {
            BeginWriting(message.Number);
            await RunOn(message.Steps, context).ConfigureAwait(true);
            _writers--;
        }

        public async ValueTask<Done> AnswerAsync(
            Change request, AgentContext context, CancellationToken cancellationToken)
        {
            BeginWriting(request.Number);
            await RunOn(request.Steps, context).ConfigureAwait(true);
            _writers--;
            return new Done(request.Number);
        }

        public async ValueTask<Done> AnswerAsync(
            Look request, AgentContext context, CancellationToken cancellationToken)
        {
            BeginReading(request.Number);
            await RunOn(request.Steps, context).ConfigureAwait(true);
            if (request.Depth > 0 && next is not null)
            {
                var deeper = new Look(-1, request.Steps, request.Depth - 1);
                await book.Try(context.AskAsync(_next, deeper, Timeout.InfiniteTimeSpan, cancellationToken))
                    .ConfigureAwait(true);
            }

            _readers--;
            return new Done(request.Number);
        }

        private static async ValueTask RunOn(int steps, AgentContext context)
        {
            for (int i = 0; i < steps; i++)
            {
                await context.Yield();
            }
        }

        private void BeginReading(int number)
        {
            book.Require(_writers == 0, "barrier", $"{number} reads beside a writer.");
            book.NoteBeside(_readers++);
            Begin(number);
        }

        private void BeginWriting(int number)
        {
            book.Require(
                _writers == 0 && _readers == 0, "barrier",
                $"{number} writes beside {_readers} readers and {_writers} writers.");
            _writers++;
            Begin(number);
        }

        private void Begin(int number)
        {
            book.Require(number < 0 || number > _last, "INV-02", $"{number} is begun after {_last}.");
            _last = number < 0 ? _last : number;
        }
    }

    /// <summary>Asks, and is asked meanwhile.</summary>
    private sealed class Caller(Book book, Endowment born, AgentId relay)
        : Agent, IHandleAsync<Go>, IHandle<Write>, IAnswer<Back, Done>
    {
        private readonly AskCapability<Around, Done> _relay = born.GrantAsk<Around, Done>(relay);
        private int _calling;      // 0: nobody

        protected internal override Reentrancy Reentrancy => Reentrancy.CallChain;

        public async ValueTask HandleAsync(Go message, AgentContext context, CancellationToken cancellationToken)
        {
            book.Require(_calling == 0, "call chain", $"{message.Number} begins beside {_calling}.");
            _calling = message.Number;
            var around = new Around(message.Caller, message.Number, message.Times);
            await book.Try(context.AskAsync(_relay, around, Timeout.InfiniteTimeSpan, cancellationToken))
                .ConfigureAwait(true);
            _calling = 0;
        }

        public void Handle(in Write message, Context context) =>
            book.Require(_calling == 0, "call chain", $"A message is handled beside {_calling}.");

        public Done Answer(in Back request, Context context)
        {
            book.Require(
                _calling == 0 || _calling == request.Number, "call chain",
                $"A request of {request.Number} is answered beside {_calling}.");
            book.NoteBack(_calling != 0);
            return new Done(request.Number);
        }
    }

    /// <summary>Asks back whoever asks.</summary>
    private sealed class Relay(Book book, IEnumerable<AskCapability<Back, Done>> ways)
        : Agent, IAnswerAsync<Around, Done>
    {
        public List<AskCapability<Back, Done>> Ways { get; } = [.. ways];

        public async ValueTask<Done> AnswerAsync(
            Around request, AgentContext context, CancellationToken cancellationToken)
        {
            for (int i = 0; i < request.Times; i++)
            {
                var back = new Back(request.Number);
                await book.Try(context.AskAsync(
                    Ways[request.Caller], back, Timeout.InfiniteTimeSpan, cancellationToken)).ConfigureAwait(true);
            }

            return new Done(request.Number);
        }
    }

    private sealed class Book(WorkloadRun run, Simulation simulation, int acts)
    {
        private readonly List<Task> _owed = [];
        private int _acts;

        public List<AgentId> Callers { get; } = [];

        public bool HasMore() => ++_acts < acts;

        public void Require(bool holds, string promise, string what) => simulation.Require(holds, promise, what);

        public void NoteBeside(int readers) => run.Note("readers beside each other", readers > 0 ? 1 : 0);

        public void NoteBack(bool isBeside) => run.Note(isBeside ? "asked back" : "asked");

        public void Owe(ValueTask<Done> ask) => _owed.Add(Try(ask).AsTask());

        public async ValueTask Try(ValueTask<Done> ask)
        {
            try
            {
                await ask.ConfigureAwait(true);
                run.Note("asks Replied");
            }
            catch (AskException failed)
            {
                run.Note($"asks {failed.Outcome}");
            }
            catch (OperationCanceledException)
            {
                run.Note("asks given up");
            }
        }

        public void Check() =>
            Require(_owed.All(static task => task.IsCompleted), "INV-07", "Somebody waits for ever.");
    }
}
