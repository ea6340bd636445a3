namespace Outheis;

/// <summary>A handler that took longer than <see cref="KernelOptions.TurnBudget"/>. Blocking work belongs into
/// <see cref="Context.Offload{TState, TResult}"/>, long computation into several turns
/// (<see cref="AgentContext.Yield"/>).</summary>
/// <param name="Agent">Whose.</param>
/// <param name="Name">Its name.</param>
/// <param name="Message">The type of the message that it handles; null: it starts, or runs on outside any
/// message.</param>
/// <param name="Position">Where that message is in the journal; 0 without a journal.</param>
/// <param name="Core">Where it runs.</param>
/// <param name="Elapsed">For how long it had run when it was noticed, at least. Time in which the system gave its
/// processor to others counts.</param>
public sealed record TurnOverrun(
    AgentId Agent, string Name, Type? Message, long Position, int Core, TimeSpan Elapsed)
{
    /// <inheritdoc/>
    public override string ToString() =>
        $"{Name} ({Agent}) has run for {Elapsed.TotalMilliseconds:F0} ms on core {Core}, "
        + (Message is null ? "outside any message" : $"at {Message.Name} {Position:x}");
}
