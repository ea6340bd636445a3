using System.Text;

namespace Outheis.Testing;

/// <summary>How the kit's failures read.</summary>
internal static class Words
{
    /// <summary>The promise that a failed expectation breaks.</summary>
    public const string Expectation = "expectation";

    /// <summary>How long expectations wait: longer than the kernel's own time-out of asks.</summary>
    public static readonly TimeSpan Patience = TimeSpan.FromSeconds(10);

    private const int TraceLines = 12;

    /// <summary>A message in words; code of the test must not hide a failure by failing itself.</summary>
    public static string Of<T>(T message)
    {
        try
        {
            return message?.ToString() ?? "null";
        }
        catch (Exception bug)
        {
            return $"a {typeof(T).Name} whose ToString threw {bug.GetType().Name}";
        }
    }

    /// <summary>Fails with what was wanted, what was there instead, and the newest steps.</summary>
    public static SimulationFailedException Failure(
        Simulation simulation, string wanted, string title, IEnumerable<string> instead)
    {
        var text = new StringBuilder(wanted);
        AddLines(text, title, instead);
        AddLines(text, "the newest steps:", simulation.Trace.Newest(TraceLines));
        text.Append('\n');
        return new SimulationFailedException(Expectation, text.ToString(), simulation);
    }

    /// <summary>Steps, and moves time on when nobody can do anything, until the condition holds or the time is over.
    /// What is under way at the end of the time still counts.</summary>
    public static bool RunUntil(Simulation simulation, Func<bool> condition, TimeSpan? within) =>
        simulation.IsReached(condition, simulation.Time.Now + (within ?? Patience));

    /// <summary>The name of an agent, or its id if it is gone.</summary>
    public static string NameOf(Simulation simulation, AgentId agent) =>
        agent == AgentId.Host ? "host" : simulation.Kernel.Agents.Find(agent.Value)?.Name ?? agent.ToString();

    private static void AddLines(StringBuilder text, string title, IEnumerable<string> lines)
    {
        text.Append('\n').Append(title);
        foreach (string line in lines)
        {
            text.Append("\n  ").Append(line);
        }
    }
}
