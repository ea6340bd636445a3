namespace Outheis;

/// <summary>
/// A scheduling context: what the agents that run on it may use together in each period (SE-40). What one uses counts
/// in its budget and in all above it, so a parent caps its children, however much they are given. From
/// <see cref="Kernel.CreateBudget"/>; given with <see cref="SpawnOptions.Budget"/>.
/// </summary>
/// <remarks>What an agent does for somebody who asked it counts as its own.</remarks>
public sealed class Budget
{
    // Of a whole tree: held for a few steps per level, never while somebody's code runs or the system is asked.
    private readonly Lock _tree;
    private readonly BudgetMeter[] _meters;
    private readonly WhenExhausted _policy;
    private readonly long _period;      // in ticks of the kernel's clock, as all times here
    private readonly int _depth;
    private long _began;                // this period
    private long _exhausted;

    internal Budget(Kernel kernel, string name, BudgetOptions options, Budget? parent)
    {
        (Kernel, Name, Parent, Period) = (kernel, name, parent, options.Period);
        _tree = parent?._tree ?? new Lock();
        _depth = parent is null ? 1 : parent._depth + 1;
        _policy = options.WhenExhausted;
        _period = ClockOf(options.Period);
        _began = kernel.Options.Time.GetTimestamp();
        _meters =
        [
            new BudgetMeter("core time", options.CoreTime is { } time ? ClockOf(time) : null),
            new BudgetMeter("messages", options.Messages),
            new BudgetMeter("journal bytes", options.JournalBytes),
            .. options.Units.Select(static unit => new BudgetMeter(unit.Key, unit.Value)),
        ];
        ArgumentOutOfRangeException.ThrowIfGreaterThan(_depth, Limits.BudgetDepth, nameof(parent));
    }

    /// <summary>For people.</summary>
    public string Name { get; }

    /// <summary>What caps it; null: nothing does.</summary>
    public Budget? Parent { get; }

    /// <summary>How often what may be used is there again.</summary>
    public TimeSpan Period { get; }

    internal Kernel Kernel { get; }

    private ref BudgetMeter Time => ref _meters[0];

    private ref BudgetMeter Messages => ref _meters[1];

    private ref BudgetMeter Journal => ref _meters[2];

    /// <summary>As it is at this moment. Any thread.</summary>
    public BudgetInfo Describe()
    {
        long now = Kernel.Options.Time.GetTimestamp();
        lock (_tree)
        {
            Refill(now);
            return new BudgetInfo(Name, Parent?.Name, Period, [.. _meters.Select(InfoOf)], _exhausted);
        }
    }

    /// <summary>A turn begins: takes the messages that it may handle from every level, or says why it may not
    /// begin. Any core.</summary>
    /// <param name="now">When.</param>
    /// <param name="wanted">Messages that wait.</param>
    /// <param name="goesOn">Something of an earlier turn goes on, which takes no message.</param>
    /// <param name="messages">How many it may handle.</param>
    /// <param name="why">What is used up, if something is.</param>
    internal bool TryBegin(long now, int wanted, bool goesOn, out int messages, out Exhaustion why)
    {
        messages = wanted;
        (why, Exhaustion ofMessages) = (default, default);
        lock (_tree)
        {
            for (Budget? level = this; level is not null; level = level.Parent)
            {
                level.Refill(now);
                level.Look(in level.Time, ref why);
                level.Look(in level.Journal, ref why);
                level.Look(in level.Messages, ref ofMessages);
                messages = (int)Math.Clamp(level.Messages.Left, 0, messages);
            }

            if (messages == 0 && wanted > 0 && !goesOn && ofMessages.Until > why.Until)
            {
                why = ofMessages;
            }

            if (why.Level is { } empty)
            {
                empty._exhausted++;
                return false;
            }

            for (Budget? level = this; level is not null; level = level.Parent)
            {
                level.Messages.Charge(messages);
            }

            return true;
        }
    }

