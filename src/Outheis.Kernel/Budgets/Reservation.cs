namespace Outheis;

/// <summary>What became of the wish to reserve.</summary>
public enum ReserveResult : byte
{
    /// <summary>So much is not left in this period, here or in a budget above. Nothing was taken. Try in a later
    /// one, with less, or do without.</summary>
    Exhausted = 0,

    /// <summary>Taken from the budget and from all above it.</summary>
    Granted,

    /// <summary>More than a whole period has. Nothing was taken. Retrying cannot help.</summary>
    TooMuch,
}

/// <summary>
/// Units that were taken before they are used, since nobody knows how much it will be: reserve, use, settle. One that
/// is never settled counts as used in full, also when its agent's incarnation ends: what it was for may have been
/// paid.
/// </summary>
/// <remarks>Any thread may settle it, also after its incarnation has ended.</remarks>
public sealed class Reservation
{
    private readonly Budget? _budget;      // null: an earlier run's, which is over
    private readonly long _taken;
    private int _isSettled;

    internal Reservation(Budget? budget, string unit, long amount, long taken)
    {
        (_budget, Unit, Amount, _taken) = (budget, unit, amount, taken);
    }

    /// <summary>Of what.</summary>
    public string Unit { get; }

    /// <summary>How much was taken.</summary>
    public long Amount { get; }

    /// <summary>Says how much it was. Less: the rest may be used again, if the period is still the same. More: that is
    /// taken too, and what is not there is owed to the periods that follow.</summary>
    /// <param name="actual">0 or more.</param>
    /// <exception cref="InvalidOperationException">It is settled already.</exception>
    public void Settle(long actual)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(actual);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(actual, Limits.BudgetMost);
        if (Interlocked.Exchange(ref _isSettled, 1) != 0)
        {
            throw new InvalidOperationException(
                $"A reservation of {Amount} {Unit} was settled twice: each is settled or released once.");
        }

        _budget?.Settle(Unit, Amount, actual, _taken);
    }

    /// <summary>Nothing of it was used.</summary>
    /// <exception cref="InvalidOperationException">It is settled already.</exception>
    public void Release() => Settle(0);
}
