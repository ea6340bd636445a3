using FsCheck.Xunit;
using Xunit;

namespace Outheis.Tests.Budgets;

/// <summary>Units of one's own: reserved before they are used, settled when it is known how much it was.</summary>
public sealed class ReservationTests : IDisposable
{
    private static readonly TimeSpan Period = TimeSpan.FromMilliseconds(100);

    private readonly StepKernel _world = new();
    private readonly Budget _budget;
    private readonly AgentId _agent;

    public ReservationTests()
    {
        Budget house = _world.Kernel.CreateBudget("house", With("tokens", 150));
        _budget = _world.Kernel.CreateBudget("room", With("tokens", 100), house);
        _agent = _world.Kernel.Spawn("asker", static () => new Puppet(), new SpawnOptions { Budget = _budget });
    }

    public void Dispose() => _world.Dispose();

    private static BudgetOptions With(string unit, long limit) =>
        new() { Period = Period, Units = new Dictionary<string, long> { [unit] = limit } };

    private (ReserveResult Result, Reservation? Reservation) Reserve(long amount, string unit = "tokens")
    {
        (ReserveResult, Reservation?) reserved = default;
        _world.Kernel.Do(_agent, context =>
            reserved = (context.Reserve(unit, amount, out Reservation? reservation), reservation));
        _world.Run();
        return reserved;
    }

    private long Left(string budget = "room") =>
        _world.Kernel.ListBudgets().Single(one => one.Name == budget).Units[^1].Left!.Value;

    [Fact]
    public void Settle_Less_GivesTheRestBackHereAndAbove()
    {
        (ReserveResult result, Reservation? reservation) = Reserve(80);
        Assert.Equal((ReserveResult.Granted, 20L, 70L), (result, Left(), Left("house")));
        Assert.Equal((ReserveResult.Exhausted, null), Reserve(21));
        Assert.Equal((20L, 70L), (Left(), Left("house")));
        reservation!.Settle(30);
        Assert.Equal((70L, 120L), (Left(), Left("house")));
        Assert.Equal(ReserveResult.Granted, Reserve(70).Result);
        Assert.Throws<InvalidOperationException>(reservation.Release);
        Assert.Equal((0L, 50L), (Left(), Left("house")));
    }

    [Fact]
    public void Settle_More_IsOwedToThePeriodsThatFollow()
    {
        Reserve(80).Reservation!.Settle(270);
        Assert.Equal((-170L, -120L), (Left(), Left("house")));
        Assert.Equal(ReserveResult.Exhausted, Reserve(1).Result);
        _world.Advance(Period);
        Assert.Equal((-70L, 30L), (Left(), Left("house")));
        _world.Advance(Period);
        Assert.Equal((30L, 150L), (Left(), Left("house")));
    }

    /// <summary>What could be used then is over.</summary>
    [Fact]
    public void Settle_InALaterPeriod_GivesNothingBack()
    {
        Reservation reservation = Reserve(80).Reservation!;
        _world.Advance(Period);
        Assert.Equal(ReserveResult.Granted, Reserve(60).Result);
        reservation.Release();
        Assert.Equal((40L, 90L), (Left(), Left("house")));
    }

    [Fact]
    public void Reserve_MoreThanAPeriodHas_IsTooMuch()
    {
        Assert.Equal((ReserveResult.TooMuch, null), Reserve(101));
        Assert.Equal((ReserveResult.Granted, 100L), (Reserve(0).Result, Left()));
    }

    [Fact]
    public void Reserve_UnitThatNobodyKnowsOrWithoutABudget_IsABug()
    {
        string? said = null;
        AgentId poor = _world.Kernel.Spawn(new Puppet(), name: "poor");
        foreach ((AgentId agent, string unit) in new[] { (_agent, "tokns"), (poor, "tokens") })
        {
            _world.Kernel.Do(agent, context =>
            {
                try
                {
                    context.Reserve(unit, 1, out _);
                }
                catch (InvalidOperationException bug)
                {
                    said += bug.Message;
                }
            });
        }

        _world.Run();
        Assert.Contains("No unit \"tokns\"", said, StringComparison.Ordinal);
        Assert.Contains("poor runs on no budget", said, StringComparison.Ordinal);
    }

    /// <summary>What it was for may have been paid.</summary>
    [Fact]
    public void Reserved_IncarnationEnds_CountsInFullUntilItIsSettled()
    {
        Reservation reservation = Reserve(80).Reservation!;
        _world.Wait(_world.Kernel.StopAgentAsync(_agent));
        Assert.Equal(20, Left());
        reservation.Settle(10);
        Assert.Equal(90, Left());
    }

