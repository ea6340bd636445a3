namespace Outheis;

/// <summary>
/// Asks round whether a circle of asks is there: on each agent's core, between two turns, whether it still has the
/// request, and its turn waits for the next. Somebody in a circle has nothing to go on with before the next one has, so
/// what was so at the earlier ones still is when the last one says yes. Then the ask that closed it ends.
/// </summary>
/// <param name="correlation">The ask.</param>
/// <param name="legs">From its callee round to its asker.</param>
internal sealed class CircleOfAsks(ulong correlation, CircleLeg[] legs)
{
    private int Length => legs.Length;

    public void Begin() => Visit(0);

    private void Visit(int number)
    {
        CircleLeg leg = legs[number % legs.Length];
        leg.Agent.Core.Post(new Visitor(this, leg, number));
    }

    // At the callee once more, and nobody has said no.
    private void Tell(Core core)
    {
        if (!core.IsAbandoned(correlation))
        {
            core.FailAsk(
                legs[0].Agent.Id.Value, correlation, AskOutcome.Deadlock, new DeadlockException(Describe()));
        }
    }

    private string Describe() => $"{legs[^1].Agent.Name} asks " + string.Join(
        ", which waits for ", legs.Select(static leg => leg.Agent.Name));

    private sealed class Visitor(CircleOfAsks circle, CircleLeg leg, int number) : AgentOp(leg.Agent)
    {
        protected override void RunAtHome(Core core)
        {
            if (leg.Waits() is not { } waits)
            {
                core.Defer(this);
            }
            else if (waits && number == circle.Length)
            {
                circle.Tell(core);
            }
            else if (waits)
            {
                circle.Visit(number + 1);
            }
        }
    }
}

/// <summary>One agent of a circle.</summary>
/// <param name="Agent">Who has a request.</param>
/// <param name="Request">That somebody waits for.</param>
/// <param name="Ask">Whom it has asked meanwhile.</param>
/// <param name="Generation">Of that ask.</param>
internal sealed record CircleLeg(AgentCell Agent, ulong Request, ReplySlot Ask, uint Generation)
{
    /// <summary>On the agent's core, between turns: whether it has the request, and waits for what it has asked; null:
    /// it is about to go on, and may then wait.</summary>
    public bool? Waits()
    {
        if (Agent.Async is not { IsInTurn: true } turn || !Deadlock.IsPending(Agent, Ask, Generation))
        {
            return false;
        }

        bool isReentrant = Agent.Turns is not null;      // then only the turn that has asked waits
        bool isAnswering = isReentrant ? Deadlock.Answers(Ask, Request) : turn.Owes(Request);
        return !isAnswering && !IsQueued() ? false
            : isReentrant || Agent.State is AgentState.Waiting or AgentState.Suspended ? true
            : Agent.State is AgentState.Ready or AgentState.Running ? null : false;
    }

    private unsafe bool IsQueued()
    {
        bool isThere = false;
        Agent.Inbox.Look(message => isThere |= message->IsAsk && message->Correlation == Request);
        return isThere;
    }
}

/// <summary>Who waits for whom, in words.</summary>
internal sealed class DeadlockException(string circle) : Exception(circle);
