namespace Outheis;

/// <summary>
/// Agents that exclude each other (GC-01, GC-11). Whose asynchronous turn is under way owns the exclusion; one of the
/// others whose turn comes meanwhile is kept aside, and goes back into the ready queue when the owner's turn is over.
/// An owner for which somebody of a higher class waits is raised to that, as by an ask (GC-12).
/// </summary>
internal sealed unsafe partial class Core
{
    public const ulong RaisedByExclusion = ulong.MaxValue;      // no ask has that correlation

    // False: it is kept aside, until the owner lets it in.
    private bool TryEnterExclusion(AgentCell agent)
    {
        Exclusion bottom = agent.Exclusion!.Bottom;
        if (bottom.Owner is null || ReferenceEquals(bottom.Owner, agent))
        {
            return true;
        }

        if (!agent.IsBlocked)
        {
            agent.IsBlocked = true;
            bottom.Blocked.Enqueue(agent);
        }

        if (RaisesOwner(agent))
        {
            Raise(bottom.Owner, RaisedByExclusion, agent.EffectiveQos);
        }

        return false;
    }

    /// <summary>A turn ended, or its incarnation: who waited for it has its turn, and before it.</summary>
    public void LeaveExclusion(AgentCell agent)
    {
        Exclusion bottom = agent.Exclusion!.Bottom;
        if (agent.Async is { IsInTurn: true })
        {
            bottom.Owner = agent;
            return;
        }

        if (!ReferenceEquals(bottom.Owner, agent))
        {
            return;
        }

        bottom.Owner = null;
        if (bottom.RaisedTo is not null)
        {
            bottom.RaisedTo = null;
            EndOverride(agent, RaisedByExclusion);
        }

        while (bottom.Blocked.TryDequeue(out AgentCell? blocked))
        {
            blocked.IsBlocked = false;
            if (blocked.State == AgentState.Ready && blocked.ReadySlot == ReadyQueue.NotWaiting)
            {
                _ready.Put(blocked);
            }
        }
    }

    // The owner has ended one message in this turn: it does not begin the next one before those that wait for it.
    private static bool LetsOthersIn(AgentCell agent) => agent.Exclusion?.Bottom.Blocked.Count > 0;

    // Whether the owner for whom it waits is to be raised to its class, and is not yet.
    private static bool RaisesOwner(AgentCell blocked)
    {
        Exclusion bottom = blocked.Exclusion!.Bottom;
        if (!blocked.IsBlocked || blocked.EffectiveQos <= bottom.Owner!.Qos || bottom.RaisedTo >= blocked.EffectiveQos)
        {
            return false;
        }

        bottom.RaisedTo = blocked.EffectiveQos;
        return true;
    }

    // It could not answer before the asker's turn is over (GC-09). Longer ways round end by their timeouts.
    private static bool Excludes(AgentCell asker, AgentCell callee) =>
        asker.Exclusion is { } exclusion && ReferenceEquals(exclusion.Bottom, callee.Exclusion?.Bottom);
}
