namespace Outheis;

/// <summary>
/// What several agents of one core share so that never two of them are in the middle of something (GC-01): while an
/// asynchronous turn of one awaits, the others begin no message. Made by <see cref="Kernel.OpenExclusion"/>, given at
/// spawn (<see cref="SpawnOptions.Exclusion"/>), the same for life.
/// </summary>
/// <remarks>
/// One may be made within another (GC-11): then its agents are excluded together with those of the outer one; it serves
/// <see cref="Kernel.AssertOn(Exclusion)"/> to tell them apart. Since the outer one is there first, there are no
/// cycles. Turns that do not await overlap on one core only where one blocks (<see cref="KernelOptions.TurnBudget"/>),
/// which keeps the others of its exclusion out too. Not excluded are
/// OnStart, OnStop, and code of an incarnation that ended, which reaches nothing any more.
/// </remarks>
public sealed class Exclusion
{
    internal Exclusion(Core core, string? name, Exclusion? within)
    {
        (Core, Name, Within) = (core, name, within);
        Bottom = within?.Bottom ?? this;
    }

    /// <summary>For people.</summary>
    public string? Name { get; }

    /// <summary>The one that it was made within; null: none.</summary>
    public Exclusion? Within { get; }

    internal Core Core { get; }

    /// <summary>Whose agents exclude each other.</summary>
    internal Exclusion Bottom { get; }

    /// <summary>Whose asynchronous turn is under way. Of the bottom, as all below; the core's.</summary>
    internal AgentCell? Owner { get; set; }

    /// <summary>Who has something to do and waits for the owner, in order.</summary>
    internal Queue<AgentCell> Blocked { get; } = new();

    /// <summary>The class to which they have raised the owner; null: they have not.</summary>
    internal Qos? RaisedTo { get; set; }

    internal bool Contains(AgentCell agent)
    {
        Exclusion? one = agent.Exclusion;
        while (one is not null && !ReferenceEquals(one, this))
        {
            one = one.Within;
        }

        return one is not null;
    }

    /// <inheritdoc/>
    public override string ToString() => Name ?? "an exclusion without a name";
}
