namespace Outheis;

/// <summary>
/// Tells a supervisor that an incarnation ended. Sent after everything the incarnation held was released
/// (OT-08), in order with <see cref="ChildStarted"/>, outside the supervisor's channel bound. Handle it with
/// <see cref="IHandle{T}"/>.
/// </summary>
/// <param name="Agent">Who ended.</param>
/// <param name="Name">Its name, for people.</param>
/// <param name="Incarnation">Which incarnation; the first is 1.</param>
/// <param name="Reason">Why.</param>
public sealed record ExitSignal(AgentId Agent, string Name, uint Incarnation, ExitReason Reason)
{
    /// <summary>The agent was stopped for good, by the host or by its supervisor: there is nothing to
    /// restart.</summary>
    public bool IsFinal { get; init; }
}

/// <summary>Tells a supervisor that an agent under it was spawned or restarted.</summary>
/// <param name="Agent">Who started.</param>
/// <param name="Name">Its name, for people.</param>
/// <param name="Incarnation">Which incarnation; the first is 1.</param>
public sealed record ChildStarted(AgentId Agent, string Name, uint Incarnation);
