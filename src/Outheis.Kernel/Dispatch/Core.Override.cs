namespace Outheis;

/// <summary>
/// Quality of service with override: an ask raises its callee, with everything that is ahead of it in the callee's
/// channel, to the asker's class until it is over (GC-08), and whoever the callee itself waits for likewise (SE-41).
/// </summary>
/// <remarks>
/// An ask carries the class that its asker had when it asked. If the asker is raised while it waits, its callees are
/// told (<see cref="Raising"/>); and since the reply may cross with that, the asker tells them once more when the ask
/// is over. So whatever was raised falls again. Nobody is lowered before: neither in the ready queue, nor because the
/// asker of the asker has gone.
/// </remarks>
internal sealed unsafe partial class Core
{
    private readonly Stack<(AgentCell Callee, ulong Correlation, Qos To)> _raising = new();

    /// <summary>An ask has come to one of this core's agents. A withdrawal by the host may have come before
    /// it.</summary>
    private void NoteAsk(AgentCell callee, Message* ask)
    {
        if (callee.Turns is { } turns && turns.NoteCall(callee, ask) && callee.State == AgentState.Waiting)
        {
            MakeReady(callee);
        }

        if (ask->Qos > callee.Qos && !IsAbandoned(ask->Correlation))
        {
            Raise(callee, ask->Correlation, ask->Qos);
        }

        if (callee.Async is { FirstAsk: not null, IsInTurn: true } && ask->Sender != 0
            && callee.Turns is not { Kind: Reentrancy.Always } && !ask->Has(MessageFlags.Call))
        {
            Deadlock.Look(callee, ask->Correlation, Message.CallOf(ask, 0));
        }
    }

    /// <summary>Somebody of this class waits for one of this core's agents.</summary>
    public void Raise(AgentCell callee, ulong correlation, Qos to)
    {
        // Not by recursion: a chain of asks may be long.
        _raising.Push((callee, correlation, to));
        while (_raising.TryPop(out (AgentCell Callee, ulong Correlation, Qos To) raise))
        {
            AgentCell agent = raise.Callee;
            Overrides overrides = agent.Overrides ??= new Overrides();
            overrides.Set(raise.Correlation, raise.To);
            Qos before = agent.EffectiveQos;
            agent.EffectiveQos = QosRules.Effective(agent.Qos, overrides.Highest);
            if (agent.EffectiveQos > before)
            {
                Counters.Raised++;
                _ready.Move(agent);
                RaiseCallees(agent);
            }
        }
    }

    /// <summary>An ask that one of this core's agents had is over.</summary>
    public static void EndOverride(AgentCell callee, ulong correlation)
    {
        if (callee.Overrides is { } overrides && overrides.Remove(correlation))
        {
            callee.EffectiveQos = QosRules.Effective(callee.Qos, overrides.Highest);
        }
    }

    private void RaiseCallees(AgentCell asker)
    {
        if (asker.Exclusion is { Bottom.Owner: { } owner } && RaisesOwner(asker))
        {
            _raising.Push((owner, RaisedByExclusion, asker.EffectiveQos));
        }

        for (ReplySlot? slot = asker.Async?.FirstAsk; slot is not null; slot = slot.NextOfAsker)
        {
            AgentCell callee = slot.Callee!;
            if (slot.Qos >= asker.EffectiveQos)
            {
                continue;
            }

            slot.Qos = asker.EffectiveQos;
            if (slot.Qos <= callee.Qos)
            {
                continue;
            }

            slot.IsRaised = true;
            ulong correlation = slot.Correlate(Index);
            if (Has(callee))
            {
                _raising.Push((callee, correlation, slot.Qos));
            }
            else
            {
                var raising = new Raising(callee.Id.Value, slot.Qos);
                SendUncredited(callee.Core, 0, 0, RaisingRoute.Instance, correlation, in raising);
            }
        }
    }
}

/// <summary>Who asked was raised while it waits; names the callee.</summary>
internal readonly record struct Raising(uint Callee, Qos To);

internal sealed unsafe class RaisingRoute() : Route(typeof(Raising))
{
    public static readonly RaisingRoute Instance = new();

    public override int InlineBytes => Carriage<Raising>.InlineBytes;

    public override bool IsUnderstoodBy(Agent agent) => false;

    public override void Deliver(Core core, AgentCell self, Message* message, object? reference)
    {
        var raising = *(Raising*)&message->Payload;
        if (core.Kernel.Agents.Find(raising.Callee) is not { } callee)
        {
            return;
        }

        if (core.Has(callee))
        {
            core.Raise(callee, message->Correlation, raising.To);
        }
        else
        {
            new RaiseOp(callee, message->Correlation, raising.To).Run(core);
        }
    }

    private sealed class RaiseOp(AgentCell callee, ulong correlation, Qos to) : AgentOp(callee)
    {
        protected override void RunAtHome(Core core) => core.Raise(Agent, correlation, to);
    }
}
