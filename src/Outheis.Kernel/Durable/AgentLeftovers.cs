namespace Outheis;

/// <summary>What an earlier run, or attempts that failed, left of an agent. Made with the first of it; most agents have
/// none.</summary>
internal sealed class AgentLeftovers
{
    /// <summary>At messages that are delivered again, by position.</summary>
    public Dictionary<long, uint>? Attempts { get; set; }

    /// <summary>Likewise: what the attempts did.</summary>
    public Dictionary<long, RecordedEffects>? Effects { get; set; }

    /// <summary>Its timers that are armed in the journal, by key.</summary>
    public Dictionary<string, DurableTimer>? Armed { get; set; }

    /// <summary>What its namesake of an earlier run left; until it has it.</summary>
    public AgentPast? Past { get; set; }
}
