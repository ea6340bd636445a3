namespace Outheis;

/// <summary>What agents may use.</summary>
public sealed partial class Kernel
{
    private readonly List<Budget> _budgets = [];

    /// <summary>Makes a budget, for <see cref="SpawnOptions.Budget"/>. Any thread. It is full, its first period begins
    /// now, and it lives as long as the kernel.</summary>
    /// <param name="name">For people; need not be unique.</param>
    /// <param name="options">What may be used in a period.</param>
    /// <param name="parent">Caps it: what counts here counts there too. Nothing says that what children are given has
    /// to fit (SE-40).</param>
    /// <exception cref="ArgumentException">Options that cannot be meant, or a parent of another kernel.</exception>
    public Budget CreateBudget(string name, BudgetOptions options, Budget? parent = null)
    {
        ArgumentNullException.ThrowIfNull(name);
        ArgumentNullException.ThrowIfNull(options);
        RequireHere(parent);
        ArgumentOutOfRangeException.ThrowIfLessThan(options.Period, Limits.BudgetPeriodLeast, nameof(options));
        ArgumentOutOfRangeException.ThrowIfGreaterThan(options.Period, Limits.BudgetPeriodMost, nameof(options));
        ArgumentOutOfRangeException.ThrowIfGreaterThan(
            options.Units.Count, Limits.BudgetUnits, nameof(BudgetOptions.Units));
        RequireRange(options.CoreTime?.Ticks / TimeSpan.TicksPerMicrosecond, nameof(BudgetOptions.CoreTime));
        RequireRange(options.Messages, nameof(BudgetOptions.Messages));
        RequireRange(options.JournalBytes, nameof(BudgetOptions.JournalBytes));
        foreach ((string unit, long limit) in options.Units)
        {
            RequireRange(limit, unit);
        }

        var budget = new Budget(this, name, options, parent);
        lock (_budgets)
        {
            if (_budgets.Count == Limits.BudgetsMost)
            {
                throw new InvalidOperationException(
                    $"A kernel has {Limits.BudgetsMost} budgets at most, and they live as long as it does: let agents "
                    + "share them.");
            }

            _budgets.Add(budget);
        }

        return budget;
    }

    /// <summary>Every budget as it is at this moment, in the order of making.</summary>
    public IReadOnlyList<BudgetInfo> ListBudgets()
    {
        Budget[] budgets;
        lock (_budgets)
        {
            budgets = [.. _budgets];
        }

        return [.. budgets.Select(static budget => budget.Describe())];
    }

    internal Budget? RequireHere(Budget? budget) => budget is null || ReferenceEquals(budget.Kernel, this) ? budget
        : throw new ArgumentException($"The budget {budget.Name} is another kernel's.", nameof(budget));

    // At least one in a period: nothing at all would be a throttle without an end.
    private static void RequireRange(long? limit, string what)
    {
        if (limit is < 1 or > Limits.BudgetMost)
        {
            throw new ArgumentOutOfRangeException(
                what, limit, $"A limit is null, or from 1 (core time: a microsecond) to {Limits.BudgetMost}.");
        }
    }
}
