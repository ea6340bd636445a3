using FsCheck;
using FsCheck.Fluent;

namespace Outheis.Testing.Generators;

/// <summary>
/// Choices that a test can shrink. A seed cannot be made simpler; a record of choices can: zero is the simplest choice
/// everywhere, and a record that ends goes on with zeros.
/// </summary>
/// <param name="Recorded">Any numbers that are not negative; each is taken modulo what it chooses from.</param>
public sealed record Decisions(IReadOnlyList<int> Recorded)
{
    /// <summary>Any numbers; the larger the size, the more of them.</summary>
    public static Gen<Decisions> Generator { get; } =
        Gen.ArrayOf(Gen.Choose(0, 1 << 20)).Select(recorded => new Decisions(recorded));

    /// <summary>A fresh replay of the record.</summary>
    public Choices Begin() => new(Recorded);

    /// <inheritdoc/>
    public override string ToString() => $"[{string.Join(", ", Recorded)}]";

    /// <summary>A shorter record, then lower numbers in it.</summary>
    public static IEnumerable<Decisions> Shrink(Decisions decisions)
    {
        ArgumentNullException.ThrowIfNull(decisions);
        return Smaller.Lists(decisions.Recorded, number => Smaller.Numbers(number))
            .Select(recorded => new Decisions(recorded));
    }
}
