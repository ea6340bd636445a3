using System.Globalization;

namespace Outheis.Coyote;

/// <summary>How Coyote picks the thread that goes on.</summary>
public enum Strategy
{
    /// <summary>By priorities that change at a few random points (PCT).</summary>
    Priorities,

    /// <summary>At random, at each step.</summary>
    Random,
}

/// <summary>What exploring one scenario came to.</summary>
/// <param name="Scenario">Which.</param>
/// <param name="Strategy">How.</param>
/// <param name="Seed">The same seed gives the same schedules.</param>
/// <param name="Schedules">How many ran; the last one failed, if any.</param>
/// <param name="StepsMost">Steps of the longest schedule.</param>
/// <param name="Time">How long it all took.</param>
/// <param name="Failure">What went wrong; null: nothing in any schedule.</param>
/// <param name="Trace">Replays the last schedule; null when only the look at what was left failed.</param>
public sealed record Exploration(
    string Scenario, Strategy Strategy, uint Seed, int Schedules, int StepsMost, TimeSpan Time, string? Failure,
    string? Trace)
{
    public override string ToString() => string.Create(CultureInfo.InvariantCulture,
        $"{Scenario,-22} {Strategy,-10} seed {Seed} {Schedules,5} schedules, at most {StepsMost,5} steps, "
        + $"{Time.TotalSeconds,5:f1} s: {(Failure is null ? "ok" : "FAILED: " + Failure)}");
}
