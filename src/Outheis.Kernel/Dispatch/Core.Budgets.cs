namespace Outheis;

/// <summary>
/// Turns of agents that run on a budget (SE-40): admitted while something is left, charged when they are over. An agent
/// that is not stays <see cref="AgentState.Ready"/> outside the ready queue, where its messages wait, until the core's
/// clock has come to the period that has something for it.
/// </summary>
internal sealed unsafe partial class Core
{
    private readonly PriorityQueue<AgentCell, long> _throttled = new();
    private long _handledBefore;      // messages that are not those of the turn on a budget
    private long _journalBefore;      // bytes likewise

    /// <summary>Somebody here waits for a period with a budget.</summary>
    private bool HasThrottled => _throttled.Count > 0 && _throttled.UnorderedItems.Any(
        item => item.Element is { State: AgentState.Ready, Spending.IsThrottled: true } agent
            && ReferenceEquals(agent.Core, this));

    /// <summary>Takes an agent out of its wait before its time: it is to stop, or what it awaits is there. Whether it
    /// has a turn its budget says.</summary>
    public void EndThrottle(AgentCell agent)
    {
        if (agent.Spending is { ThrottledUntil: not 0 } spending)
        {
            Volatile.Write(ref spending.ThrottledUntil, 0);
            if (agent.State == AgentState.Ready && agent.ReadySlot == ReadyQueue.NotWaiting)
            {
                _ready.Put(agent);
            }
        }
    }

    /// <summary>Makes an agent within a turn of <paramref name="self"/> reserve, or tells it what it was told
    /// then.</summary>
    public ReserveResult Reserve(AgentCell self, string unit, long amount, out Reservation? reservation)
    {
        ArgumentNullException.ThrowIfNull(unit);
        ArgumentOutOfRangeException.ThrowIfNegative(amount);
        if (Replay?.Reserved() is { } recorded)
        {
            reservation = recorded == ReserveResult.Granted ? new Reservation(null, unit, amount, 0) : null;
            return recorded;
        }

        self = self.Factory is null && Replay?.Actor is { } actor ? actor : self;
        Budget budget = self.Spending?.Budget ?? throw new InvalidOperationException(
            $"{self.Name} runs on no budget and cannot reserve {unit}: spawn it with SpawnOptions.Budget.");
        ReserveResult result = budget.TryReserve(unit, amount, Time.GetTimestamp(), out reservation);
        NoteObserved(ObservedRecord.Reserved, (long)result);
        return result;
    }

    private void RunTurnOnBudget(AgentCell agent, Spending spending, int most)
    {
        long began = Time.GetTimestamp();
        int wanted = Math.Min(most, agent.Inbox.Count);
        bool isStopping = agent.StopWanted is not null;
        bool goesOn = isStopping || agent.Async is { HasResumes: true };
        if (!spending.Budget.TryBegin(began, wanted, goesOn, out int messages, out Exhaustion why))
        {
            if (!isStopping)
            {
                Throttle(agent, spending, began, in why);
                return;
            }

            RunTurnNow(agent, most);      // to its end, and nothing is charged: it handles no message
            return;
        }

        Volatile.Write(ref spending.ThrottledUntil, 0);
        (_handledBefore, _journalBefore) = (Counters.Handled, JournalBytes);
        RunTurnNow(agent, messages);
        spending.Budget.End(
            began, Time.GetTimestamp(), messages - (int)(Counters.Handled - _handledBefore),
            JournalBytes - _journalBefore);
    }

    private long JournalBytes => Tap?.Lane.Position ?? 0;

    // What a turn has used up so far, for while it is set aside; and that it goes on from there.
    private (long Handled, long Journal) Used
    {
        get => (Counters.Handled - _handledBefore, JournalBytes - _journalBefore);
        set => (_handledBefore, _journalBefore) = (Counters.Handled - value.Handled, JournalBytes - value.Journal);
    }

    private void Throttle(AgentCell agent, Spending spending, long now, in Exhaustion why)
    {
        Counters.Throttled++;
        if (now >= spending.ToldUntil && why.Policy != WhenExhausted.Throttle)
        {
            if (why.Policy == WhenExhausted.Stop && agent.Async is not { IsInTurn: true })
            {
                spending.ToldUntil = why.Until;
                Lifecycle.End(this, agent, new ExitReason(
                    ExitKind.Error, new BudgetExhaustedException(agent.Name, why.Level.Name, why.Unit)));
                return;
            }

            if (why.Policy == WhenExhausted.Notify)
            {
                spending.ToldUntil = why.Until;
                Lifecycle.Signal(this, agent, new BudgetExhausted(
                    agent.Id, agent.Name, agent.Incarnation, why.Level.Name, why.Unit));
            }
        }

        Volatile.Write(ref spending.ThrottledUntil, why.Until);
        if (!ReferenceEquals(spending.WaitsAt, this) || why.Until < spending.WaitsUntil)
        {
            WaitFor(agent, spending, why.Until);
        }
    }

    private void WaitFor(AgentCell agent, Spending spending, long until)
    {
        (spending.WaitsAt, spending.WaitsUntil) = (this, until);
        _throttled.Enqueue(agent, until);
    }

    /// <summary>Who waited for a period that has begun has turns again. Returns how many.</summary>
    private int ReleaseThrottled()
    {
        int released = 0;
        while (released < Limits.ThrottledPerPass && _throttled.TryPeek(out AgentCell? agent, out long due)
            && due <= Now)
        {
            _throttled.Dequeue();
            Spending spending = agent.Spending!;
            if (!ReferenceEquals(spending.WaitsAt, this) || spending.WaitsUntil != due)
            {
                continue;      // it has moved to another core, or is due earlier
            }

            if (spending.ThrottledUntil > due)
            {
                WaitFor(agent, spending, spending.ThrottledUntil);      // let go, and throttled anew
                continue;
            }

            spending.WaitsAt = null;
            EndThrottle(agent);
            released++;
        }

        return released;
    }

    private TimeSpan OrUntilRelease(TimeSpan other)
    {
        if (!_throttled.TryPeek(out _, out long due))
        {
            return other;
        }

        TimeSpan left = Time.GetElapsedTime(Now, Math.Max(Now, due));
        left = left < Limits.SleepMost ? TimeSpan.FromMilliseconds(Math.Ceiling(left.TotalMilliseconds))
            : Limits.SleepMost;      // whole milliseconds: that is how long a thread can sleep
        return other == Timeout.InfiniteTimeSpan || left < other ? left : other;
    }
}
