namespace Outheis.Tests;

/// <summary>
/// Bytes that this thread allocates by what is measured. A loop long enough to measure is compiled anew while it runs,
/// on its own thread; and now and then the runtime grows a table of its own by that. So it is measured several
/// times, and what counts is the least: what each go allocates shows in all of them, what is allocated once in one.
/// </summary>
internal static class Allocated
{
    /// <summary>More than the runtime ever took for itself in a whole run. For what grows seldom and by much, which
    /// the least of several would not show: far below one slot for each of a million rounds.</summary>
    public const long ByTheRuntime = 64 * 1024;

    private const int Times = 3;

    /// <summary>The least of three goes. The first one must be warm already.</summary>
    public static long Least(Action go)
    {
        long least = long.MaxValue;
        for (int i = 0; i < Times; i++)
        {
            long before = GC.GetAllocatedBytesForCurrentThread();
            go();
            least = Math.Min(least, GC.GetAllocatedBytesForCurrentThread() - before);
        }

        return least;
    }
}
