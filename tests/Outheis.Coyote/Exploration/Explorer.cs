using System.Diagnostics;
using Microsoft.Coyote;
using Microsoft.Coyote.Logging;
using Microsoft.Coyote.SystematicTesting;

namespace Outheis.Coyote;

/// <summary>How Coyote picks the thread that goes on.</summary>
internal enum Strategy
{
    /// <summary>By priorities that change at a few random points (PCT).</summary>
    Priorities,

    /// <summary>At random, at each step.</summary>
    Random,
}

/// <summary>What exploring one scenario came to.</summary>
/// <param name="Failure">What went wrong in the last schedule; null: nothing in any.</param>
/// <param name="Trace">Replays that schedule; null when it failed only in <see cref="Scenario.Check"/>.</param>
internal sealed record Exploration(
    string Scenario, Strategy Strategy, uint Seed, int Schedules, int StepsMost, TimeSpan Time, string? Failure,
    string? Trace);

/// <summary>Runs scenarios again and again, each time in another order of their threads' steps.</summary>
internal sealed class Explorer : IDisposable
{
    private const int PriorityChanges = 5;
    private const int StepsMost = 50_000;      // of one schedule; more of them is a scenario that does not end

    private readonly RewrittenCode _code = new();

    /// <summary>Explores until a schedule fails. The same seed gives the same schedules.</summary>
    public Exploration Explore(string scenario, Strategy strategy, int schedules, uint seed, string? trace = null)
    {
        Configuration configuration = Configure(strategy, schedules, seed);
        if (trace is not null)
        {
            configuration = configuration.WithReproducibleTrace(trace);
        }

        Func<string, Action> member = _code.Find(scenario);
        (Action prepare, Action check, Action release) =
            (member(nameof(ScenarioRun.Prepare)), member(nameof(ScenarioRun.Check)), member(nameof(ScenarioRun.Release)));
        string? failure = null;
        long start = Stopwatch.GetTimestamp();
        using var engine = TestingEngine.Create(configuration, member(nameof(ScenarioRun.Run)));
        engine.SetLogger(new TextWriterLogger(TextWriter.Null, VerbosityLevel.None));
        engine.RegisterStartIterationCallBack(_ => prepare());
        engine.RegisterEndIterationCallBack(_ =>
        {
            failure ??= engine.TestReport.NumOfFoundBugs > 0 ? null : Failure(check);
            release();
            if (failure is not null)
            {
                engine.Stop();
            }
        });
        engine.Run();
        TestReport report = engine.TestReport;
        failure ??= report.BugReports.Concat(report.InternalErrors).FirstOrDefault();
        return new Exploration(
            scenario, strategy, seed, report.NumOfExploredFairPaths + report.NumOfExploredUnfairPaths,
            Math.Max(report.MaxExploredFairSteps, report.MaxExploredUnfairSteps), Stopwatch.GetElapsedTime(start), failure,
            string.IsNullOrEmpty(engine.ReproducibleTrace) ? null : engine.ReproducibleTrace);
    }

    private static string? Failure(Action check)
    {
        try
        {
            check();
            return null;
        }
        catch (Exception failed)
        {
            return failed.Message;
        }
    }

    public void Dispose() => _code.Dispose();

    private static Configuration Configure(Strategy strategy, int schedules, uint seed)
    {
        Configuration configuration = Configuration.Create()
            .WithTestingIterations((uint)schedules)
            .WithRandomGeneratorSeed(seed)
            .WithMaxSchedulingSteps(StepsMost)
            .WithFailureOnMaxStepsBoundEnabled(true)
            .WithAtomicOperationRaceCheckingEnabled(true)
            .WithVolatileOperationRaceCheckingEnabled(true)
            .WithMemoryAccessRaceCheckingEnabled(true)
            .WithDeadlockTimeout(60_000)
            .WithVerbosityEnabled(VerbosityLevel.Error)
            .WithTelemetryEnabled(false);
        return strategy == Strategy.Random
            ? configuration.WithRandomStrategy()
            : configuration.WithPrioritizationStrategy(isFair: true, PriorityChanges);
    }
}
