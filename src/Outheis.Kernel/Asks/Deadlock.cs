namespace Outheis;

/// <summary>
/// Looks whether an ask closes a circle: its callee is in the middle of a turn that waits, by its own asks or by way of
/// others, for the reply to this very ask (GC-09). Such an ask would wait until one of them times out.
/// </summary>
/// <remarks>
/// Whoever waits for the reply to a request waits for what the turn that answers it has asked; while the request waits
/// for its turn, and its callee lets nobody in meanwhile, for what the present turn has asked. Of a circle of such
/// waits the request that comes last comes to an agent that waits already, so it is enough to look then. Other cores'
/// agents are looked at without asking those: what was found is looked at once more, and holds if each ask is still the
/// same one, since then they all were under way between the two looks.
///
/// One core's object. A look allocates nothing unless it finds a circle.
/// </remarks>
internal sealed class Deadlock(Core core)
{
    private readonly List<Step> _steps = [];
    private readonly HashSet<object> _seen = [];      // agents, or asks of those that are reentrant

    // A request that somebody waits for: who has it, and by which step; the ask, but for the first.
    private readonly record struct Step(
        AgentCell Callee, ulong Correlation, ulong Call, int By, ReplySlot? Ask, uint Generation);

    private enum Settled
    {
        Yes,
        NotYet,
        No,
    }

    /// <summary>A request has come to an agent that waits, and lets it wait.</summary>
    /// <param name="callee">Of this core.</param>
    /// <param name="correlation">The ask.</param>
    /// <param name="call">The first ask of its chain.</param>
    /// <param name="looks">How often to look again if somebody is about to wait.</param>
    public void Look(AgentCell callee, ulong correlation, ulong call, int looks = Limits.DeadlockLooks)
    {
        Interlocked.MemoryBarrier();      // F30: this agent waits BEFORE others are looked at. Pairs with F30 there.
        _steps.Clear();
        _seen.Clear();
        _steps.Add(new Step(callee, correlation, call, -1, null, 0));
        if (Find(correlation) is not { } last || core.IsAbandoned(correlation))
        {
            return;
        }

        Interlocked.MemoryBarrier();
        (Settled settled, AgentCell? unsettled) = Judge(last);
        if (settled == Settled.Yes)
        {
            core.FailAsk(callee.Id.Value, correlation, AskOutcome.Deadlock, new CircleOfAsks(Describe(last)));
        }
        else if (settled == Settled.NotYet && looks > 0)
        {
            unsettled!.Core.Post(new AfterTurn(unsettled, new Again(callee, correlation, call, looks - 1)));
        }
    }

    // The step that comes to the ask itself.
    private Step? Find(ulong correlation)
    {
        for (int i = 0; i < _steps.Count; i++)
        {
            Step at = _steps[i];
            bool isAnswered = IsAnswered(in at);
            if (!isAnswered && LetsIn(in at))
            {
                continue;
            }

            for (ReplySlot? ask = at.Callee.Async?.FirstAsk; ask is not null; ask = ask.NextOfAsker)
            {
                if (!ReferenceEquals(ask.Asker?.Cell, at.Callee))
                {
                    break;      // it is another one's by now, and so may be what follows
                }

                if (Read(at.Callee, ask, by: i) is not { } step)
                {
                    continue;
                }

                if (isAnswered && at.Callee.Turns is not null && !Answers(ask, at.Correlation))
                {
                    continue;      // another turn's
                }

                if (step.Correlation == correlation)
                {
                    return step;
                }

                if (_steps.Count < Limits.DeadlockSteps && _seen.Add(step.Callee.Turns is null ? step.Callee : ask))
                {
                    _steps.Add(step);
                }
            }
        }

        return null;
    }

    private static Step? Read(AgentCell agent, ReplySlot ask, int by)
    {
        uint generation = Volatile.Read(ref ask.Generation);
        ulong correlation = Correlation.Of(ask.Table.Number, ask.Index, generation);
        return ask.Callee is { } callee && IsUnderWay(agent, ask, generation)
            ? new Step(callee, correlation, ask.Call, by, ask, generation) : null;
    }

    // One for a stream is left out: whoever has it waits for an item at a time, and may go on without the rest.
    private static bool IsUnderWay(AgentCell agent, ReplySlot ask, uint generation) =>
        ask is { IsPending: true, Stream: null } && ReferenceEquals(ask.Asker?.Cell, agent)
        && Volatile.Read(ref ask.Generation) == generation;

    private static bool Answers(ReplySlot ask, ulong correlation) => ask.Asker?.IsAnswering(correlation) ?? false;

    // Whether a turn that has asked somebody is to answer this request.
    private static bool IsAnswered(in Step request)
    {
        ReplySlot? ask = request.Callee.Async?.FirstAsk;
        while (ask is not null && !Answers(ask, request.Correlation))
        {
            ask = ask.NextOfAsker;
        }

        return ask is not null;
    }

    // Whether this request may begin, or has begun, beside the turns that wait.
    private static bool LetsIn(in Step request)
    {
        if (request.Callee.Turns is not { } turns)
        {
            return false;
        }

        ReplySlot? ask = request.Callee.Async?.FirstAsk;
        while (ask is not null && ask.Call != request.Call)
        {
            ask = ask.NextOfAsker;
        }

        return turns.Kind != Reentrancy.CallChain || ask is not null;
    }

    // Whether each of the circle still waits for the next; or who has not come to wait yet.
    private (Settled Settled, AgentCell? Unsettled) Judge(Step last)
    {
        (Settled Settled, AgentCell? Unsettled) all = (Settled.Yes, null);
        for (Step step = last; step.By >= 0; step = _steps[step.By])
        {
            AgentCell agent = _steps[step.By].Callee;
            Settled one = IsUnderWay(agent, step.Ask!, step.Generation) ? IsWaiting(agent) : Settled.No;
            if (one == Settled.No)
            {
                return (one, null);
            }

            all = one == Settled.Yes ? all : (one, agent);
        }

        return all;
    }

    // A reentrant one waits by turns.
    private static Settled IsWaiting(AgentCell agent) => agent.State switch
    {
        _ when agent.Turns is not null => Settled.Yes,
        AgentState.Waiting => Settled.Yes,
        AgentState.Running or AgentState.Ready => Settled.NotYet,      // it may have asked, and not come to its await
        _ => Settled.No,
    };

    private string Describe(Step last)
    {
        string asker = _steps[last.By].Callee.Name, circle = asker;
        for (Step step = _steps[last.By]; step.By >= 0; step = _steps[step.By])
        {
            circle = $"{_steps[step.By].Callee.Name}, which waits for {circle}";
        }

        return $"{asker} asks {circle}";
    }

    /// <summary>Looks again, on the callee's core.</summary>
    private sealed class Again(AgentCell callee, ulong correlation, ulong call, int looks) : AgentOp(callee)
    {
        protected override void RunAtHome(Core core)
        {
            if (Agent.State == AgentState.Waiting)
            {
                core.Deadlock.Look(Agent, correlation, call, looks);
            }
        }
    }

    /// <summary>Goes on once an agent is not in the middle of something.</summary>
    private sealed class AfterTurn(AgentCell agent, Again then) : AgentOp(agent)
    {
        protected override void RunAtHome(Core core)
        {
            if (Agent.State == AgentState.Ready)
            {
                core.Defer(this);
            }
            else
            {
                then.Agent.Core.Post(then);
            }
        }
    }
}

/// <summary>Who waits for whom, in words.</summary>
internal sealed class CircleOfAsks(string circle) : Exception(circle);
