namespace Outheis;

/// <summary>
/// The right to make agents of one kind, from an <see cref="Endowment"/>. What they are and what they may do is the
/// factory's, which is the host's code; their maker gives a seed. Works for its holder's incarnation alone.
/// </summary>
/// <typeparam name="TSeed">What the maker says to the factory.</typeparam>
public readonly record struct SpawnCapability<TSeed>
{
    internal SpawnCapability(SpawnRight<TSeed> right) => Right = right;

    internal SpawnRight<TSeed>? Right { get; }
}

/// <summary>What became of a spawn.</summary>
public enum SpawnResult : byte
{
    /// <summary>Not the holder, or another incarnation of it. Nothing was made.</summary>
    Denied = 0,

    /// <summary>The agent starts when this turn is over, or earlier on another core.</summary>
    Spawned,

    /// <summary>The kernel stops and makes no agents any more.</summary>
    Stopping,
}

/// <summary>The kernel's side of it. Immutable.</summary>
internal sealed class SpawnRight<TSeed>(
    AgentCell holder, string? name, Func<Endowment, TSeed, Agent> factory, SpawnOptions? options)
{
    private readonly uint _incarnation = holder.Incarnation;

    public readonly string? Name = name;
    public readonly Func<Endowment, TSeed, Agent> Factory = factory;
    public readonly AgentShape Shape = holder.Kernel.ShapeOf(options, holder.Spending?.Budget);
    public readonly Core? Core = holder.Kernel.CoreOf(options);

    public bool Allows(AgentCell self) => ReferenceEquals(holder, self) && _incarnation == self.Incarnation;
}

/// <summary>What <see cref="SpawnOptions"/> come to in a kernel, but for the core.</summary>
internal readonly record struct AgentShape(
    AgentCell? Supervisor, Qos Qos, int Capacity, Budget? Budget, Exclusion? Exclusion, bool IsPinned);

/// <summary>A factory and what its agent's maker said to it: makes each incarnation from the same.</summary>
internal abstract class SeededFactory
{
    public abstract Agent Make(Endowment endowment);
}

internal sealed class SeededFactory<TSeed>(Func<Endowment, TSeed, Agent> factory, TSeed seed) : SeededFactory
{
    public override Agent Make(Endowment endowment) => factory(endowment, seed);
}
