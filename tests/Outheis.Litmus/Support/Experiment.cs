using System.Globalization;
using Outheis.Testing;
using Xunit;
using Xunit.Sdk;
using Xunit.v3;

[assembly: Parallelization(Mode = ParallelMode.None)]

namespace Outheis.Litmus;

/// <summary>
/// Runs one litmus test for as long as the environment says: <c>OUTHEIS_LITMUS_SECONDS</c>, 0.4 if it says
/// nothing. The table goes to the test's output, and to standard output with <c>OUTHEIS_LITMUS_TABLES=1</c>.
/// </summary>
internal static class Experiment
{
    private static readonly double s_seconds = double.Parse(
        Environment.GetEnvironmentVariable("OUTHEIS_LITMUS_SECONDS") ?? "0.4", CultureInfo.InvariantCulture);

    private static readonly bool s_showsTables = Environment.GetEnvironmentVariable("OUTHEIS_LITMUS_TABLES") == "1";

    /// <param name="test">The shape.</param>
    /// <param name="batch">States at a time: fewer where one is large.</param>
    /// <param name="delayMost">More where an actor takes microseconds.</param>
    public static LitmusResult Run<TState>(LitmusTest<TState> test, int batch = 1024, int delayMost = 256)
        where TState : class
    {
        LitmusResult result = test.Run(
            new LitmusOptions { Time = TimeSpan.FromSeconds(s_seconds), Batch = batch, DelayMost = delayMost });
        TestContext.Current.TestOutputHelper?.WriteLine(result.ToString());
        if (s_showsTables)
        {
            Console.WriteLine(result);
        }

        return result;
    }

    /// <summary>Runs it and fails with the table on what is forbidden.</summary>
    public static LitmusResult Expect<TState>(LitmusTest<TState> test, int batch = 1024, int delayMost = 256)
        where TState : class
    {
        LitmusResult result = Run(test, batch, delayMost);
        result.AssertNothingForbidden();
        return result;
    }
}
