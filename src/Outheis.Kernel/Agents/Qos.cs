namespace Outheis;

/// <summary>Quality of service: how soon an agent's turns run (GC-01). Higher bands go first; the lowest
/// waiting band still has its share (<see cref="KernelOptions.FairShare"/>). Until an agent has answered an ask of a
/// higher class it runs in that one (GC-08).</summary>
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

/// <summary>What the classes of those who take part come to (GC-06, SE-41). Pure.</summary>
internal static class QosRules
{
    public const int Classes = (int)Qos.UserInteractive + 1;

    /// <summary>In which class an agent runs: its own, or that of the highest ask that it owes a reply. Nobody is
    /// lowered by who asks.</summary>
    /// <param name="own">What it was spawned with.</param>
    /// <param name="asked">The highest class among the asks; null: there is none.</param>
    public static Qos Effective(Qos own, Qos? asked) => asked > own ? asked.Value : own;

    /// <summary>The class itself, if it is one.</summary>
    public static Qos Check(Qos qos) => qos <= Qos.UserInteractive
        ? qos : throw new ArgumentOutOfRangeException(nameof(qos), qos, "There is no such quality of service.");
}
