using System.Globalization;

namespace Outheis.Testing;

/// <summary>A promise was broken in a simulation. The message says which, and the seed and step that repeat
/// it.</summary>
public sealed class SimulationFailedException : Exception
{
    internal SimulationFailedException(string promise, string what, Simulation simulation, Exception? cause = null)
        : this(promise, what, simulation.Choices, simulation, cause)
    {
    }

    internal SimulationFailedException(
        string promise, string what, Choices choices, Simulation? simulation, Exception? cause)
        : base(Describe(promise, what, choices, simulation), cause)
    {
        Promise = promise;
        Step = simulation?.Steps ?? 0;
        Seed = choices.Seed;
        StepsOfRun = choices.Steps;
        Drawn = [.. choices.Drawn];
        Trace = simulation?.Trace.Newest() ?? [];
    }

    /// <summary>Its name: an invariant such as INV-08, or the workload's own.</summary>
    public string Promise { get; }

    /// <summary>The seed; null if the run repeated recorded choices.</summary>
    public ulong? Seed { get; }

    /// <summary>The step after which it was seen.</summary>
    public long Step { get; }

    /// <summary>Every choice up to there; <see cref="Choices(IReadOnlyList{int})"/> repeats them.</summary>
    public IReadOnlyList<int> Drawn { get; }

    /// <summary>What happened last, oldest first.</summary>
    public IReadOnlyList<string> Trace { get; }

    /// <summary>Steps of all simulations of the run up to there.</summary>
    internal long StepsOfRun { get; }

    private static string Describe(string promise, string what, Choices choices, Simulation? simulation)
    {
        string seed = choices.Seed?.ToString(CultureInfo.InvariantCulture) ?? "recorded";
        return string.Create(
            CultureInfo.InvariantCulture, $"{promise}: {what} seed={seed} step={simulation?.Steps ?? 0}");
    }
}
