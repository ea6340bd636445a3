using FsCheck;
using FsCheck.Fluent;

namespace Outheis.Testing.Generators;

/// <summary>Whose turn it is, step after step.</summary>
/// <param name="Actors">Indexes from 0; take them modulo the number of actors.</param>
public sealed record Interleaving(IReadOnlyList<int> Actors)
{
    /// <summary>Of up to four actors.</summary>
    public static Gen<Interleaving> Generator { get; } = Of(4);

    /// <summary>Of some actors: changing at every step, or each for a while; the larger the size, the longer.</summary>
    /// <param name="actors">At least 1.</param>
    public static Gen<Interleaving> Of(int actors) =>
        from runs in Gen.ArrayOf(
            from actor in Gen.Choose(0, actors - 1)
            from steps in Gen.Frequency((3, Gen.Constant(1)), (1, Gen.Choose(2, 12)))
            select Enumerable.Repeat(actor, steps))
        select new Interleaving([.. runs.SelectMany(run => run)]);

    /// <inheritdoc/>
    public override string ToString() => string.Join(' ', Actors);

    /// <summary>Fewer steps; then fewer changes of the actor, since one that goes on is easier to follow; then lower
    /// indexes.</summary>
    public static IEnumerable<Interleaving> Shrink(Interleaving interleaving)
    {
        ArgumentNullException.ThrowIfNull(interleaving);
        IReadOnlyList<int> actors = interleaving.Actors;
        return Smaller.Lists(actors, _ => [])
            .Concat(Enumerable.Range(1, Math.Max(0, actors.Count - 1))
                .Where(i => actors[i] > actors[i - 1])
                .Select(i => (IReadOnlyList<int>)Replaced(actors, i, actors[i - 1])))
            .Concat(Smaller.Lists(actors, actor => Smaller.Numbers(actor)).Where(list => list.Count == actors.Count))
            .Select(list => new Interleaving(list));
    }

    private static int[] Replaced(IReadOnlyList<int> list, int index, int by)
    {
        int[] copy = [.. list];
        copy[index] = by;
        return copy;
    }
}
