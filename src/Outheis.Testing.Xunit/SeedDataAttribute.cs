using System.Reflection;
using Xunit;
using Xunit.Sdk;
using Xunit.v3;

namespace Outheis.Testing.Xunit;

/// <summary>Runs a theory once for each of some seeds: <c>[Theory, SeedData(200)]</c> over a test with one parameter,
/// an <see cref="ulong"/>. For thousands of them, in one test: <see cref="Seeds.ForEach"/>.</summary>
/// <param name="count">How many seeds.</param>
[AttributeUsage(AttributeTargets.Method)]
public sealed class SeedDataAttribute(int count) : DataAttribute
{
    /// <summary>How many seeds.</summary>
    public int Count => count;

    /// <summary>The first one. To repeat a failure: a count of 1 and the seed that failed.</summary>
    public ulong First { get; set; } = 1;

    /// <inheritdoc/>
    public override bool SupportsDiscoveryEnumeration() => true;

    /// <inheritdoc/>
    public override ValueTask<IReadOnlyCollection<ITheoryDataRow>> GetData(
        MethodInfo testMethod, DisposalTracker disposalTracker) =>
        new([.. Enumerable.Range(0, count).Select(i => new TheoryDataRow<ulong>(First + (ulong)i))]);
}
