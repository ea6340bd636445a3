using System.Globalization;
using Xunit;

namespace Outheis.Testing.Tests.Disk;

/// <summary>
/// A journal whose machine fails at any moment, again and again: it always opens, to a prefix of what was appended
/// that holds all that was synced (INV-31).
/// </summary>
public sealed class PowerCutTests
{
    private const int ImagesOfOneRun = 25;

    // A few seconds' worth; OUTHEIS_IMAGES=100000 looks for longer.
    private static readonly int Images = int.TryParse(Environment.GetEnvironmentVariable("OUTHEIS_IMAGES"),
        NumberStyles.None, CultureInfo.InvariantCulture, out int images) ? images : 10_000;

    [Fact]
    public void PowerCut_AnyMoment_JournalOpensToAPrefixWithAllThatWasSynced()
    {
        for (int seed = 0; seed < Images / ImagesOfOneRun; seed++)
        {
            var run = new PowerCutRun((ulong)seed);
            for (int image = 0; image < ImagesOfOneRun; image++)
            {
                run.AppendAndCut();
            }

            run.End();
        }
    }
}
