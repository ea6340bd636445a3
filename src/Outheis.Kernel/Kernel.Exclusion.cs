namespace Outheis;

/// <summary>Agents that exclude each other.</summary>
public sealed partial class Kernel
{
    /// <summary>Makes what agents share that are never to be in the middle of something together (GC-01, GC-11).
    /// </summary>
    /// <param name="name">For people.</param>
    /// <param name="within">Its agents are excluded together with those of this one; null: it stands by itself.
    /// </param>
    /// <param name="core">Where its agents live; null: the kernel chooses. One within another is where that is.</param>
    /// <exception cref="ArgumentException">Another kernel's, or on another core than the outer one.</exception>
    public Exclusion OpenExclusion(string? name = null, Exclusion? within = null, int? core = null)
    {
        RequireOutside();
        if (within is not null && (within.Core.Kernel != this || (core is { } wanted && wanted != within.Core.Index)))
        {
            throw new ArgumentException(
                $"An exclusion within {within} is on core {within.Core.Index} of its kernel, where all its agents "
                + "are.", nameof(within));
        }

        return new Exclusion(within?.Core ?? (core is { } index ? CoreAt(index) : NextCore()), name, within);
    }

    /// <summary>Where an agent is to live; null: nothing was said.</summary>
    internal Core? CoreOf(SpawnOptions? options)
    {
        Core? wanted = options?.Core is { } index ? CoreAt(index) : null;
        if (options?.Exclusion is not { } exclusion)
        {
            return wanted;
        }

        if (exclusion.Core.Kernel != this || (wanted is not null && wanted != exclusion.Core))
        {
            throw new ArgumentException(
                $"The agents of {exclusion} live on core {exclusion.Core.Index} of its kernel: leave out "
                + "SpawnOptions.Core, or make the exclusion on the other core.", nameof(options));
        }

        return exclusion.Core;
    }
}
