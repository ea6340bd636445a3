namespace Outheis.Testing;

/// <summary>
/// Agents on budgets, one within another, each with its period and policy, get work, take time, write into the
/// journal, reserve and settle units of their own, more or less than it was, crash, and are ended because a budget is
/// used up; some have several turns in flight. No level is ever exceeded but by the turns that began while something
/// was left and by what was settled beyond its reservation, nobody is stuck, and what comes of being exhausted is
/// what the policy says, once in a period. See SE-40.
/// </summary>
internal sealed partial class Budgets : Workload
{
    private const string Tokens = "tokens";
    private const int ActsMost = 150;

    public override string Name => "budgets";

    public override string Promise =>
        "no budget is exceeded but by debts and by a turn, parents cap their children, every message is handled in the "
        + "end, in the first period that has something for it, and who is exhausted gets what the policy says";

    protected internal override void Run(WorkloadRun run)
    {
        SimulationOptions options = run.DrawOptions() with { Faults = FaultOptions.None };      // it has its own
        SimulatedDisk? disk = run.Choices.Chance(2) ? new SimulatedDisk() : null;
        Simulation simulation = run.Start(options with { Disk = disk });
        Kernel kernel = simulation.Kernel;
        var book = new Book(run, simulation);
        AgentId boss = kernel.Spawn("boss", () => new Boss(book));
        AgentId archive = kernel.Spawn("archive", static () => new Archive());
        int levels = 1 + run.Choices.Draw(4);
        for (int i = 0; i < levels; i++)
        {
            book.AddLevel(i == 0 ? -1 : run.Choices.Draw(i + 1) - 1);
        }

        int workers = 2 + run.Choices.Draw(4);
        for (int i = 0; i < workers; i++)
        {
            book.AddWorker(boss, archive, run.Choices.Draw(levels));
        }

        int acts = 0;
        simulation.AddActor("gives work", () =>
        {
            book.GiveWork();
            book.LookWhoWaits();
            return ++acts < ActsMost;
        });
        simulation.RunToEnd();
        book.CheckAllWasDone();
    }

    /// <summary>What to reserve, what it comes to, what becomes of it, and how long each stretch takes and how much it
    /// says.</summary>
    private readonly record struct Work(int Tokens, int Actual, int Kind, int Microseconds, int Lines);

    private readonly record struct Line(long Number);

    private readonly record struct Question;

    private sealed class Worker(Book book, Level level, Endowment born, AgentId archive, bool isReentrant)
        : Agent, IHandleAsync<Work>
    {
        private readonly Capability<Line> _line = born.Grant<Line>(archive);
        private readonly AskCapability<Question, int> _ask = born.GrantAsk<Question, int>(archive);
        private int _inFlight;
        private bool _isOver;

        protected internal override Reentrancy Reentrancy => isReentrant ? Reentrancy.Always : Reentrancy.None;

        protected internal override void OnStop(ExitReason reason) => _isOver = true;

        public async ValueTask HandleAsync(Work message, AgentContext context, CancellationToken cancellationToken)
        {
            book.Handles(level, ++_inFlight);
            ReserveResult result = context.Reserve(Tokens, message.Tokens, out Reservation? reservation);
            book.Reserved(level, message.Tokens, result);
            Stretch(in message, context);
            if (message.Kind % 4 == 0)
            {
                await context.Yield();
            }
            else if (message.Kind % 4 == 1)
            {
                await context.AskAsync(_ask, default, Timeout.InfiniteTimeSpan, cancellationToken)
                    .ConfigureAwait(true);
            }

            if (message.Kind == 15)
            {
                book.NoteCrash();      // what it reserved stays taken
                throw new InvalidOperationException("A bug that it was told to have.");
            }

            if (message.Kind % 4 < 2 && !_isOver)
            {
                Stretch(in message, context);      // on the budget still, in another turn
            }

            if (reservation is not null && message.Kind != 14)
            {
                reservation.Settle(message.Actual);
                book.Settled(level, message.Tokens, message.Actual);
            }

            _inFlight--;
        }

        private void Stretch(in Work message, AgentContext context)
        {
            book.Takes(level, TimeSpan.FromMicroseconds(message.Microseconds));
            for (int i = 0; i < message.Lines; i++)
            {
                book.Writes(level, () => _ = context.Send(_line, new Line(book.NextLine())));
            }
        }
    }

    private sealed class Archive : Agent, IHandle<Line>, IAnswer<Question, int>
    {
        public void Handle(in Line message, Context context)
        {
        }

        public int Answer(in Question request, Context context) => 0;
    }

    private sealed class Boss(Book book) : Agent, IHandle<ExitSignal>, IHandle<BudgetExhausted>
    {
        public void Handle(in ExitSignal message, Context context)
        {
            if (message.Reason.Exception is BudgetExhaustedException why)
            {
                book.Told(message.Agent, why.Budget, why.Unit, WhenExhausted.Stop);
            }

            context.Restart(message.Agent);
        }

        public void Handle(in BudgetExhausted message, Context context) =>
            book.Told(message.Agent, message.Budget, message.Unit, WhenExhausted.Notify);
    }
}
