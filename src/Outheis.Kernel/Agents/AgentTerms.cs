namespace Outheis;

/// <summary>On what terms an agent runs that few run on; given when it is made, the same for life. Most have
/// none.</summary>
internal sealed class AgentTerms
{
    public Spending? Spending { get; init; }

    public Exclusion? Exclusion { get; init; }

    /// <summary>Null where there is nothing out of the ordinary.</summary>
    public static AgentTerms? Of(in AgentShape shape) => shape.Budget is null && shape.Exclusion is null ? null : new()
    {
        Spending = shape.Budget is { } budget ? new Spending(budget) : null,
        Exclusion = shape.Exclusion,
    };
}
