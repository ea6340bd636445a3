namespace Outheis;

/// <summary>A budget as it is at this moment.</summary>
/// <param name="Name">For people.</param>
/// <param name="Parent">What caps it; null: nothing does.</param>
/// <param name="Period">How often what may be used is there again.</param>
/// <param name="Units">Core time, messages, journal bytes, then units of your own.</param>
/// <param name="Exhausted">How often an agent was not given a turn since something here was used up.</param>
public sealed record BudgetInfo(
    string Name, string? Parent, TimeSpan Period, IReadOnlyList<BudgetUnitInfo> Units, long Exhausted);

/// <summary>One unit of a budget. Core time is in ticks of 100 ns (<see cref="TimeSpan.Ticks"/>).</summary>
/// <param name="Unit">Which.</param>
/// <param name="Limit">In a period; null: it is not limited here.</param>
/// <param name="Left">In this period; below 0: owed to those that follow. Null: it is not limited here.</param>
/// <param name="Spent">Since the budget was made, what is reserved included.</param>
public readonly record struct BudgetUnitInfo(string Unit, long? Limit, long? Left, long Spent);
