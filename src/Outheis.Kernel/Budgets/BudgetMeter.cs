namespace Outheis;

/// <summary>One unit of one budget. Guarded by the lock of the budget's tree.</summary>
internal struct BudgetMeter(string unit, long? limit)
{
    public readonly string Unit = unit;
    public readonly long Limit = limit ?? Unlimited;      // in a period
    public long Left = limit ?? Unlimited;                // below 0: owed to the periods that follow
    public long Spent;                                    // ever, what is reserved included

    private const long Unlimited = long.MaxValue;

    public readonly bool IsLimited => Limit != Unlimited;

    /// <summary>Takes it, whether it is there or not.</summary>
    public void Charge(long amount)
    {
        Spent += amount;
        if (IsLimited)
        {
            Left -= amount;
        }
    }

    /// <summary>It was not used after all.</summary>
    /// <param name="amount">How much.</param>
    /// <param name="isOfThisPeriod">Else what could be used then is over, and not added to this one.</param>
    public void GiveBack(long amount, bool isOfThisPeriod)
    {
        Spent -= amount;
        if (IsLimited && isOfThisPeriod)
        {
            Left += amount;
        }
    }

    /// <summary>So many periods have begun. What was left is not added, what is owed is paid.</summary>
    public void Refill(long periods)
    {
        if (IsLimited)
        {
            long paying = Math.Min(periods, PeriodsUntilLeft + 1);      // more would come to the same, or overflow
            Left = Math.Min(Limit, Math.Min(Left, 0) + (paying * Limit));
        }
    }

    /// <summary>How many have to begin until something is left; 0: there is.</summary>
    public readonly long PeriodsUntilLeft => Left > 0 ? 0 : 1 + (-Left / Limit);
}
