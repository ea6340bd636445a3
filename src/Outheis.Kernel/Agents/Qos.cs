namespace Outheis;

/// <summary>Quality of service: how soon an agent's turns run (GC-01). Higher bands go first; the lowest
/// waiting band is still served every 64th turn of its core.</summary>
public enum Qos : byte
{
    /// <summary>Nobody waits for it: maintenance, analysis.</summary>
    Background = 0,

    /// <summary>Long work that somebody knows about.</summary>
    Utility,

    /// <summary>Nothing was said.</summary>
    Default,

    /// <summary>A user asked and waits for the result.</summary>
    UserInitiated,

    /// <summary>A user is looking: answers at once.</summary>
    UserInteractive,
}
