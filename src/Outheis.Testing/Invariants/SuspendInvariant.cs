using System.Globalization;

namespace Outheis.Testing;

/// <summary>Who is suspended does nothing (GC-20), and of those who share an exclusion one at most is in the middle of
/// something (GC-01).</summary>
internal static class SuspendInvariant
{
    public static string? Suspended(KernelView view)
    {
        foreach (AgentCell agent in view.Agents)
        {
            bool isToBe = agent.Suspends > 0
                && agent.State is not (AgentState.Starting or AgentState.Ended or AgentState.Moving or AgentState.Dead)
                && agent.Detached is null;
            if (agent.Suspends < 0 || agent.SuspendsByHost > agent.Suspends
                || isToBe != (agent.State == AgentState.Suspended))
            {
                return Line($"{agent} is suspended {agent.Suspends} times, {agent.SuspendsByHost} of it by the host");
            }
        }

        return null;
    }

    public static string? Excluded(KernelView view)
    {
        foreach (AgentCell agent in view.Agents)
        {
            if (agent.Exclusion is not { Bottom: { } bottom })
            {
                continue;
            }

            bool isInTurn = agent.Async is { IsInTurn: true };
            if (isInTurn != ReferenceEquals(bottom.Owner, agent) && (isInTurn || agent.Detached is null))
            {
                return Line($"{agent} is {(isInTurn ? "" : "not ")}in a turn, and {bottom.Owner} owns {bottom}");
            }

            if (agent.IsBlocked && bottom.Owner is null)
            {
                return Line($"{agent} is kept aside by {bottom}, which nobody owns");
            }
        }

        return null;
    }

    /// <summary>Somebody whom it excludes has raised an agent.</summary>
    public static bool IsRaising(AgentCell agent, ulong correlation, Qos qos) => correlation == Core.RaisedByExclusion
        && agent.Exclusion is { Bottom: { } bottom } && ReferenceEquals(bottom.Owner, agent) && bottom.RaisedTo == qos;

    private static string Line(FormattableString text) => text.ToString(CultureInfo.InvariantCulture);
}
