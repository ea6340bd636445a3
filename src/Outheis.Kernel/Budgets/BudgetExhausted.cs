namespace Outheis;

/// <summary>
/// Tells a supervisor that an agent under it has no turn until its budget has something left
/// (<see cref="WhenExhausted.Notify"/>). Sent once in a period, outside the supervisor's channel bound. Handle it with
/// <see cref="IHandle{T}"/>; who does not is not told.
/// </summary>
/// <param name="Agent">Who is throttled.</param>
/// <param name="Name">Its name, for people.</param>
/// <param name="Incarnation">Which incarnation.</param>
/// <param name="Budget">The name of the budget that is empty: its own or one above.</param>
/// <param name="Unit">What is used up there.</param>
public sealed record BudgetExhausted(AgentId Agent, string Name, uint Incarnation, string Budget, string Unit);

/// <summary>Why an incarnation ended whose budget was used up (<see cref="WhenExhausted.Stop"/>).</summary>
public sealed class BudgetExhaustedException : Exception
{
    internal BudgetExhaustedException(string agent, string budget, string unit)
        : base($"{agent} had something to do, and no {unit} were left in the budget {budget}. Raise its limit, have it "
            + "do less, or let it wait: WhenExhausted.Throttle.") => (Budget, Unit) = (budget, unit);

    /// <summary>The name of the budget that is empty.</summary>
    public string Budget { get; }

    /// <summary>What is used up there.</summary>
    public string Unit { get; }
}
