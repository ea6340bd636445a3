namespace Outheis;

public readonly ref partial struct Context
{
    /// <summary>Takes units before they are used, such as the tokens that an answer may cost: from this agent's budget
    /// and from all above it that know the unit, or from none. Settle it when it is known how much it was.</summary>
    /// <param name="unit">One of <see cref="BudgetOptions.Units"/>.</param>
    /// <param name="amount">0 or more.</param>
    /// <param name="reservation">To be settled; null unless granted.</param>
    /// <remarks>Cost: a lock of the tree of budgets, an object. What it returned is journaled where the agent's inputs
    /// are, and told again when the message is handled once more; a reservation so told is another run's, and settling
    /// it does nothing.</remarks>
    /// <exception cref="InvalidOperationException">This agent runs on no budget, or none of it knows the unit.
    /// </exception>
    public ReserveResult Reserve(string unit, long amount, out Reservation? reservation)
    {
        using KernelCall call = _core.Call();
        return _core.Reserve(_self, unit, amount, out reservation);
    }
}
