namespace Outheis.Testing;

/// <content>What is known of budgets and agents from outside, and what has to hold.</content>
internal sealed partial class Budgets
{
    /// <summary>A budget, and what is known of it from outside.</summary>
    private sealed class Level(Budget budget, Level? parent, BudgetOptions options, TimeSpan made, int cores)
    {
        public Budget Budget => budget;

        public Level? Parent => parent;

        public BudgetOptions Options => options;

        public long? Limit { get; } = options.Units.TryGetValue(Tokens, out long limit) ? limit : null;

        public long Handled { get; set; }

        public long Spent { get; set; }      // what is settled, and what is reserved and not settled

        public long Owed { get; set; }       // of it: beyond the reservations

        /// <summary>In ticks, by its agents' own code.</summary>
        public Meter Time { get; } = new("core time", options.CoreTime?.Ticks, cores);

        /// <summary>By what its agents sent.</summary>
        public Meter Journal { get; } = new("journal bytes", options.JournalBytes, cores);

        /// <summary>It and those above.</summary>
        public IEnumerable<Level> WithAbove
        {
            get
            {
                for (Level? each = this; each is not null; each = each.Parent)
                {
                    yield return each;
                }
            }
        }

        /// <summary>That began so far, the first one too.</summary>
        public long Periods(TimeSpan now) => 1 + ((now - made).Ticks / options.Period.Ticks);

        /// <summary>When something is there of all units of turns, if nobody takes more until then.</summary>
        public TimeSpan HasSomethingAt(TimeSpan now)
        {
            long periods = budget.Describe().Units.Take(3).Max(
                static unit => unit is { Left: <= 0 and var left, Limit: { } limit } ? 1 - (left / limit) : 0);
            return made + ((Periods(now) - 1 + periods) * options.Period);
        }
    }

    /// <summary>What turns use while they go on: it is charged when they are over, so each turn may go beyond the limit
    /// that began while something was left, and of each core one may be under way.</summary>
    private sealed class Meter(string unit, long? limit, int cores)
    {
        private readonly long[] _turn = new long[cores];         // by core: which is under way, or was last
        private readonly long[] _ofTurn = new long[cores];       // what that one has used
        private readonly long[] _largest = new long[cores];      // of any
        private long _used;

        public bool IsLimited => limit is not null;

        /// <summary>The same turn may come again and again.</summary>
        /// <returns>Null: it may. Else what is wrong with it.</returns>
        public string? Use(Core core, long amount, long periods)
        {
            int at = core.Index;
            (_turn[at], _ofTurn[at]) = (core.Counters.Turns, _turn[at] == core.Counters.Turns ? _ofTurn[at] : 0);
            _ofTurn[at] += amount;
            _used += amount;
            _largest[at] = Math.Max(_largest[at], _ofTurn[at]);
            long others = _largest.Sum() - _largest[at];
            return _used - _ofTurn[at] - others < limit * periods || limit is null ? null
                : $"{_used} {unit}, {_ofTurn[at]} in this turn, others at most {others}, of {limit * periods} so far";
        }
    }

    private sealed class Book(WorkloadRun run, Simulation simulation)
    {
        private readonly List<Level> _levels = [];
        private readonly List<(Level Level, AgentId Id, Capability<Work> Way)> _workers = [];
        private readonly Dictionary<(AgentId, string), long> _told = [];
        private readonly HashSet<AgentId> _toBeTold = [];      // seen to wait on budgets that all notify
        private long _accepted;
        private long _handled;
        private long _lines;

        public void AddLevel(int parent)
        {
            Choices choices = run.Choices;
            Level? above = parent < 0 ? null : _levels[parent];
            var options = new BudgetOptions
            {
                Period = TimeSpan.FromMilliseconds(choices.Pick([10, 20, 50])),
                Messages = choices.Chance(4) ? null : 1 + choices.Draw(12),
                CoreTime = choices.Chance(2) ? null : TimeSpan.FromMicroseconds(500 + choices.Draw(5000)),
                JournalBytes = simulation.Disk is null || choices.Chance(2) ? null : 100 + choices.Draw(1500),
                Units = above is not null && choices.Chance(2)
                    ? new Dictionary<string, long>()
                    : new Dictionary<string, long> { [Tokens] = 5 + choices.Draw(40) },
                WhenExhausted = (WhenExhausted)choices.Draw(3),
            };
            TimeSpan now = simulation.Time.Now;
            Budget budget = simulation.Kernel.CreateBudget($"budget {_levels.Count}", options, above?.Budget);
            _levels.Add(new Level(budget, above, options, now, simulation.Kernel.Cores.Length));
        }

        public void AddWorker(AgentId boss, AgentId archive, int level)
        {
            Level on = _levels[level];
            bool isReentrant = run.Choices.Chance(3);
            var options = new SpawnOptions
            {
                Budget = on.Budget,
                Supervisor = boss,
                Qos = (Qos)run.Choices.Draw(5),
            };
            AgentId id = simulation.Kernel.Spawn(
                $"worker {_workers.Count}", born => new Worker(this, on, born, archive, isReentrant), options);
            _workers.Add((on, id, simulation.Kernel.Grant<Work>(id)));
        }

