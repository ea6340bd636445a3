namespace Outheis;

/// <summary>
/// What the agents of one core have offloaded: out to the pool, and home again as messages. The core only.
/// </summary>
/// <remarks>
/// As with a timer, the message is journaled when its agent takes it: until then nothing came of it, and no later run
/// is to be told of it. Where the journal has no room then, it is held until there is.
/// </remarks>
internal sealed unsafe class CoreOffloads(Core core)
{
    private Inbox _held;          // results that the journal had no room for
    private long _nextLook;
    private int _out;             // at the pool, or on the way home

    /// <summary>Nothing is out, and nothing held.</summary>
    public bool IsQuiet => _out == 0 && _held.IsEmpty;

    public bool HasHeld => !_held.IsEmpty;

    /// <summary>Cells that hold what was held.</summary>
    public int CellsHeld => _held.Count;

    /// <summary>Offloads work whose result is a message; while recorded messages are handled once more, none.</summary>
    public OffloadResult Start<TState, TResult>(
        AgentCell self, TState state, Func<TState, CancellationToken, TResult> work, ulong key)
    {
        ArgumentNullException.ThrowIfNull(work);
        Route route = Check<TResult>(self);
        Check<OffloadFailed>(self);
        if (core.Replay is not null || self.Factory is null)
        {
            return core.Replay?.Offloaded() ?? OffloadResult.Accepted;
        }

        var job = OffloadMessage<TState, TResult>.Rent(
            ScopeOf(self), state, work, route, key, core.Current->Chain);
        OffloadResult result = Put(job);
        if (result != OffloadResult.Accepted)
        {
            job.Return();
            core.NoteObserved(ObservedRecord.Offload, (long)result);
        }

        return result;
    }

    /// <summary>Offloads a loop.</summary>
    public OffloadResult Apply<TState>(
        AgentCell self, int count, TState state, Action<TState, int> body, ulong key) =>
        Start(self, AgentLoop<TState>.Of(self, count, state, body, key), static (loop, token) => loop.Run(token), key);

    /// <summary>Offloads work that the turn awaits.</summary>
    public ValueTask<TResult> Await<TState, TResult>(
        AgentContext context, TState state, Func<TState, CancellationToken, TResult> work)
    {
        AgentCell self = context.Cell;
        var job = new OffloadAwait<TState, TResult>(context, state, work)
        {
            Scope = ScopeOf(self),
            Qos = self.EffectiveQos,
        };
        OffloadResult result = Put(job);
        return result == OffloadResult.Accepted
            ? new ValueTask<TResult>(job, 0)
            : ValueTask.FromException<TResult>(new OffloadException(result, self.Name));
    }

    /// <summary>A piece of work is back.</summary>
    public void ComeHome(OffloadScope scope)
    {
        _out--;
        scope.UnderWay--;
    }

    /// <summary>Hands the agent what its work came to.</summary>
    public void Tell<T>(OffloadScope scope, Route route, uint chain, in T message)
    {
        AgentCell agent = scope.Agent;
        scope.UnderWay++;      // until it is taken
        Message* cell = core.Cells.Rent();
        OwnMessage.Fill(core.Cells, cell, agent, route, MessageFlags.Offload, in message);
        cell->Chain = chain != 0 ? chain : core.NextChain();
        cell->Timer = scope.Incarnation;
        core.Put(agent, cell);
    }

    /// <summary>An agent takes what its work came to: journals it. False: it was for another incarnation, or is held
    /// until the journal has room.</summary>
    public bool TryTake(AgentCell agent, Message* message)
    {
        if (message->Timer != agent.Incarnation)
        {
            Bury(message, DeadLetterReason.IncarnationEnded);
            return false;
        }

        if (core.Tap is { } tap)
        {
            object? reference = message->Has(MessageFlags.Reference) ? core.Cells.LookAtReference(message) : null;
            if (!Route.Of(message->Route).TryJournal(tap, message, reference))
            {
                Hold(message);
                return false;
            }
        }

        message->Flags &= ~MessageFlags.Offload;      // whatever becomes of it now is told, as of any message
        agent.Offloads!.UnderWay--;
        return true;
    }

