namespace Outheis.Testing;

/// <summary>Runs a test under many seeds and stops at the first one that fails.</summary>
public static class Seeds
{
    /// <summary>The time that is spent on making one failure shorter: 20 s, to the end of the repetition that is under
    /// way then.</summary>
    public static readonly TimeSpan ShortenMost = TimeSpan.FromSeconds(20);

    private const int RunsToShorten = 400;

    /// <summary>Runs a test once for each seed.</summary>
    /// <param name="count">How many.</param>
    /// <param name="test">Gets the seed; makes everything anew.</param>
    /// <param name="first">The first seed. To repeat a failure: a count of 1 and the seed that failed.</param>
    /// <exception cref="SeedFailedException">What the test threw first, and under which seed.</exception>
    public static void ForEach(int count, Action<ulong> test, ulong first = 1)
    {
        ArgumentNullException.ThrowIfNull(test);
        ArgumentOutOfRangeException.ThrowIfLessThan(count, 1);
        for (ulong seed = first; seed < first + (ulong)count; seed++)
        {
            try
            {
                test(seed);
            }
            catch (Exception failure)
            {
                throw new SeedFailedException(seed, failure, shortest: null);
            }
        }
    }

    /// <summary>Runs a workload once for each seed. The choices of the first failing run are made fewer and simpler as
    /// long as it fails in the same way, for <see cref="ShortenMost"/> at most.</summary>
    /// <param name="count">How many.</param>
    /// <param name="workload">What.</param>
    /// <param name="withFaults">Whether agents crash, handlers stick, clocks jump.</param>
    /// <param name="first">The first seed.</param>
    /// <exception cref="SeedFailedException">The promise that was broken, under which seed, and the shortest
    /// record.</exception>
    public static void Run(int count, Workload workload, bool withFaults = true, ulong first = 1) =>
        Run(count, workload, withFaults, first, ShortenMost);

    internal static void Run(int count, Workload workload, bool withFaults, ulong first, TimeSpan shortenMost)
    {
        ArgumentNullException.ThrowIfNull(workload);
        ArgumentOutOfRangeException.ThrowIfLessThan(count, 1);
        for (ulong seed = first; seed < first + (ulong)count; seed++)
        {
            if (WorkloadRunner.Run(workload, seed, withFaults).Failure is { } failure)
            {
                using var patience = new CancellationTokenSource(shortenMost);
                throw new SeedFailedException(seed, failure, WorkloadRunner.Shorten(
                    workload, failure, RunsToShorten, withFaults, patience.Token));
            }
        }
    }
}

/// <summary>A test failed under a seed. The inner exception is what it threw.</summary>
public sealed class SeedFailedException : Exception
{
    private const int TraceLines = 12;

    internal SeedFailedException(ulong seed, Exception failure, SimulationFailedException? shortest)
        : base(Describe(seed, failure, shortest), failure) => (Seed, Shortest) = (seed, shortest?.Drawn ?? []);

    /// <summary>The first seed under which it failed.</summary>
    public ulong Seed { get; }

    /// <summary>Of a workload: the shortest record of choices under which it fails in the same way;
    /// <see cref="WorkloadRunner.Repeat"/> runs it.</summary>
    public IReadOnlyList<int> Shortest { get; }

    private static string Describe(ulong seed, Exception failure, SimulationFailedException? shortest) =>
        $"Seed {seed} fails: {failure.Message}"
        + (shortest is null ? "" : $"\nIts shortest record of choices: [{string.Join(", ", shortest.Drawn)}]"
            + $"\nwhich ends with: {shortest.Message}\n  {string.Join("\n  ", shortest.Trace.TakeLast(TraceLines))}");
}
