using Outheis.Tidy.Reading;

namespace Outheis.Tidy.Rules;

/// <summary>One place that may break one rule, and why. All of them stand here; one that is not needed is a
/// failure.</summary>
/// <param name="Rule">The rule's name.</param>
/// <param name="Path">The file.</param>
/// <param name="Text">Part of the line that breaks the rule; empty: any line of the file.</param>
/// <param name="Reason">Why that is right.</param>
internal sealed record Exemption(string Rule, string Path, string Text, string Reason)
{
    private const string Kernel = "src/Outheis.Kernel/";

    public static readonly Exemption[] All =
    [
        new("async", Kernel + "Kernel.cs", "DisposeAsync", "the host awaits the stop on its own threads"),
        new("async", Kernel + "Failure/Shutdown.cs", "",
            "the stop is driven by the host's thread, not by a core"),
        new("async", Kernel + "Host/CapabilityWriter.cs", "",
            "a ChannelWriter for threads outside the kernel"),
        new("async", Kernel + "Journal/JournalFollow.cs", "",
            "whoever reads a journal beside its kernel awaits the next record, no core does"),
        new("async", Kernel + "Agents/AgentContext.Effect.cs", "",
            "an agent awaits the world outside: part of its handler, resumed on its core"),
        new("async", Kernel + "Streams/Outflow.cs", "",
            "awaits what an agent's handler produces: part of its turn, resumed on its core"),
        new("async", Kernel + "Kernel.Past.cs", "", "the host awaits what is read and folded on a pool thread"),
        new("async", Kernel + "Coordination/WorkGroup.cs", "WaitAsync",
            "the host waits for a group, on its own threads; a core is refused"),
        new("blocking", Kernel + "Coordination/ApplyLoop.cs", "_isOver.Task.Wait(",
            "a thread of the host's or of the pool did its share and waits for the others; a core is refused"),
        new("blocking", Kernel + "Platform/PinnedThreads.cs", "_bound.Task.Wait()",
            "Kernel.Start returns when the core thread is bound; the thread that sets it awaits nobody"),
        new("blocking", Kernel + "Agents/AgentContext.cs", "turn.GetAwaiter().GetResult()",
            "only after IsCompleted: takes the result, or throws what the handler threw"),
        new("blocking", "src/Outheis.Assistant/Index/VaultIndex.cs", "reading.GetAwaiter().GetResult()",
            "its end is what ended the loop before: only throws what the reading threw"),
        new("blocking", "src/Outheis.Testing/Simulation/Simulation.cs", ".GetAwaiter().GetResult()",
            "only after the simulation ran until it was completed: takes the result, or throws what was thrown"),
        new("blocking", "src/Outheis.Cli/Session.cs", "_last.Result",
            "not a task: how the last question ended"),
        new("friends", Kernel + "Outheis.Kernel.csproj", "\"Outheis.Testing\"",
            "runs the same kernel on simulated cores: replaces its platform and looks at its state; one release"),
        new("public API files", "src/Outheis.Assistant/Outheis.Assistant.csproj", "",
            "an application in a library's clothes: nothing in it is public, the tool is its friend"),
    ];

    public bool Covers(Rule rule, Finding found, Repository repository) =>
        Rule == rule.Name && Path == found.Path
        && (Text.Length == 0
            || (repository.Find(found.Path) is { } file && found.Line <= file.Lines.Length
                && file.Lines[found.Line - 1].Contains(Text, StringComparison.Ordinal)));
}
