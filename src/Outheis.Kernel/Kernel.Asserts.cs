namespace Outheis;

/// <summary>Assertions of where code runs (GC-21): they throw and say what is wrong, and cost a look where all is
/// well.</summary>
public sealed partial class Kernel
{
    /// <summary>Throws unless this code runs in a turn of the agent.</summary>
    /// <param name="agent">Whose.</param>
    /// <exception cref="InvalidOperationException">It runs elsewhere; the message says where.</exception>
    public void AssertOn(AgentId agent)
    {
        if (RunningHere?.Id != agent)
        {
            throw Misplaced($"belongs into a turn of {NameOf(agent)}", "send that agent a message");
        }
    }

    /// <summary>Throws if this code runs in a turn of the agent.</summary>
    /// <param name="agent">Whose.</param>
    /// <exception cref="InvalidOperationException">It does.</exception>
    public void AssertNotOn(AgentId agent)
    {
        if (RunningHere?.Id == agent)
        {
            throw Misplaced($"must not run in a turn of {NameOf(agent)}", "offload it, or have another agent do it");
        }
    }

    /// <summary>Throws unless this code runs in a turn of an agent of the exclusion, or of one within it.</summary>
    /// <param name="exclusion">Which.</param>
    /// <exception cref="InvalidOperationException">It runs elsewhere; the message says where.</exception>
    public void AssertOn(Exclusion exclusion)
    {
        ArgumentNullException.ThrowIfNull(exclusion);
        if (RunningHere is not { } agent || !exclusion.Contains(agent))
        {
            throw Misplaced(
                $"belongs into a turn of an agent of {exclusion}", "give its agent SpawnOptions.Exclusion");
        }
    }

    /// <summary>Throws if this code runs in a turn of an agent of the exclusion, or of one within it.</summary>
    /// <param name="exclusion">Which.</param>
    /// <exception cref="InvalidOperationException">It does.</exception>
    public void AssertNotOn(Exclusion exclusion)
    {
        ArgumentNullException.ThrowIfNull(exclusion);
        if (RunningHere is { } agent && exclusion.Contains(agent))
        {
            throw Misplaced(
                $"must not run in a turn of an agent of {exclusion}", "offload it, or have another agent do it");
        }
    }

    /// <summary>Throws unless this code runs on a core of this kernel.</summary>
    /// <param name="core">Which; null: any.</param>
    /// <exception cref="InvalidOperationException">It runs elsewhere; the message says where.</exception>
    public void AssertOnCore(int? core = null)
    {
        if (Core.OfThisThread is not { } here || here.Kernel != this || (core ?? here.Index) != here.Index)
        {
            throw Misplaced(
                core is null ? "belongs on a core of this kernel" : $"belongs on core {core}", "do it in a handler");
        }
    }

    /// <summary>Throws if this code runs on a core of any kernel: what may block asserts it.</summary>
    /// <exception cref="InvalidOperationException">It does.</exception>
    public static void AssertNotOnCore()
    {
        if (Core.OfThisThread is not null)
        {
            throw Misplaced("must not run on a core, which it may keep from its agents", "offload it");
        }
    }

    private AgentCell? RunningHere
    {
        get
        {
            if (Core.OfThisThread is not { } core || core.Kernel != this)
            {
                return null;
            }

            using KernelCall call = core.Call();
            return core.Replay?.Deriver ?? core.Running;
        }
    }

    private string NameOf(AgentId agent) => Agents.Find(agent.Value)?.Name ?? agent.ToString();

    private static InvalidOperationException Misplaced(string where, string remedy)
    {
        using KernelCall call = Core.OfThisThread is { } one ? one.Call() : default;
        string here = Core.OfThisThread is not { } core
            ? $"thread {Environment.CurrentManagedThreadId}, which is no core"
            : core.Running is { } agent ? $"a turn of {agent.Name} on core {core.Index}"
            : $"core {core.Index} and no turn";
        return new InvalidOperationException(
            $"This code {where}, and runs in {here}. If an await brought it there, leave out ConfigureAwait(false); "
            + $"else {remedy}.");
    }
}
