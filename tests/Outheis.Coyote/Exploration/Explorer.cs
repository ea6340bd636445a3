using System.Diagnostics;
using Microsoft.Coyote;
using Microsoft.Coyote.Logging;
using Microsoft.Coyote.SystematicTesting;

namespace Outheis.Coyote;

/// <summary>Runs scenarios again and again, each time in another order of their threads' steps.</summary>
public sealed class Explorer : IDisposable
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
        (Action prepare, Action check) = (member(nameof(ScenarioRun.Prepare)), member(nameof(ScenarioRun.Check)));
        (int begun, string? left) = (0, null);
        long start = Stopwatch.GetTimestamp();
        using var engine = TestingEngine.Create(configuration, member(nameof(ScenarioRun.Run)));
        engine.SetLogger(new TextWriterLogger(TextWriter.Null, VerbosityLevel.None));
        engine.RegisterStartIterationCallBack(_ =>
        {
            begun++;
            prepare();
        });
        engine.RegisterEndIterationCallBack(_ =>
        {
            left ??= Failure(check);
            if (left is not null)
            {
                engine.Stop();
            }
        });
        engine.Run();
        TestReport report = engine.TestReport;
        return new Exploration(
            scenario, strategy, seed, begun, Math.Max(report.MaxExploredFairSteps, report.MaxExploredUnfairSteps),
            Stopwatch.GetElapsedTime(start), report.BugReports.Concat(report.InternalErrors).FirstOrDefault() ?? left,
            string.IsNullOrEmpty(engine.ReproducibleTrace) ? null : engine.ReproducibleTrace);
    }

    public void Dispose() => _code.Dispose();

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
