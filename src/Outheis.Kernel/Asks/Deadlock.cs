namespace Outheis;

/// <summary>
/// Looks whether an ask closes a circle: its callee is in the middle of a turn that waits, by its own asks or by way of
/// others, for the reply to this very ask (GC-09). Such an ask would wait until one of them times out.
/// </summary>
/// <remarks>
/// Whoever waits for the reply to a request waits for what the turn that answers it has asked; while the request waits
/// for its turn, and its callee lets nobody in meanwhile, for what the present turn has asked. Of a circle of such
/// waits the request that comes last comes to an agent in the middle of its turn, so it is enough to look then. The
/// look goes by the asks that are pending, also those of other cores' agents, as they are; what it finds may be over,
/// with the reply on its way. So <see cref="CircleOfAsks"/> asks round before anybody is told.
///
/// One core's object. A look allocates nothing unless it finds a circle.
/// </remarks>
internal sealed class Deadlock
{
    private readonly List<Step> _steps = [];
    private readonly HashSet<object> _seen = [];      // agents, or asks of those that are reentrant
    private int _left;                                // asks that this look may still read

    // A request that somebody waits for: who has it, and by which step; the ask, but for the first.
    private readonly record struct Step(
        AgentCell Callee, ulong Correlation, ulong Call, int By, ReplySlot? Ask, uint Generation);

    /// <summary>A request has come to an agent in the middle of a turn that has asked somebody, and lets it
    /// wait.</summary>
    /// <param name="callee">Of this core.</param>
    /// <param name="correlation">The ask.</param>
    /// <param name="call">The first ask of its chain.</param>
    public void Look(AgentCell callee, ulong correlation, ulong call)
    {
        Interlocked.MemoryBarrier();      // F30: this agent has asked BEFORE the look at others. Pairs with F30 there.
        _left = Limits.DeadlockSteps;
        _steps.Add(new Step(callee, correlation, call, -1, null, 0));
        if (Find(correlation) is { } last)
        {
            new CircleOfAsks(correlation, Legs(last)).Begin();
        }

        _steps.Clear();
        _seen.Clear();
    }

    // The step that comes to the ask itself.
    private Step? Find(ulong correlation)
    {
        for (int i = 0; i < _steps.Count; i++)
        {
            Step at = _steps[i];
            bool isReentrant = at.Callee.Turns is not null;
            bool isAnswered = isReentrant && IsAnswered(in at);
            if (isReentrant && !isAnswered && LetsIn(in at))
            {
                continue;
            }

            for (ReplySlot? ask = at.Callee.Async?.FirstAsk; ask is not null && _left-- > 0; ask = ask.NextOfAsker)
            {
                if (!ReferenceEquals(ask.Asker?.Cell, at.Callee))
                {
                    break;      // it is another one's by now, and so may be what follows
                }

                if (Read(at.Callee, ask, by: i) is not { } step || (isAnswered && !Answers(ask, at.Correlation)))
                {
                    continue;      // over, or another turn's
                }

                if (step.Correlation == correlation)
                {
                    return step;
                }

                if (_seen.Add(step.Callee.Turns is null ? step.Callee : ask))
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
        return ask.Callee is { } callee && IsPending(agent, ask, generation)
            ? new Step(callee, correlation, ask.Call, by, ask, generation) : null;
    }

    /// <summary>Whether it is still this ask, and has not ended. One for a stream is left out: whoever has it waits for
    /// an item at a time, and may go on without the rest.</summary>
    public static bool IsPending(AgentCell agent, ReplySlot ask, uint generation) =>
        ask is { IsPending: true, Stream: null } && ReferenceEquals(ask.Asker?.Cell, agent)
        && Volatile.Read(ref ask.Generation) == generation;

    /// <summary>Whether a turn of its asker's is to answer this request.</summary>
    public static bool Answers(ReplySlot ask, ulong correlation) => ask.Asker?.IsAnswering(correlation) ?? false;

    // Whether a turn that has asked somebody is to answer this request.
    private bool IsAnswered(in Step request)
    {
        ReplySlot? ask = request.Callee.Async?.FirstAsk;
        while (ask is not null && _left-- > 0 && !Answers(ask, request.Correlation))
        {
            ask = ask.NextOfAsker;
        }

        return ask is not null;
    }

    // Whether this request may begin, or has begun, beside the turns of a reentrant agent that wait.
    private bool LetsIn(in Step request)
    {
        ReplySlot? ask = request.Callee.Async?.FirstAsk;
        while (ask is not null && _left-- > 0 && ask.Call != request.Call)
        {
            ask = ask.NextOfAsker;
        }

        return request.Callee.Turns?.Kind != Reentrancy.CallChain || ask is not null;
    }

    // From the callee of the ask round to its asker.
    private CircleLeg[] Legs(Step last)
    {
        var legs = new Stack<CircleLeg>();
        for (Step step = last; step.By >= 0; step = _steps[step.By])
        {
            Step by = _steps[step.By];
            legs.Push(new CircleLeg(by.Callee, by.Correlation, step.Ask!, step.Generation));
        }

        return [.. legs];
    }
}
