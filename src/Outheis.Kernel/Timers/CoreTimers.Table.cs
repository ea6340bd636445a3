namespace Outheis;

/// <summary>Which timers there are, and whose.</summary>
internal sealed unsafe partial class CoreTimers
{
    private int Rent<T>(AgentCell agent, in T message)
    {
        Route route = Check<T>(agent);
        if (_free == TimerWheel.None && _used >= Limits.TimersPerCore)
        {
            throw new InvalidOperationException(
                $"Core {_core.Index} has {Limits.TimersPerCore} timers, as many as it can: {agent.Name} has to cancel "
                + "some first, or to do with one for several purposes.");
        }

        int index = Rent(agent);
        Message* template = _core.Cells.Rent();
        OwnMessage.Fill(_core.Cells, template, agent, route, MessageFlags.Timer, in message);
        SetTemplate(index, template);
        return index;
    }

    private int Rent(AgentCell agent)
    {
        int index = _free;
        if (index != TimerWheel.None)
        {
            _free = _entries[index].NextOfAgent;
        }
        else
        {
            index = Grow();
        }

        Count++;
        ref Entry entry = ref _entries[index];
        (entry.Agent, entry.PreviousOfAgent, entry.NextOfAgent) = (agent, TimerWheel.None, agent.FirstTimer);
        if (agent.FirstTimer != TimerWheel.None)
        {
            _entries[agent.FirstTimer].PreviousOfAgent = index;
        }

        agent.FirstTimer = index;
        return index;
    }

    private void SetTemplate(int index, Message* template)
    {
        CellsHeld++;
        template->Timer = NameOf(index).Id;
        _entries[index].Template = template;
    }

    private void PutOnWall(int index, long utcTicks)
    {
        (_entries[index].IsWall, _entries[index].Due) = (true, utcTicks);
        _wall.Add(NameOf(index), utcTicks);
    }

    private AgentTimer NameOf(int index) => new(_core.Index, index, _entries[index].Generation);

    /// <summary>The way of what a timer says; throws where there is none.</summary>
    public static Route Check<T>(AgentCell agent)
    {
        Route route = MessageType<T>.Instance.RouteTo(agent.Instance!, isRequest: false)
            ?? throw new InvalidOperationException(
                $"{agent.Instance!.GetType().Name} handles no {typeof(T)}, so a timer cannot send it one: implement "
                + $"IHandle<{typeof(T).Name}> or IHandleAsync<{typeof(T).Name}>, and not both.");
        if (Carriage<T>.IsTooLarge)
        {
            throw new ArgumentException(
                $"A {typeof(T)} has more than {Limits.MessageBytesMax} bytes: send a class.");
        }

        return route;
    }

    private int Grow()
    {
        if (_used == _entries.Length)
        {
            Array.Resize(ref _entries, Math.Max(16, _used * 2));
            _wheel.Reserve(_entries.Length);
        }

        _entries[_used].Generation = 1;      // a value without a timer names none
        return _used++;
    }

    // Where an agent's timer is here; None: it is over, or was never its.
    private int Find(AgentCell agent, AgentTimer timer)
    {
        int index = timer.Index;
        if (timer.Core != _core.Index || index >= _used || _entries[index].Generation != timer.Generation)
        {
            index = FindCarried(timer);
        }

        return index != TimerWheel.None && ReferenceEquals(_entries[index].Agent, agent) ? index : TimerWheel.None;
    }

    /// <summary>Whether a message in an agent's inbox is what a timer of it says.</summary>
    public bool IsPending(AgentCell agent, Message* message) =>
        Find(agent, new AgentTimer(message->Timer)) is var index and not TimerWheel.None
        && _entries[index].Pending == message;

    private void End(int index)
    {
        ref Entry entry = ref _entries[index];
        _wheel.Remove(index);
        if (entry.IsWall)
        {
            CancelWall(index);
        }

        if (entry.Template != null)
        {
            CellsHeld--;
            Drop(entry.Template);
        }

        Return(index);
    }

    // By itself, for what the lambda captures is allocated where its method begins.
    private void CancelWall(int index) => _wall.Cancel(timer =>
        timer.Index != index && _entries[timer.Index].Generation == timer.Generation);

    /// <summary>A message of a timer that nobody will handle: nothing is to be told of it.</summary>
    public void Drop(Message* message)
    {
        if (message->Has(MessageFlags.Reference))
        {
            Route.Of(message->Route).Discard(_core.Cells.TakeReference(message));
        }

        _core.Cells.Return(message);
    }

    private void Return(int index)
    {
        ref Entry entry = ref _entries[index];
        if (entry.PreviousOfAgent == TimerWheel.None)
        {
            entry.Agent!.FirstTimer = entry.NextOfAgent;
        }
        else
        {
            _entries[entry.PreviousOfAgent].NextOfAgent = entry.NextOfAgent;
        }

        if (entry.NextOfAgent != TimerWheel.None)
        {
            _entries[entry.NextOfAgent].PreviousOfAgent = entry.PreviousOfAgent;
        }

        if (entry.Known != 0)
        {
            _carried!.Remove(entry.Known);
        }

        uint next = entry.Generation + 1;
        entry = new Entry { Generation = next == 0 ? 1 : next, NextOfAgent = _free };
        _free = index;
        Count--;
    }

    private struct Entry
    {
        public AgentCell? Agent;
        public DurableTimer? Durable;  // it is armed in the journal, too
        public Message* Template;      // what it says; null: it was due, for the only time
        public Message* Pending;       // in the agent's inbox
        public ulong Known;            // under what name the agent knows it, if it was started elsewhere; else 0
        public long Due;               // in units of the clock, from the wheel's origin; on the wall clock: UTC ticks
        public long Period;            // likewise; zero: it is due once
        public long Leeway;            // in ticks, of the second time and later ones
        public long Missed;            // while it was suspended, or could not be journaled
        public uint Generation;
        public int NextOfAgent;        // of a free one: the next free one
        public int PreviousOfAgent;
        public int Suspended;          // so many times
        public bool IsWall;            // it is among those of the wall clock
    }
}
