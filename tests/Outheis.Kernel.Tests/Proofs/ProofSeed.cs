using System.Globalization;
using Xunit;

namespace Outheis.Tests.Proofs;

/// <summary>What the moments of a proof are drawn from: OUTHEIS_SEED, or another one each time. It is told before
/// anything happens, so that it stands beside a failure.</summary>
internal static class ProofSeed
{
    public static Random Draw()
    {
        int seed = int.TryParse(Environment.GetEnvironmentVariable("OUTHEIS_SEED"),
            NumberStyles.None, CultureInfo.InvariantCulture, out int given) ? given : Random.Shared.Next();
        TestContext.Current.TestOutputHelper?.WriteLine($"OUTHEIS_SEED={seed}");
        return new Random(seed);
    }
}
