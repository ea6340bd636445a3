namespace Outheis;

/// <summary>Whether the kernel moves agents between its cores. One whose core was chosen
/// (<see cref="SpawnOptions.Core"/>), and one that cannot move (<see cref="Kernel.MoveAgentAsync"/>), stays.</summary>
public enum CoreBalance : byte
{
    /// <summary>Agents stay where they are, unless the host moves them.</summary>
    Off = 0,

    /// <summary>A core that was busy for two tenths of a second gives half of the agents that wait for a turn there to
    /// one that was not.</summary>
    Spread,

    /// <summary>That; and when the load of a second would fit into fewer cores three times over, one of them is closed:
    /// its agents leave after their next turn, none is placed there, and its thread sleeps. It is opened again when all
    /// others are busy: so the system decides how many threads it takes. For hosts with something else to do on their
    /// processors; a burst after a calm has fewer cores for its first tenths of a second.</summary>
    SpreadAndGather,
}