    /// <summary>The journal has no room for a message that its agent was about to take.</summary>
    public void Hold(Message* message) => _held.Put(message);

    /// <summary>Now and then: what was held goes back into the inboxes, if there is room. Returns how much.</summary>
    public int PutBack()
    {
        if (core.Now < _nextLook || core.Tap is { HasRoom: false })
        {
            return 0;
        }

        _nextLook = core.Now + (long)(Limits.PollPeriod.TotalSeconds * core.Time.TimestampFrequency);
        return PutBackAll();
    }

    /// <summary>A stop: what is held counts as waiting for its agent, whatever room there is.</summary>
    public int PutBackAll()
    {
        Inbox held = _held;
        _held = default;
        int count = held.Count;
        Message* message;
        while ((message = held.Take()) != null)
        {
            if (core.Kernel.Agents.Find(message->Target) is { } agent)
            {
                core.Put(agent, message);
            }
            else      // it was told something; what it had offloaded EndOf takes out
            {
                core.Bury(message, null, TooLate(core));
            }
        }

        return count;
    }

    /// <summary>The incarnation ends: its work is asked to end, and nothing of it arrives any more.</summary>
    public void EndOf(AgentCell agent)
    {
        agent.Offloads?.End();
        agent.Offloads = null;
        Inbox held = _held;
        _held = default;
        Message* message;
        while ((message = held.Take()) != null)
        {
            if (message->Target != agent.Id.Value || message->Has(MessageFlags.Told))
            {
                _held.Put(message);
                continue;
            }

            Bury(message, TooLate(core));
        }
    }

    /// <summary>What nobody will hear of any more.</summary>
    public void Bury(Message* message, DeadLetterReason reason)
    {
        Route route = Route.Of(message->Route);
        if (message->Has(MessageFlags.Reference))
        {
            route.Discard(core.Cells.TakeReference(message));
        }

        core.Kernel.DeadLetters.Add(new DeadLetter(
            reason, new AgentId(message->Sender), new AgentId(message->Target), route.Message.Name, 0));
        core.Cells.Return(message);
    }

    /// <summary>Work that never came to a message.</summary>
    public static void Report(AgentCell agent, Type result, DeadLetterReason reason) =>
        agent.Kernel.DeadLetters.Add(new DeadLetter(reason, agent.Id, agent.Id, result.Name, 0));

    /// <summary>Why an incarnation does not hear of its work any more.</summary>
    public static DeadLetterReason TooLate(Core core) =>
        core.Kernel.IsStopping ? DeadLetterReason.KernelStopped : DeadLetterReason.IncarnationEnded;

    /// <summary>The way of what work came to; throws where there is none.</summary>
    public static Route Check<T>(AgentCell agent)
    {
        Route route = MessageType<T>.Instance.RouteTo(agent.Instance!, isRequest: false)
            ?? throw new InvalidOperationException(
                $"{agent.Instance!.GetType().Name} offloads work and handles no {typeof(T)}: implement "
                + $"IHandle<{typeof(T).Name}> or IHandleAsync<{typeof(T).Name}>, and not both. It needs one for the "
                + $"result and one for {nameof(OffloadFailed)}.");
        return !Carriage<T>.IsTooLarge ? route : throw new ArgumentException(
            $"A {typeof(T)} has more than {Limits.MessageBytesMax} bytes: return a class.");
    }

    private OffloadResult Put(OffloadJob job)
    {
        OffloadScope scope = job.Scope;
        if (scope.UnderWay >= Limits.OffloadsPerAgent)
        {
            return OffloadResult.Full;
        }

        scope.UnderWay++;
        _out++;
        OffloadResult result = core.Kernel.OffloadPool.TryPut(job);
        if (result != OffloadResult.Accepted)
        {
            ComeHome(scope);
        }

        return result;
    }

    private static OffloadScope ScopeOf(AgentCell agent) =>
        agent.Offloads ??= new OffloadScope(agent, new CancellationTokenSource());
}
