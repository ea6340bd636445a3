namespace Outheis;

/// <summary>What an agent reserves during its asynchronous turns.</summary>
public sealed partial class AgentContext
{
    /// <summary>Takes units before they are used; as <see cref="Context.Reserve"/>.</summary>
    /// <param name="unit">One of <see cref="BudgetOptions.Units"/>.</param>
    /// <param name="amount">0 or more.</param>
    /// <param name="reservation">To be settled; null unless granted.</param>
    public ReserveResult Reserve(string unit, long amount, out Reservation? reservation)
    {
        using KernelCall call = OnCore(out Core core);
        reservation = null;
        return _isFenced ? ReserveResult.Exhausted : core.Reserve(Cell, unit, amount, out reservation);
    }
}