        public void GiveWork()
        {
            for (int i = run.Choices.Draw(4); i > 0; i--)
            {
                int tokens = run.Choices.Draw(12);
                var work = new Work(
                    tokens, run.Choices.Draw(tokens + 6), run.Choices.Draw(16), run.Choices.Draw(800),
                    run.Choices.Draw(3));
                _accepted += _workers[run.Choices.Draw(_workers.Count)].Way.Send(work) == SendResult.Sent ? 1 : 0;
            }
        }

        /// <summary>Where one core does it all, nobody takes or gives back anything while another one is told to wait:
        /// who waits does so until the first period that has something.</summary>
        public void LookWhoWaits()
        {
            TimeSpan now = simulation.Time.Now;
            foreach ((Level level, AgentId id, _) in _workers)
            {
                if (simulation.Kernel.Agents.Find(id.Value) is not { State: AgentState.Ready, Spending: { } spending }
                    || !spending.IsThrottled)
                {
                    continue;
                }

                TimeSpan until = TimeSpan.FromTicks(spending.ThrottledUntil - 1);      // timestamps begin at 1
                TimeSpan first = level.WithAbove.Max(each => each.HasSomethingAt(now));
                run.Note("seen to wait");
                simulation.Require(
                    simulation.Kernel.Cores.Length > 1 || until <= first, "SE-40",
                    $"{id} waits until {until} for what is there at {first}.");
                if (level.WithAbove.All(static each => each.Options.WhenExhausted == WhenExhausted.Notify))
                {
                    _toBeTold.Add(id);
                }
            }
        }

        public void Handles(Level level, int inFlight)
        {
            _handled++;
            run.Note("turns in flight beside others", inFlight - 1);
            foreach (Level each in level.WithAbove)
            {
                long most = (each.Options.Messages ?? long.MaxValue / 4096) * each.Periods(simulation.Time.Now);
                simulation.Require(
                    ++each.Handled <= most, "SE-40", $"{each.Budget.Name}: {each.Handled} messages, of {most} so far.");
            }
        }

        /// <summary>The code of a turn takes so long.</summary>
        public void Takes(Level level, TimeSpan time)
        {
            Use(level, static each => each.Time, time.Ticks);
            simulation.Time.Pass(time);
            simulation.ApplicationTime.Pass(time);
        }

        /// <summary>The code of a turn sends something, which is in the journal then.</summary>
        public void Writes(Level level, Action send)
        {
            long before = JournalBytes;
            send();
            Use(level, static each => each.Journal, JournalBytes - before);
        }

        public long NextLine() => ++_lines;

        public void Reserved(Level level, int amount, ReserveResult result)
        {
            run.Note($"reservations {result}");
            bool isTooMuch = level.WithAbove.Any(each => each.Limit < amount);
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
        public void Told(AgentId agent, string budget, string unit, WhenExhausted policy)
        {
            run.Note($"exhausted {policy}");
            run.Note($"{unit} used up");
            Level level = _levels.Single(one => one.Budget.Name == budget);
            simulation.Require(
                level.Options.WhenExhausted == policy, "SE-40",
                $"{budget} says {level.Options.WhenExhausted}, and what came was {policy}.");
            simulation.Require(
                unit == "messages" ? level.Options.Messages is not null
                    : unit == "core time" ? level.Time.IsLimited : level.Journal.IsLimited,
                "SE-40", $"{budget} has no limit for the {unit} that are used up.");
            long times = _told[(agent, budget)] = _told.GetValueOrDefault((agent, budget)) + 1;
            long most = level.Periods(simulation.Time.Now);
            simulation.Require(times <= most, "SE-40", $"{agent}: {budget} told {times} times in {most} periods.");
        }

        public void NoteCrash() => run.Note("crashes");

        public void CheckAllWasDone()
        {
            simulation.Require(
                _handled == _accepted, "SE-40", $"{_accepted} were accepted, {_handled} handled: somebody is stuck.");
            foreach (AgentId agent in _toBeTold)
            {
                simulation.Require(
                    _told.Keys.Any(key => key.Item1 == agent), "SE-40",
                    $"{agent} waited for a period, and its supervisor never heard of it.");
            }

            run.Note("turns that waited for a period", _levels.Sum(static level => level.Budget.Describe().Exhausted));
        }

        private static long JournalBytes => Core.OfThisThread!.Tap?.Lane.Position ?? 0;

        private void Use(Level level, Func<Level, Meter> meterOf, long amount)
        {
            foreach (Level each in level.WithAbove)
            {
                string? wrong = meterOf(each).Use(Core.OfThisThread!, amount, each.Periods(simulation.Time.Now));
                simulation.Require(wrong is null, "SE-40", $"{each.Budget.Name}: {wrong}.");
            }
        }

        private void Spend(Level level, int amount, int owed)
        {
            foreach (Level each in level.WithAbove.Where(static each => each.Limit is not null))
            {
                each.Spent += amount;
                each.Owed += owed;
                long most = (each.Limit!.Value * each.Periods(simulation.Time.Now)) + each.Owed;
                simulation.Require(
                    each.Spent <= most, "SE-40", $"{each.Budget.Name}: {each.Spent} tokens, of {most} so far.");
            }
        }
    }
}
