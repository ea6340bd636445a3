namespace Outheis;

/// <summary>
/// Timers that are armed in the journal, and outlive incarnations and processes. Here each is a timer like any other,
/// of the incarnation: what is armed is what the journal says, and a new incarnation has it from there. So a turn that
/// fails arms and disarms nothing.
/// </summary>
internal sealed unsafe partial class CoreTimers
{
    /// <summary>Arms a timer of a durable agent, in place of one of the same key.</summary>
    /// <param name="agent">Whose, in its turn.</param>
    /// <param name="cause">The message that it handles.</param>
    /// <param name="terms">Of which key, and due when.</param>
    /// <param name="message">What it says.</param>
    public ArmResult Arm<T>(AgentCell agent, long cause, in TimerTerms terms, in T message)
    {
        if (agent.Armed is { Count: >= Limits.ArmedPerAgent } full && !full.ContainsKey(terms.Key))
        {
            return ArmResult.Full;
        }

        int index = Rent(agent, in message);      // throws what any timer does
        ArmedRecord record = RecordOf(in terms);
        long position = 0;
        ArmResult result = ArmResult.NotDurable;
        try
        {
            Route route = Route.Of(_entries[index].Template->Route);
            position = _core.Tap!.TryAppendArmed(route, agent, cause, in record, in message, out result);
        }
        finally
        {
            if (position == 0)
            {
                End(index);      // refused, or its codec threw
            }
        }

        if (position != 0)
        {
            // --- point of no return ---
            Forget(agent, terms.Key);
            Begin(agent, index, new DurableTimer { Key = terms.Key, Position = position, Record = record });
        }

        return result;
    }

    /// <summary>There is no timer of this key any more, nor what it said and nobody has taken.</summary>
    public void Disarm(AgentCell agent, long cause, string key)
    {
        _core.Tap!.RecordDisarmed(agent, cause, key);
        Forget(agent, key);
    }

    /// <summary>A new incarnation has what its past has armed, before it handles anything. What this program cannot
    /// read stays armed in the journal, for one that can.</summary>
    public void Rearm(AgentCell agent, IReadOnlyList<PastTimer> armed, MessageCodecs codecs)
    {
        foreach (PastTimer timer in armed)
        {
            if (Rearm(agent, timer, codecs) is { } reason)
            {
                _core.Kernel.Redelivered.CountUnknown(reason);
            }
        }
    }

    /// <summary>Writes down anew what is armed, but for what was written not long ago: the retention is to find it
    /// again. False: there was no room for all of it.</summary>
    public bool WriteAnew(AgentCell agent)
    {
        bool isWhole = true;
        foreach (DurableTimer timer in agent.Armed?.Values ?? Enumerable.Empty<DurableTimer>())
        {
            if (_core.Tap!.IsOld(timer.Position, _core.Kernel.Options.Retention))
            {
                isWhole &= TryWriteAnew(agent, timer);
            }
        }

        return isWhole;
    }

    private bool TryWriteAnew(AgentCell agent, DurableTimer timer)
    {
        ref Entry entry = ref _entries[timer.Timer.Index];
        Message* message = entry.Template != null ? entry.Template : entry.Pending;
        object? reference = message->Has(MessageFlags.Reference) ? _core.Cells.LookAtReference(message) : null;
        long ahead = timer.NextUptime - UptimeTicks;
        ArmedRecord record = timer.Record with
        {
            DueTicks = timer.Record.IsWall ? timer.Record.DueTicks : Sum(_core.Time.GetUtcNow().UtcTicks, ahead),
            UptimeTicks = timer.NextUptime,
            Flags = timer.Record.Flags | ArmedFlags.Anew,
        };
        long position = Route.Of(message->Route).TryArmAnew(_core.Tap!, agent, in record, message, reference);
        if (position != 0)
        {
            (timer.Position, timer.Record, timer.Taken) = (position, record, 0);
        }

        return position != 0;
    }

    private string? Rearm(AgentCell agent, PastTimer past, MessageCodecs codecs)
    {
        JournalEntry entry = past.Entry;
        if (codecs.RouteTo(entry, agent.Instance!, out MessageType? type) is not { } route)
        {
            return $"The timer {entry.Armed.Key} of {agent.Name}, armed at {entry.Position}, waits: this program has "
                + $"no {entry.TypeFullName} or {agent.Instance!.GetType().Name} no handler. Say Codecs.Add, or keep "
                + "the handler.";
        }

        int index = Rent(agent);
        Message* template = _core.Cells.Rent();
        SetTemplate(index, template);
        OwnMessage.FillHeader(template, agent, route, MessageFlags.Timer);
        string? reason = type!.Fill(codecs, entry, template, out object? reference);
        if (reason is not null)
        {
            End(index);
            return $"The timer {entry.Armed.Key} of {agent.Name}, armed at {entry.Position}, waits: its "
                + $"{entry.TypeFullName} cannot be read: {reason}.";
        }

        if (template->Has(MessageFlags.Reference))
        {
            _core.Cells.PutReference(template, reference);
        }

        // Of this run: as its clock went on, however the wall clock was set. Else the wall clock is all there is.
        ArmedRecord record = entry.Armed;
        long uptime = entry.Run == _core.Kernel.Recovery!.Run ? record.UptimeTicks
            : Sum(UptimeTicks, record.DueTicks - _core.Time.GetUtcNow().UtcTicks);
        Begin(agent, index, new DurableTimer
        {
            Key = record.Key, Position = entry.Position, Record = record with { UptimeTicks = uptime },
            Taken = past.Taken,
        });
        return null;
    }

    private ArmedRecord RecordOf(in TimerTerms terms) => terms.When is { } when
        ? new ArmedRecord(when.UtcTicks, 0, 0, ArmedFlags.Wall, terms.Key)
        : new ArmedRecord(
            Sum(_core.Time.GetUtcNow().UtcTicks, terms.Delay.Ticks), Sum(UptimeTicks, terms.Delay.Ticks),
            terms.Period.Ticks, ArmedFlags.None, terms.Key);

    private void Begin(AgentCell agent, int index, DurableTimer timer)
    {
        ref Entry entry = ref _entries[index];
        timer.Timer = NameOf(index);
        entry.Durable = timer;
        (agent.Armed ??= new Dictionary<string, DurableTimer>(StringComparer.Ordinal))[timer.Key] = timer;
        if (timer.Record.IsWall)
        {
            entry.IsWall = true;
            _wall.Add(timer.Timer, timer.Record.DueTicks);
            return;
        }

        var ahead = new TimeSpan(timer.NextUptime - UptimeTicks);
        var period = new TimeSpan(timer.Record.PeriodTicks);
        Schedule(index, ahead, period, leeway: null);
    }

    private void Forget(AgentCell agent, string key)
    {
        if (agent.Armed is { } armed && armed.Remove(key, out DurableTimer? timer))
        {
            End(timer.Timer.Index);
        }
    }

    // Before its entry goes, if it is due once.
    private static void NoteTaken(AgentCell agent, DurableTimer timer, long times)
    {
        timer.Taken += times;
        if (timer.Record.PeriodTicks == 0)
        {
            agent.Armed?.Remove(timer.Key);
        }
    }

    // Since the kernel started. What is due after so long a time is never early by it.
    private long UptimeTicks => _core.Time.GetElapsedTime(_core.Kernel.Started).Ticks;

    // Within what a time can be.
    private static long Sum(long ticks, long more) =>
        (long)Int128.Clamp((Int128)ticks + more, long.MinValue / 4, long.MaxValue / 4);
}
