namespace Outheis.Testing;

/// <summary>
/// Agents on budgets, one within another, each with its period and policy, get work, reserve and settle units of
/// their own, more or less than it was, crash, and are ended because a budget is used up. No level is ever exceeded
/// but by what was settled beyond its reservation, nobody is stuck, and what comes of being exhausted is what the
/// policy says, once in a period. See SE-40.
/// </summary>
internal sealed class Budgets : Workload
{
    private const string Tokens = "tokens";
    private const int ActsMost = 150;

    public override string Name => "budgets";

    public override string Promise =>
        "no budget is exceeded but by debts, parents cap their children, every message is handled in the end, "
        + "and who is exhausted gets what the policy says";

    protected internal override void Run(WorkloadRun run)
    {
        Simulation simulation = run.Start(run.DrawOptions() with { Faults = FaultOptions.None });      // it has its own
        var book = new Book(run, simulation);
        AgentId boss = simulation.Kernel.Spawn("boss", () => new Boss(book));
        int levels = 1 + run.Choices.Draw(4);
        for (int i = 0; i < levels; i++)
        {
            book.AddLevel(i == 0 ? -1 : run.Choices.Draw(i + 1) - 1);
        }

        int workers = 2 + run.Choices.Draw(4);
        for (int i = 0; i < workers; i++)
        {
            book.AddWorker(boss, run.Choices.Draw(levels));
        }

        int acts = 0;
        simulation.AddActor("gives work", () =>
        {
            book.GiveWork();
            return ++acts < ActsMost;
        });
        simulation.RunToEnd();
        book.CheckAllWasDone();
    }

    private readonly record struct Work(int Tokens, int Actual, int Kind);

    /// <summary>A budget, and what is known of it from outside.</summary>
    private sealed class Level(Budget budget, Level? parent, BudgetOptions options, TimeSpan made)
    {
        public Budget Budget => budget;

        public Level? Parent => parent;

        public BudgetOptions Options => options;

        public long? Limit { get; } = options.Units.TryGetValue(Tokens, out long limit) ? limit : null;

        public long Handled { get; set; }

        public long Spent { get; set; }      // what is settled, and what is reserved and not settled

        public long Owed { get; set; }       // of it: beyond the reservations

        /// <summary>That began so far, the first one too.</summary>
        public long Periods(TimeSpan now) => 1 + ((now - made).Ticks / options.Period.Ticks);
    }

    private sealed class Book(WorkloadRun run, Simulation simulation)
    {
        private readonly List<Level> _levels = [];
        private readonly List<(Level Level, Capability<Work> Way)> _workers = [];
        private readonly Dictionary<(AgentId, string), long> _told = [];
        private long _accepted;
        private long _handled;

        public void AddLevel(int parent)
        {
            Level? above = parent < 0 ? null : _levels[parent];
            var options = new BudgetOptions
            {
                Period = TimeSpan.FromMilliseconds(run.Choices.Pick([10, 20, 50])),
                Messages = run.Choices.Chance(4) ? null : 1 + run.Choices.Draw(12),
                Units = above is not null && run.Choices.Chance(2)
                    ? new Dictionary<string, long>()
                    : new Dictionary<string, long> { [Tokens] = 5 + run.Choices.Draw(40) },
                WhenExhausted = (WhenExhausted)run.Choices.Draw(3),
            };
            TimeSpan now = simulation.Time.Now;
            Budget budget = simulation.Kernel.CreateBudget($"budget {_levels.Count}", options, above?.Budget);
            _levels.Add(new Level(budget, above, options, now));
        }

        public void AddWorker(AgentId boss, int level)
        {
            Level on = _levels[level];
            var options = new SpawnOptions
            {
                Budget = on.Budget,
                Supervisor = boss,
                Qos = (Qos)run.Choices.Draw(5),
            };
            AgentId id = simulation.Kernel.Spawn($"worker {_workers.Count}", () => new Worker(this, on), options);
            _workers.Add((on, simulation.Kernel.Grant<Work>(id)));
        }

        public void GiveWork()
        {
            for (int i = run.Choices.Draw(4); i > 0; i--)
            {
                int tokens = run.Choices.Draw(12);
                var work = new Work(tokens, run.Choices.Draw(tokens + 6), run.Choices.Draw(16));
                _accepted += _workers[run.Choices.Draw(_workers.Count)].Way.Send(work) == SendResult.Sent ? 1 : 0;
            }
        }

