using System.Diagnostics;
using System.Runtime;

namespace Outheis.Bench;

/// <summary>
/// Rounds that do not count. What has turned out to be hot .NET compiles again, beside the program and for seconds;
/// where every processor has a pinned thread, it takes one of them away for milliseconds at a time.
/// </summary>
internal static class Settling
{
    private const double Quiet = 0.005;      // of a round's time, for the compiler

    /// <summary>Has rounds run until the compiler has little to do in one, at least one and at most so many.</summary>
    /// <param name="most">Rounds.</param>
    /// <param name="round">Runs one.</param>
    /// <param name="compiled">What the compiler has taken so far; null: ask it.</param>
    /// <returns>How many it were.</returns>
    public static int Run(int most, Action round, Func<TimeSpan>? compiled = null)
    {
        compiled ??= static () => JitInfo.GetCompilationTime();
        for (int done = 1; ; done++)
        {
            TimeSpan before = compiled();
            long start = Stopwatch.GetTimestamp();
            round();
            if (done == most || compiled() - before <= Quiet * Stopwatch.GetElapsedTime(start)) return done;
        }
    }
}
