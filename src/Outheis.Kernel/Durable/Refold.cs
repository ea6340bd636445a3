namespace Outheis;

/// <summary>
/// Makes a durable agent's state again: restores the newest snapshot, then hands what was taken since to the new
/// instance, with everything that it does muted and everything that it asks answered from the journal. The agent's
/// core, before the agent starts.
/// </summary>
/// <remarks>
/// The handlers run in the name of a stand-in cell that holds no capability, so that each send and ask comes to the
/// refusals' path, where the core finds this. Live sends pay nothing for it.
///
/// The newest message of a run that was killed may have been handled in part. It is handled once more, with the part
/// that is in the journal muted and the rest done: "open".
/// </remarks>
internal sealed unsafe class Refold(Core core, AgentCell agent, AgentPast past, MessageCodecs codecs) : Replaying
{
    private readonly AgentCell _standIn = new(
        agent.Kernel, core, agent.Id, agent.Name, null, null, agent.Qos, agent.Credits.Capacity)
    {
        Instance = agent.Instance, Incarnation = agent.Incarnation, State = AgentState.Running,
    };

    private PastTurn _turn = null!;
    private bool _isOpen;
    private long? _clock;
    private DateTimeOffset _time;    // of the message at hand, as good as the journal knows it

    /// <summary>Restores and folds. Throws what a handler throws: then it is not the program that wrote this.</summary>
    /// <exception cref="JournalException">The snapshot or a message cannot be read by this program.</exception>
    public static void Run(Core core, AgentCell agent, AgentPast past, MessageCodecs codecs)
    {
        if (past.Snapshot is not { } snapshot)
        {
            return;      // its namesakes were not durable
        }

        if (agent.Durable!.Restore(codecs, snapshot) is { } reason)
        {
            throw new JournalException(
                $"The state of {agent.Name} at {snapshot.Position}, {snapshot.TypeFullName} version "
                + $"{snapshot.TypeVersion}, cannot be read as {agent.Durable.StateType}: {reason}.");
        }

        var refold = new Refold(core, agent, past, codecs);
        PastTurn? open = past.Open;
        refold.RunTurns(open is null ? past.Turns : past.Turns[..^1], isOpen: false);
        if (open is not null)
        {
            DurableStart.NoteResumed(core, agent, open);
            refold.RunTurns([open], isOpen: true);
            if (agent.Async is not { IsInTurn: true })
            {
                agent.Durable!.Snapshot(core, agent);      // what now ends the process is not this message
            }
        }
    }

    public override bool IsMute => !_isOpen;

    public override AgentCell? Actor => _isOpen ? agent : null;

    public override AgentCell? Deriver => Actor;

    public override SendResult Sent<T>(CapabilityNode? node, in T message)
    {
        JournalEntry? output = Take(static entry =>
            IsRefusal(entry, RefusedRecord.Send) || (entry.Kind == JournalKind.Sent && entry.Correlation == 0));
        if (output is not null)
        {
            return output.Kind == JournalKind.Refused
                && RefusedRecord.TryRead(output.Payload.Span, out RefusedRecord refused)
                ? (SendResult)refused.Answer : SendResult.Sent;
        }

        return _isOpen ? core.Send(agent, node, in message) : SendResult.Sent;
    }

