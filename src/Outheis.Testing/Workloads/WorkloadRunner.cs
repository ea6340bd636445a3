namespace Outheis.Testing;

/// <summary>How one workload went under one seed, or under recorded choices.</summary>
/// <param name="Workload">Its name.</param>
/// <param name="Steps">Steps of all its simulations.</param>
/// <param name="Hash">Of everything that happened: equal for equal runs.</param>
/// <param name="Failure">The promise that was broken; null if all held.</param>
public sealed record WorkloadResult(string Workload, long Steps, ulong Hash, SimulationFailedException? Failure);

/// <summary>Runs workloads under seeds, repeats what failed, and makes it shorter.</summary>
public static class WorkloadRunner
{
    /// <summary>Runs a workload under a seed.</summary>
    /// <param name="workload">Which.</param>
    /// <param name="seed">Any number; the same one gives the same run.</param>
    /// <param name="withFaults">Whether agents crash, handlers are slow, disks fail, clocks jump.</param>
    public static WorkloadResult Run(Workload workload, ulong seed, bool withFaults = true) =>
        Run(workload, new Choices(seed), withFaults);

    /// <summary>Repeats a run by its choices.</summary>
    /// <param name="workload">Which.</param>
    /// <param name="drawn">From <see cref="SimulationFailedException.Drawn"/>.</param>
    /// <param name="withFaults">As in the run.</param>
    public static WorkloadResult Repeat(Workload workload, IReadOnlyList<int> drawn, bool withFaults = true) =>
        Run(workload, new Choices(drawn), withFaults);

    /// <summary>Looks for a shorter record of choices under which the workload breaks the same promise.</summary>
    /// <param name="workload">Which.</param>
    /// <param name="failure">What it broke.</param>
    /// <param name="runsMost">Runs to spend on it.</param>
    /// <param name="withFaults">As in the run.</param>
    /// <param name="cancellationToken">Ends the search, between two runs.</param>
    /// <returns>The failure of the shortest run found; the given one if none is shorter.</returns>
    public static SimulationFailedException Shorten(
        Workload workload, SimulationFailedException failure, int runsMost = 400, bool withFaults = true,
        CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(failure);
        var shrinker = new Shrinker(
            drawn => Repeat(workload, drawn, withFaults).Failure is { } again && again.Promise == failure.Promise
                ? again
                : null,
            runsMost, cancellationToken);
        return shrinker.Shorten(failure);
    }

    private static WorkloadResult Run(Workload workload, Choices choices, bool withFaults)
    {
        ArgumentNullException.ThrowIfNull(workload);
        using var run = new WorkloadRun(choices, withFaults);
        SimulationFailedException? failure = null;
        try
        {
            workload.Run(run);
        }
        catch (SimulationFailedException broken)
        {
            failure = broken;
        }
        catch (Exception bug)
        {
            failure = new SimulationFailedException(bug.GetType().Name, bug.ToString(), choices, run.Newest, bug);
        }

        return new WorkloadResult(workload.Name, run.Steps, run.Hash, failure);
    }
}