        public void Handles(Level level)
        {
            _handled++;
            foreach (Level each in Above(level))
            {
                long most = (each.Options.Messages ?? long.MaxValue / 4096) * each.Periods(simulation.Time.Now);
                simulation.Require(
                    ++each.Handled <= most, "SE-40", $"{each.Budget.Name}: {each.Handled} messages, of {most} so far.");
            }
        }

        public void Reserved(Level level, int amount, ReserveResult result)
        {
            run.Note($"reservations {result}");
            bool isTooMuch = Above(level).Any(each => each.Limit < amount);
            simulation.Require(
                isTooMuch == (result == ReserveResult.TooMuch), "SE-40", $"a reservation of {amount} was {result}.");
            if (result == ReserveResult.Granted)
            {
                Spend(level, amount, owed: 0);
            }
        }

        public void Settled(Level level, int amount, int actual)
        {
            run.Note("settled for more", actual > amount ? 1 : 0);
            Spend(level, actual - amount, Math.Max(0, actual - amount));
        }

        /// <summary>A level that is exhausted says what comes of it, once in a period for each agent.</summary>
        public void Told(AgentId agent, string budget, WhenExhausted policy)
        {
            run.Note($"exhausted {policy}");
            Level level = _levels.Single(one => one.Budget.Name == budget);
            simulation.Require(
                level.Options.WhenExhausted == policy, "SE-40",
                $"{budget} says {level.Options.WhenExhausted}, and what came was {policy}.");
            long times = _told[(agent, budget)] = _told.GetValueOrDefault((agent, budget)) + 1;
            long most = level.Periods(simulation.Time.Now);
            simulation.Require(times <= most, "SE-40", $"{agent}: {budget} told {times} times in {most} periods.");
        }

        public void NoteCrash() => run.Note("crashes");

        public void CheckAllWasDone()
        {
            simulation.Require(
                _handled == _accepted, "SE-40", $"{_accepted} were accepted, {_handled} handled: somebody is stuck.");
            run.Note("turns that waited for a period", _levels.Sum(static level => level.Budget.Describe().Exhausted));
        }

        private void Spend(Level level, int amount, int owed)
        {
            foreach (Level each in Above(level).Where(static each => each.Limit is not null))
            {
                each.Spent += amount;
                each.Owed += owed;
                long most = (each.Limit!.Value * each.Periods(simulation.Time.Now)) + each.Owed;
                simulation.Require(
                    each.Spent <= most, "SE-40", $"{each.Budget.Name}: {each.Spent} tokens, of {most} so far.");
            }
        }

        private static IEnumerable<Level> Above(Level level)
        {
            for (Level? each = level; each is not null; each = each.Parent)
            {
                yield return each;
            }
        }
    }

    private sealed class Worker(Book book, Level level) : Agent, IHandleAsync<Work>
    {
        public async ValueTask HandleAsync(Work message, AgentContext context, CancellationToken cancellationToken)
        {
            book.Handles(level);
            ReserveResult result = context.Reserve(Tokens, message.Tokens, out Reservation? reservation);
            book.Reserved(level, message.Tokens, result);
            if (message.Kind % 4 == 0)
            {
                await context.Yield();
            }

            if (message.Kind == 15)
            {
                book.NoteCrash();      // what it reserved stays taken
                throw new InvalidOperationException("A bug that it was told to have.");
            }

            if (reservation is not null && message.Kind != 14)
            {
                reservation.Settle(message.Actual);
                book.Settled(level, message.Tokens, message.Actual);
            }
        }
    }

    private sealed class Boss(Book book) : Agent, IHandle<ExitSignal>, IHandle<BudgetExhausted>
    {
        public void Handle(in ExitSignal message, Context context)
        {
            if (message.Reason.Exception is BudgetExhaustedException why)
            {
                book.Told(message.Agent, why.Budget, WhenExhausted.Stop);
            }

            context.Restart(message.Agent);
        }

        public void Handle(in BudgetExhausted message, Context context) =>
            book.Told(message.Agent, message.Budget, WhenExhausted.Notify);
    }
}
