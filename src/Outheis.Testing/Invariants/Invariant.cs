namespace Outheis.Testing;

/// <summary>A promise of the kernel that can be looked at between two steps.</summary>
/// <param name="Name">As in the project's list of invariants.</param>
/// <param name="Promise">In plain words.</param>
/// <param name="Broken">What is wrong, or null.</param>
internal sealed record Invariant(string Name, string Promise, Func<KernelView, string?> Broken);