    /// <summary>The turn is over: charges what it took, and gives back the messages that it did not handle.</summary>
    internal void End(long began, long now, int unhandled, long journalBytes)
    {
        lock (_tree)
        {
            for (Budget? level = this; level is not null; level = level.Parent)
            {
                level.Refill(now);
                level.Time.Charge(now - began);
                level.Journal.Charge(journalBytes);
                level.Messages.GiveBack(unhandled, isOfThisPeriod: began >= level._began);
            }
        }
    }

    /// <summary>Takes it from every level that knows the unit, or from none.</summary>
    internal ReserveResult TryReserve(string unit, long amount, long now, out Reservation? reservation)
    {
        reservation = null;
        lock (_tree)
        {
            bool isKnown = false;
            var result = ReserveResult.Granted;
            for (Budget? level = this; level is not null; level = level.Parent)
            {
                level.Refill(now);
                int index = level.Find(unit);
                if (index < 0)
                {
                    continue;
                }

                isKnown = true;
                result = amount > level._meters[index].Limit ? ReserveResult.TooMuch
                    : amount > level._meters[index].Left && result == ReserveResult.Granted ? ReserveResult.Exhausted
                    : result;
            }

            if (!isKnown)
            {
                throw new InvalidOperationException(
                    $"No unit \"{unit}\" is in {Name} or in a budget above it: name it in BudgetOptions.Units.");
            }

            if (result == ReserveResult.Granted)
            {
                reservation = new Reservation(this, unit, amount, now);
                Charge(unit, amount);
            }

            return result;
        }
    }

    /// <summary>What was reserved is known now.</summary>
    internal void Settle(string unit, long reserved, long actual, long taken)
    {
        long now = Kernel.Options.Time.GetTimestamp();
        lock (_tree)
        {
            for (Budget? level = this; level is not null; level = level.Parent)
            {
                level.Refill(now);
                int index = level.Find(unit);
                if (index >= 0 && actual >= reserved)
                {
                    level._meters[index].Charge(actual - reserved);
                }
                else if (index >= 0)
                {
                    level._meters[index].GiveBack(reserved - actual, isOfThisPeriod: taken >= level._began);
                }
            }
        }
    }

    private void Charge(string unit, long amount)
    {
        for (Budget? level = this; level is not null; level = level.Parent)
        {
            if (level.Find(unit) is >= 0 and var index)
            {
                level._meters[index].Charge(amount);
            }
        }
    }

    private int Find(string unit)
    {
        for (int i = 3; i < _meters.Length; i++)
        {
            if (_meters[i].Unit == unit)
            {
                return i;
            }
        }

        return -1;
    }

    private void Refill(long now)
    {
        long periods = (now - _began) / _period;
        if (periods <= 0)
        {
            return;      // of two cores one may be here late
        }

        _began += periods * _period;
        foreach (ref BudgetMeter meter in _meters.AsSpan())
        {
            meter.Refill(periods);
        }
    }

    // Of all that is used up, what is there again last.
    private void Look(in BudgetMeter meter, ref Exhaustion why)
    {
        long until = _began + (meter.PeriodsUntilLeft * _period);
        if (meter.Left <= 0 && until > why.Until)
        {
            why = new Exhaustion(this, meter.Unit, _policy, until);
        }
    }

    private BudgetUnitInfo InfoOf(BudgetMeter meter) => meter.Unit == Time.Unit
        ? new BudgetUnitInfo(meter.Unit, meter.IsLimited ? TicksOf(meter.Limit) : null,
            meter.IsLimited ? TicksOf(meter.Left) : null, TicksOf(meter.Spent))
        : new BudgetUnitInfo(meter.Unit, meter.IsLimited ? meter.Limit : null,
            meter.IsLimited ? meter.Left : null, meter.Spent);

    private long ClockOf(TimeSpan time) =>
        (long)((Int128)time.Ticks * Kernel.Options.Time.TimestampFrequency / TimeSpan.TicksPerSecond);

    private long TicksOf(long clock) =>
        (long)((Int128)clock * TimeSpan.TicksPerSecond / Kernel.Options.Time.TimestampFrequency);
}

/// <summary>What stands in the way of a turn.</summary>
internal readonly record struct Exhaustion(Budget Level, string Unit, WhenExhausted Policy, long Until);
