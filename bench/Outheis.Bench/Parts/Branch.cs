namespace Outheis.Bench.Parts;

/// <summary>
/// The part of the tree below one agent: which leaves it has. A leaf's value is its ordinal; an inner agent has ten
/// parts.
/// </summary>
internal readonly record struct Branch(long First, long Leaves)
{
    public const int Parts = 10;

    public bool IsLeaf => Leaves == 1;

    public Branch Part(int index) => new(First + index * (Leaves / Parts), Leaves / Parts);

    /// <summary>The whole tree of so many agents: 1, 11, 111, ...</summary>
    public static Branch Of(long agents) => new(0, LeavesOf(agents));

    public static long LeavesOf(long agents) => (agents * (Parts - 1) + 1) / Parts;
}
