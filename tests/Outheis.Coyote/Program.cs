using System.Globalization;
using Xunit.Runner.InProc.SystemConsole;

namespace Outheis.Coyote;

/// <summary>
/// Explores all scenarios in depth, or one of them. With any other arguments it is the test project that
/// <c>dotnet test</c> runs.
/// <code>
/// dotnet run -c Release --project tests/Outheis.Coyote [-- explore [SCENARIO [SCHEDULES [SEED]]]]
/// dotnet run -c Release --project tests/Outheis.Coyote -- replay SCENARIO TRACEFILE
/// </code>
/// </summary>
internal static class Program
{
    private const int SchedulesDefault = 3000;      // by each strategy
    private const uint SeedDefault = 1;

    public static async Task<int> Main(string[] args) => args switch
    {
        [] or ["explore"] => Explore(Scenario.Names, SchedulesDefault, SeedDefault),
        ["explore", var scenario] => Explore([scenario], SchedulesDefault, SeedDefault),
        ["explore", var scenario, var schedules] => Explore([scenario], Number(schedules), SeedDefault),
        ["explore", var scenario, var schedules, var seed] =>
            Explore([scenario], Number(schedules), (uint)Number(seed)),
        ["replay", var scenario, var file] => Replay(scenario, File.ReadAllText(file)),
        _ => await ConsoleRunner.Run(args),
    };

    private static int Explore(IEnumerable<string> scenarios, int schedules, uint seed)
    {
        using var explorer = new Explorer();
        int failed = 0;
        foreach (string scenario in scenarios)
        {
            foreach (Strategy strategy in Enum.GetValues<Strategy>())
            {
                Exploration explored = explorer.Explore(scenario, strategy, schedules, seed);
                Console.WriteLine(explored);
                if (explored.Failure is not null)
                {
                    failed++;
                    Keep(explored);
                }
            }
        }

        Console.WriteLine(failed == 0 ? "No claim failed." : $"{failed} explorations ended with a failure.");
        return failed == 0 ? 0 : 1;
    }

    private static int Replay(string scenario, string trace)
    {
        using var explorer = new Explorer();
        Exploration explored = explorer.Explore(scenario, Strategy.Random, schedules: 1, SeedDefault, trace);
        Console.WriteLine(explored);
        return explored.Failure is null ? 0 : 1;
    }

    private static void Keep(Exploration explored)
    {
        string seed = $"explore {explored.Scenario} {explored.Schedules} {explored.Seed}";
        if (explored.Trace is not { } trace)
        {
            Console.WriteLine($"  again: {seed}");
            return;
        }

        string file = Path.Combine(Path.GetTempPath(), $"outheis-{explored.Scenario}-{explored.Strategy}.trace");
        File.WriteAllText(file, trace);
        Console.WriteLine($"  again: {seed}, or replay {explored.Scenario} {file}");
    }

    private static int Number(string text) => int.Parse(text, CultureInfo.InvariantCulture);
}