    public override bool TryAnswer<TRequest, TReply>(
        CapabilityNode? node, in TRequest request, out ValueTask<TReply> answer)
    {
        JournalEntry? asked = Take(static output =>
            IsRefusal(output, RefusedRecord.Ask) || (output.Kind == JournalKind.Sent && output.Correlation != 0));
        if (asked is null && _isOpen)
        {
            answer = default;
            return false;
        }

        JournalEntry? reply = asked is null ? null : past.ReplyTo(asked.Correlation);
        AskOutcome failure = asked is { Kind: JournalKind.Refused }
            && RefusedRecord.TryRead(asked.Payload.Span, out RefusedRecord refused)
                ? AskException.From((SendResult)refused.Answer)
            : reply is null ? AskOutcome.Dead
            : reply.Kind == JournalKind.TimedOut ? AskOutcome.TimedOut
            : reply.IsFailure ? AskException.FailureOf(reply)
            : AskOutcome.Replied;
        answer = failure != AskOutcome.Replied
            ? ValueTask.FromException<TReply>(new AskException(failure, node?.Target.Name ?? "The callee"))
            : codecs.Read(reply!, out TReply read) is not { } reason ? new ValueTask<TReply>(read)
            : ValueTask.FromException<TReply>(new JournalException(
                $"The reply at {reply!.Position} cannot be read as {typeof(TReply)}: {reason}."));
        return true;
    }

    public override bool TryRecall<T>(AgentContext context, string key, string name, out Effect<T> effect)
    {
        effect = new Effect<T>(EffectOutcome.InDoubt, default, name, null);
        if (Take(entry => RecordedEffects.IsBegun(entry, key)) is not { } begun)
        {
            return !_isOpen;
        }

        if (Take(entry => RecordedEffects.IsEnd(entry, begun)) is { } ended)
        {
            effect = RecordedEffects.Read<T>(codecs, ended, name);
        }
        else
        {
            context.NoteOutcome(begun.Correlation, in effect);      // it was told so: it will be told so again
        }

        return true;
    }

    public override void Replied<TReply>(in TReply reply)
    {
    }

    public override long? Clock()
    {
        _clock = TakeObserved(ObservedRecord.Clock) ?? _clock;
        return _clock ?? (_isOpen ? null : _time.UtcTicks);
    }

    public override TimeSpan? Uptime() =>
        TakeObserved(ObservedRecord.Uptime) is { } told ? new TimeSpan(told) : null;

    // In the order in which it decided then, whatever number the child has now. A signal of an earlier run is about
    // nobody any more.
    public override bool? Supervised(AgentId child, byte verdict)
    {
        JournalEntry? output = Take(static entry => entry.Kind == JournalKind.Supervised);
        if (output is not null && SupervisedRecord.TryRead(output.Payload.Span, out SupervisedRecord then))
        {
            return then.IsTaken;
        }

        return !_isOpen ? true : SignalCodecs.IsGone(_turn.Message, core.Kernel) ? false : null;
    }

    // A namesake of an earlier run is nobody any more, but it was made.
    public override ChildRecord? Spawned() =>
        TakeObserved(ObservedRecord.Child) is { } told ? ChildRecord.From(told) : _isOpen ? null : default(ChildRecord);

    // What was granted counted in the budget of that run.
    public override ReserveResult? Reserved() => TakeObserved(ObservedRecord.Reserved) is { } told
        ? (ReserveResult)told : _isOpen ? null : ReserveResult.Granted;

    // What is armed the journal says: nothing is armed here but what was not then.
    public override ArmResult? Armed<T>(in TimerTerms terms, in T message)
    {
        JournalTap.RequireWritable<T>(codecs);      // what threw then throws
        string key = terms.Key;
        JournalEntry? output = Take(entry =>
            IsRefusal(entry, RefusedRecord.Arm) || (entry.Kind == JournalKind.Armed && entry.Armed.Key == key));
        return output is null ? (_isOpen ? null : ArmResult.Armed)
            : RefusedRecord.TryRead(output.Payload.Span, out RefusedRecord refused)
                && output.Kind == JournalKind.Refused ? (ArmResult)refused.Answer : ArmResult.Armed;
    }

    public override bool Disarmed(string key) => Take(entry => entry.Kind == JournalKind.Disarmed
        && DisarmedRecord.TryRead(entry.Payload.Span, out DisarmedRecord then) && then.Key == key) is not null
        || !_isOpen;

    public override ulong? Random() => (ulong?)TakeObserved(ObservedRecord.Random);

