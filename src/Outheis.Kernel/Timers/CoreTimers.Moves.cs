namespace Outheis;

/// <summary>
/// Timers go with their agent to another core. There they are other entries of another table; the agent goes on to know
/// them by the names that they were started with.
/// </summary>
internal sealed unsafe partial class CoreTimers
{
    private Dictionary<ulong, int>? _carried;      // by the name that its agent knows: those that came from elsewhere

    /// <summary>Under what name an agent knows what says a message that is pending.</summary>
    public ulong KnownAs(Message* pending)
    {
        ref readonly Entry entry = ref _entries[new AgentTimer(pending->Timer).Index];
        return entry.Known != 0 ? entry.Known : pending->Timer;
    }

    /// <summary>An agent leaves: its timers are here no more. What they said already is not with them.</summary>
    public void Leave(AgentCell agent, List<CarriedTimer> to)
    {
        while (agent.FirstTimer is var index and not TimerWheel.None)
        {
            to.Add(Pack(index));
            Return(index);
        }

        to.Reverse();      // the oldest first: so they are put in the same order again
    }

    /// <summary>An agent has come.</summary>
    public void Acquire(AgentCell agent, List<CarriedTimer> timers)
    {
        foreach (CarriedTimer timer in timers)
        {
            Unpack(agent, in timer);
        }
    }

    /// <summary>What one of them said already is in the inbox here; it bears the name that the agent knows.</summary>
    public void SetPending(AgentCell agent, Message* message)
    {
        int index = Find(agent, new AgentTimer(message->Timer));
        _entries[index].Pending = message;
        message->Timer = NameOf(index).Id;
    }

    private int FindCarried(AgentTimer timer) =>
        _carried is not null && _carried.TryGetValue(timer.Id, out int index) ? index : TimerWheel.None;

    private CarriedTimer Pack(int index)
    {
        ref Entry entry = ref _entries[index];
        var timer = new CarriedTimer
        {
            Known = entry.Known != 0 ? entry.Known : NameOf(index).Id,
            Due = entry.IsWall ? entry.Due : entry.Due + _origin,
            Tick = _wheel.TimeOf(index) is { } tick ? _origin + (tick * _clockPerTick) : null,
            Period = entry.Period,
            Leeway = entry.Leeway,
            Missed = entry.Missed,
            Suspended = entry.Suspended,
            IsWall = entry.IsWall,
        };
        _wheel.Remove(index);
        if (entry.IsWall)
        {
            CancelWall(index);
        }

        if (entry.Template != null)
        {
            timer.Template = CarriedMessage.Take(_core.Cells, entry.Template);
            CellsHeld--;
        }

        return timer;
    }

    private void Unpack(AgentCell agent, in CarriedTimer timer)
    {
        int index = Rent(agent);
        ref Entry entry = ref _entries[index];
        (entry.Known, entry.Period, entry.Leeway) = (timer.Known, timer.Period, timer.Leeway);
        (entry.Missed, entry.Suspended) = (timer.Missed, timer.Suspended);
        (_carried ??= [])[timer.Known] = index;
        if (timer.Template is { } template)
        {
            SetTemplate(index, template.Put(_core.Cells));
        }

        if (timer.IsWall)
        {
            PutOnWall(index, timer.Due);
            return;
        }

        entry.Due = timer.Due - _origin;
        if (timer.Tick is { } tick)
        {
            _wheel.Put(index, TickAt(tick - _origin));
        }
    }
}

/// <summary>A timer between two cores.</summary>
internal struct CarriedTimer
{
    public ulong Known;            // under what name its agent knows it
    public CarriedMessage? Template;      // what it says; null: it was due, for the only time
    public long Due;               // on the kernel's clock, or the wall's
    public long? Tick;             // when it is said next, on the kernel's clock; null: not before it is resumed
    public long Period;
    public long Leeway;
    public long Missed;
    public int Suspended;
    public bool IsWall;
}