    /// <summary>A tree of budgets with periods of their own, against one that counts period by period: the same
    /// answers, nothing taken where something was refused, never more granted in a period than its limit, and a parent
    /// has spent what its children have.</summary>
    [Property(MaxTest = 200)]
    public bool Reserve_AnySteps_EqualsCountingPeriodByPeriod(int seed)
    {
        using var world = new StepKernel();
        var random = new Random(seed);
        List<Level> levels = MakeTree(world.Kernel, random);
        List<(Reservation Reservation, Level Level, long Taken)> open = [];
        for (int step = 0; step < 200; step++)
        {
            long now = world.Time.Now.Ticks;
            levels.ForEach(level => level.MoveTo(now));
            switch (random.Next(4))
            {
                case 0:
                    world.Time.AdvanceBy(TimeSpan.FromMilliseconds(random.Next(random.Next(2) == 0 ? 10 : 300)));
                    continue;
                case 1 when open.Count > 0:
                    (Reservation reservation, Level of, long taken) = open[random.Next(open.Count)];
                    open.RemoveAll(one => one.Reservation == reservation);
                    long actual = random.Next(3) == 0 ? 0 : random.Next(120);
                    reservation.Settle(actual);
                    of.ChainWithUnit().ForEach(level => level.Settle(reservation.Amount, actual, taken));
                    break;
                default:
                    Level asked = levels[random.Next(levels.Count)];
                    long amount = random.Next(random.Next(2) == 0 ? 20 : 110);
                    ReserveResult expected = asked.Expect(amount);
                    ReserveResult result = asked.Budget.TryReserve(
                        "t", amount, world.Time.GetTimestamp(), out Reservation? made);
                    if (result != expected || (made is not null) != (result == ReserveResult.Granted))
                    {
                        return false;
                    }

                    if (made is not null)
                    {
                        asked.ChainWithUnit().ForEach(level => level.Take(amount));
                        open.Add((made, asked, now));
                    }

                    break;
            }

            if (!levels.TrueForAll(static level => level.IsSame()))
            {
                return false;
            }
        }

        return true;
    }

    private static List<Level> MakeTree(Kernel kernel, Random random)
    {
        List<Level> levels = [];
        for (int i = 0; i < 6; i++)
        {
            Level? parent = i == 0 ? null : levels[random.Next(levels.Count)];
            int limit = random.Next(1, 100), period = random.Next(1, 50);
            var options = new BudgetOptions
            {
                Period = TimeSpan.FromMilliseconds(period),
                Units = random.Next(4) == 0 && i > 0
                    ? new Dictionary<string, long>() : new Dictionary<string, long> { ["t"] = limit },
            };
            levels.Add(new Level(
                kernel.CreateBudget($"{i}", options, parent?.Budget), parent, options.Units.Count > 0, limit,
                period * TimeSpan.TicksPerMillisecond));
        }

        return levels;
    }

    private sealed class Level(Budget budget, Level? parent, bool hasUnit, long limit, long period)
    {
        private readonly long _limit = limit;
        private long _used;         // of this period, with what is owed to it from before
        private long _spent;
        private long _began;
        private long _granted;      // in this period and not given back

        public Budget Budget => budget;

        public List<Level> ChainWithUnit() =>
            [.. (hasUnit ? new[] { this } : []), .. parent?.ChainWithUnit() ?? []];

        public void MoveTo(long now)
        {
            for (; _began + period <= now; _began += period)
            {
                _used = Math.Max(0, _used - _limit);
                _granted = 0;
            }
        }

        public ReserveResult Expect(long amount)
        {
            List<Level> chain = ChainWithUnit();
            return chain.Exists(level => level._limit < amount) ? ReserveResult.TooMuch
                : chain.Exists(level => level._limit - level._used < amount) ? ReserveResult.Exhausted
                : ReserveResult.Granted;
        }

        public void Take(long amount)
        {
            _used += amount;
            _spent += amount;
            _granted += amount;
        }

        public void Settle(long reserved, long actual, long taken)
        {
            _spent += actual - reserved;
            if (actual > reserved || taken >= _began)
            {
                _used -= reserved - actual;
                _granted -= Math.Max(0, reserved - actual);
            }
        }

        public bool IsSame()
        {
            BudgetUnitInfo info = budget.Describe().Units[^1];
            return !hasUnit
                || (info.Left == _limit - _used && info.Spent == _spent && _used >= 0 && _granted <= _limit);
        }
    }
}
