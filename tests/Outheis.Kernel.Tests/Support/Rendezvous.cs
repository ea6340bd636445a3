using System.Diagnostics;
using Xunit;

namespace Outheis.Tests;

/// <summary>
/// Lets threads go on at the same moment, round after round. Whoever comes last is the first to know, by the time
/// that a cache line takes from one processor to the other; so each also waits for some looks more, drawn at random.
/// </summary>
internal sealed class Rendezvous(int parties)
{
    private const int LooksMore = 200;

    private int _arrived;

    /// <summary>Returns when all parties of this round are here.</summary>
    public void Meet(Random random)
    {
        int more = random.Next(LooksMore);
        int all = (Interlocked.Increment(ref _arrived) + parties - 1) / parties * parties;
        long start = Stopwatch.GetTimestamp();
        for (int looks = 1; Volatile.Read(ref _arrived) < all; looks++)
        {
            if (looks % 10_000 == 0)
            {
                Thread.Yield();      // fewer processors than parties
                Assert.True(Stopwatch.GetElapsedTime(start) < ThreadKernel.Patience, "somebody never came");
            }
        }

        while (more > 0 && Volatile.Read(ref _arrived) >= all)
        {
            more--;
        }
    }
}
