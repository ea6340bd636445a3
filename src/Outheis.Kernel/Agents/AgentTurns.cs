namespace Outheis;

/// <summary>
/// The turns that one incarnation of a reentrant agent has in flight, each with a context of its own, which is used
/// again. The agent's core only. An agent that is not reentrant has none of this.
/// </summary>
/// <remarks>
/// Between two messages:
///   T1  at most <see cref="Limits.TurnsInFlight"/> are in flight
///   T2  a barrier in flight is the only turn in flight
///   T3  the agent is Waiting if turns are in flight and it may begin nothing, and not otherwise
/// </remarks>
internal sealed unsafe class AgentTurns(Reentrancy kind)
{
    private readonly List<AgentContext> _inFlight = [];
    private readonly List<AgentContext> _all = [];
    private AgentContext? _free;                      // linked by NextFree
    private bool _hasCalls;                           // the lane may hold requests of the agent's own call chains
    private bool _isTakenAlone;                       // the message taken last is a barrier

    public Reentrancy Kind => kind;

    /// <summary>Whose code runs now; null: that of no asynchronous turn.</summary>
    public AgentContext? Running;

    /// <summary>A barrier is in flight.</summary>
    public bool HasBarrier { get; private set; }

    /// <summary>The turns, in no order.</summary>
    public IReadOnlyList<AgentContext> InFlight => _inFlight;

    /// <summary>Every context, in flight or free.</summary>
    public IReadOnlyList<AgentContext> All => _all;

    /// <summary>Whether the agent may begin what comes, or something that waits.</summary>
    public bool MayBegin(AgentCell agent) => _inFlight.Count == 0 || (
        _inFlight.Count < Limits.TurnsInFlight && agent.StopWanted is null
        && (kind == Reentrancy.CallChain ? _hasCalls : !HasBarrier && !IsBarrier(agent, agent.Inbox.Peek())));

    /// <summary>The next message that the agent may begin, which is taken out; null: there is none.</summary>
    public Message* Take(AgentCell agent)
    {
        if (!MayBegin(agent))
        {
            return null;
        }

        bool isCall = kind == Reentrancy.CallChain && _inFlight.Count > 0;
        Message* message = isCall ? agent.Inbox.TakeCall(agent) : agent.Inbox.Take();
        _hasCalls &= !isCall || message != null;
        _isTakenAlone = IsBarrier(agent, message);
        return message;
    }

    /// <summary>A request has come: whether one of the agent's own asks led to it. Then it may begin at once.</summary>
    public bool NoteCall(AgentCell agent, Message* request)
    {
        if (kind != Reentrancy.CallChain || _inFlight.Count == 0 || !IsOwnCall(agent, request))
        {
            return false;
        }

        request->Flags |= MessageFlags.Call | MessageFlags.Priority;
        _hasCalls = true;
        return true;
    }

    /// <summary>Whether an ask of the agent that waits led to this request.</summary>
    public static bool IsOwnCall(AgentCell agent, Message* request)
    {
        ulong call = Message.CallOf(request, 0);
        for (ReplySlot? slot = agent.Async?.FirstAsk; slot is not null; slot = slot.NextOfAsker)
        {
            if (slot.Call == call)
            {
                return true;
            }
        }

        return false;
    }

    /// <summary>A context for the message taken last.</summary>
    public AgentContext Begin(AgentContext whole)
    {
        AgentContext turn = _free ?? Add(new AgentContext(whole));
        _free = turn.NextFree;
        turn.NextFree = null;
        turn.Place = _inFlight.Count;
        _inFlight.Add(turn);
        HasBarrier = _isTakenAlone;
        Running = turn;
        return turn;
    }

    /// <summary>A turn is over.</summary>
    public void End(AgentContext turn)
    {
        AgentContext last = _inFlight[^1];
        _inFlight[turn.Place] = last;
        last.Place = turn.Place;
        _inFlight.RemoveAt(_inFlight.Count - 1);
        HasBarrier = false;      // it was alone
        turn.NextFree = _free;
        _free = turn;
    }

    /// <summary>The turn that owes the reply to an ask; null: there is none.</summary>
    public AgentContext? Answering(ulong correlation)
    {
        foreach (AgentContext turn in _inFlight)
        {
            if (turn.IsAnswering(correlation))
            {
                return turn;
            }
        }

        return null;
    }

    /// <summary>The incarnation ended.</summary>
    public void Clear() => _inFlight.Clear();

    private bool IsBarrier(AgentCell agent, Message* message) =>
        kind == Reentrancy.Always && message != null && Route.Of(message->Route).IsBarrierOf(agent.Instance!);

    private AgentContext Add(AgentContext turn)
    {
        _all.Add(turn);
        return turn;
    }
}