    public override OffloadResult? Offloaded() => (OffloadResult?)TakeObserved(ObservedRecord.Offload);

    /// <summary>The next output of this sort that the journal has for the turn.</summary>
    public JournalEntry? Take(Predicate<JournalEntry> isMeant)
    {
        int found = _turn.Outputs.FindIndex(isMeant);
        if (found < 0)
        {
            return null;
        }

        JournalEntry output = _turn.Outputs[found];
        _turn.Outputs.RemoveAt(found);
        return output;
    }

    private static bool IsRefusal(JournalEntry entry, byte what) => entry.Kind == JournalKind.Refused
        && RefusedRecord.TryRead(entry.Payload.Span, out RefusedRecord refused) && refused.What == what;

    // A clock is told once, until the handler awaits: the next one may belong behind what it has not done yet.
    private long? TakeObserved(byte what)
    {
        int next = _turn.Outputs.FindIndex(static output => output.Kind is JournalKind.Sent or JournalKind.Refused
            or JournalKind.Observed or JournalKind.EffectBegun or JournalKind.EffectEnded or JournalKind.Armed
            or JournalKind.Disarmed);
        JournalEntry? output = next < 0 || !IsObserved(_turn.Outputs[next], what) ? null : _turn.Outputs[next];
        if (output is not null)
        {
            _turn.Outputs.RemoveAt(next);
        }

        return output is not null && ObservedRecord.TryRead(output.Payload.Span, out ObservedRecord observed)
            ? observed.Value : null;
    }

    private static bool IsObserved(JournalEntry output, byte what) => output.Kind == JournalKind.Observed
        && ObservedRecord.TryRead(output.Payload.Span, out ObservedRecord record) && record.What == what;

    private void RunTurns(List<PastTurn> turns, bool isOpen)
    {
        Message* before = core.Current;
        core.Replay = this;
        _isOpen = isOpen;
        _standIn.Durable = isOpen ? agent.Durable : null;
        try
        {
            turns.ForEach(RunTurn);
        }
        finally
        {
            core.Replay = null;
            core.Current = before;
            core.Running = agent;
            SynchronizationContext.SetSynchronizationContext(null);
        }
    }

    private void RunTurn(PastTurn turn)
    {
        (_turn, _time) = (turn, turn.Message.Time);
        Route route = codecs.RouteTo(turn.Message, agent.Instance!, out _)
            ?? throw new JournalException(
                $"{agent.Name} took {turn.Message.TypeFullName} at {turn.Message.Position}, for which this program has "
                + $"no type or {agent.Instance!.GetType().Name} no handler. Say Codecs.Add, or keep the handler.");
        if (_isOpen && turn.Earlier.Count > 0)
        {
            var earlier = new RecordedEffects(turn.Earlier);      // for what the turn had not come to
            earlier.Skip(turn.Outputs);
            agent.Effects ??= [];
            agent.Effects[turn.Message.Position] = earlier;
        }

        core.ForgetAmbient();
        AgentCell self = _isOpen && route.IsAsync ? agent : _standIn;
        Message* cell = core.Cells.Rent();
        try
        {
            object? reference = RedeliveredMessage.Fill(cell, turn.Message, route, codecs, agent);
            cell->Correlation = cell->IsAsk ? Correlation.OfEarlierRun : 0;
            core.Current = cell;
            core.Running = self;
            route.Deliver(core, self, cell, reference);
            if (_standIn.Async is { IsInTurn: true })
            {
                throw new InvalidOperationException(
                    $"{agent.Name} awaits something that is not in the journal: in a durable agent everything but asks "
                    + "and sends goes through EffectAsync.");
            }
        }
        catch (Exception bug) when (_isOpen && core.Current == cell)
        {
            Lifecycle.TellFailed(core, agent, cell, bug);      // or every start would handle it, and fail
            past.IsCut = false;                                // what is left was handled to its end
            throw;
        }
        finally
        {
            core.Cells.Return(cell);
        }
    }
}
