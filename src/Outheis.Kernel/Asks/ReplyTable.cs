namespace Outheis;

/// <summary>The asks of one core's agents that wait for a reply. The core only, but for
/// <see cref="IsCurrent"/>.</summary>
internal sealed class ReplyTable(Core core)
{
    private ReplySlot[] _slots = new ReplySlot[64];
    private ReplySlot?[] _free = new ReplySlot?[16];      // by reply type, linked by NextFree
    private readonly List<ReplySlot> _listed = [];        // those that waited at the last sweep, or were used since
    private int _count;
    private long? _nextDeadline;

    /// <summary>Its number in correlations.</summary>
    public int Number => core.Index;

    /// <summary>Asks under way.</summary>
    public int Pending { get; private set; }

    /// <summary>For looking only: the slots that the next sweep looks at.</summary>
    public int Listed => _listed.Count;

    /// <summary>Their slots, looked up. The core.</summary>
    public IEnumerable<ReplySlot> FindAllPending() => _slots.Take(_count).Where(static slot => slot.IsPending);

    /// <summary>No ask times out before this; null when none is under way.</summary>
    public long? NextDeadline => Pending == 0 ? null : _nextDeadline;

    /// <summary>When an ask times out that begins now; the clock's last instant stands for never.</summary>
    public static long DeadlineAfter(TimeProvider time, TimeSpan timeout)
    {
        long now = time.GetTimestamp();
        double ticks = timeout.TotalSeconds * time.TimestampFrequency;
        return timeout == Timeout.InfiniteTimeSpan || ticks >= long.MaxValue - now ? long.MaxValue : now + (long)ticks;
    }

    /// <summary>A slot for a new ask, or null when too many are under way.</summary>
    public ReplySlot<TReply>? Rent<TReply>(AgentContext asker, AgentCell callee, long deadline)
    {
        int type = ReplyType<TReply>.Index;
        ReplySlot<TReply>? slot = null;
        if (type < _free.Length && _free[type] is { } free)
        {
            slot = (ReplySlot<TReply>)free;
            _free[type] = free.NextFree;
        }
        else if (_count < Limits.RepliesPerCore)
        {
            slot = new ReplySlot<TReply>(this, _count);
            Add(slot);
        }

        if (slot is not null)
        {
            (slot.Asker, slot.Callee, slot.Deadline, slot.IsPending) = (asker, callee, deadline, true);
            (slot.Qos, slot.IsRaised) = (asker.Cell.EffectiveQos, false);
            if (!slot.IsListed)
            {
                slot.IsListed = true;
                _listed.Add(slot);
            }

            asker.AddAsk(slot);
            Pending++;
            _nextDeadline = Pending > 1 && _nextDeadline is { } next && next < deadline ? next : deadline;
        }

        return slot;
    }

    /// <summary>Takes a slot back whose result was read: by whom it was asked for, who may have moved
    /// meanwhile.</summary>
    public void TakeBack(ReplySlot slot)
    {
        if (ReferenceEquals(Core.OfThisThread, core))
        {
            Return(slot);
        }
        else
        {
            core.Post(new SlotReturn(slot));
        }
    }

    /// <summary>The same, for who knows that it has not moved.</summary>
    public void Return(ReplySlot slot)
    {
        int type = slot.TypeIndex;
        if (type >= _free.Length)
        {
            Array.Resize(ref _free, Math.Max(type + 1, _free.Length * 2));
        }

        slot.NextFree = _free[type];
        _free[type] = slot;
    }

    /// <summary>Takes back a slot whose ask was never sent.</summary>
    public void Withdraw(ReplySlot slot)
    {
        (slot.IsPending, slot.Stream) = (false, null);
        Leave(slot);
        Return(slot);
    }

    public bool Complete<TReply>(ulong correlation, in TReply reply)
    {
        if (FindPending(correlation) is not ReplySlot<TReply> slot)
        {
            return false;
        }

        Leave(slot);
        slot.Complete(in reply);
        return true;
    }

    /// <summary>An item of a stream has come; its consumer may have gone.</summary>
    public void Add<TItem>(ulong correlation, in TItem item)
    {
        if (FindPending(correlation)?.Stream is Inflow<TItem> stream)
        {
            stream.Add(correlation, in item);
        }
    }

    /// <summary>From now on it times out at this moment.</summary>
    public void SetDeadline(ReplySlot slot, long deadline)
    {
        slot.Deadline = deadline;
        _nextDeadline = _nextDeadline is { } next && next < deadline ? next : deadline;
    }

    public bool Fail(ulong correlation, AskOutcome outcome, Exception? cause)
    {
        if (FindPending(correlation) is not { } slot)
        {
            return false;
        }

        slot.IsRaised |= outcome == AskOutcome.Deadlock;      // the callee still has the request
        Leave(slot);
        slot.Fail(outcome, cause);
        return true;
    }

    /// <summary>Any thread: whether the asker of this correlation still waits.</summary>
    public bool IsCurrent(ulong correlation)
    {
        int index = Correlation.Slot(correlation);
        ReplySlot[] slots = Volatile.Read(ref _slots);      // A8: a longer array holds what the shorter one did (R8).
        return index < slots.Length && slots[index] is { } slot
            && Volatile.Read(ref slot.Generation) == Correlation.Generation(correlation);      // A7
    }

    /// <summary>Ends the asks whose time is over. Returns how many. Costs what there is of those that wait and of slots
    /// used since the last time, not of all that there ever were.</summary>
    public int Sweep(long now)
    {
        if (NextDeadline is not { } earliest || earliest > now)
        {
            return 0;
        }

        (int ended, int kept) = (0, 0);
        _nextDeadline = null;
        for (int i = 0; i < _listed.Count; i++)
        {
            ReplySlot slot = _listed[i];
            if (slot.IsPending && slot.Deadline <= now)
            {
                ended++;
                Abandon(slot, AskOutcome.TimedOut);
            }

            slot.IsListed = slot.IsPending;
            if (slot.IsPending)
            {
                _listed[kept++] = slot;
                _nextDeadline = _nextDeadline < slot.Deadline ? _nextDeadline : slot.Deadline;
            }
        }

        _listed.RemoveRange(kept, _listed.Count - kept);
        return ended;
    }

    /// <summary>The asker's token fired.</summary>
    public void Withdraw(ulong correlation)
    {
        if (FindPending(correlation) is { } slot)
        {
            Abandon(slot, AskOutcome.Cancelled);
        }
    }

    /// <summary>The asker gives up: the ask ends and the callee is told.</summary>
    public void Abandon(ReplySlot slot, AskOutcome outcome)
    {
        ulong correlation = slot.Correlate(core.Index);
        AgentCell callee = slot.Callee!;
        core.Tap?.RecordGaveUp(callee, correlation);
        slot.IsRaised = false;      // it is told in any case
        Leave(slot);
        slot.Fail(outcome, null);
        core.TellWithdrawn(callee, correlation);
    }

    /// <summary>An incarnation ended: nobody waits for its asks any more.</summary>
    public void AbandonAll(AgentContext? asker)
    {
        while (asker?.FirstAsk is { } slot)
        {
            Abandon(slot, AskOutcome.Cancelled);
        }
    }

    /// <summary>The token of an asker's turn fired: the asks that were given it end.</summary>
    public void AbandonWithTurn(AgentContext asker) => AbandonOf(asker, static slot => slot.EndsWithTurn);

    /// <summary>An asker's turn is over: the streams that it took end.</summary>
    public void AbandonStreams(AgentContext asker) => AbandonOf(asker, static slot => slot.Stream is not null);

    private void AbandonOf(AgentContext asker, Predicate<ReplySlot> isMeant)
    {
        ReplySlot? next;
        for (ReplySlot? slot = asker.Whole.FirstAsk; slot is not null; slot = next)
        {
            next = slot.NextOfAsker;
            if (!isMeant(slot) || !ReferenceEquals(slot.Asker, asker))
            {
                continue;
            }

            Abandon(slot, AskOutcome.Cancelled);
            if (next is not null && !(next.IsPending && ReferenceEquals(next.Asker!.Whole, asker.Whole)))
            {
                next = asker.Whole.FirstAsk;      // in a circle of asks the end of one may end others of this asker
            }
        }
    }

    // It does not wait any more. A callee that was told to hurry may have answered before it heard of it, and would
    // hurry for ever.
    private void Leave(ReplySlot slot)
    {
        Pending--;
        slot.Asker!.RemoveAsk(slot);
        if (slot.IsRaised)
        {
            core.TellWithdrawn(slot.Callee!, slot.Correlate(core.Index));
        }
    }

    private ReplySlot? FindPending(ulong correlation)
    {
        int index = Correlation.Slot(correlation);
        return index < _count && _slots[index] is { IsPending: true } slot
            && slot.Generation == Correlation.Generation(correlation) ? slot : null;
    }

    private void Add(ReplySlot slot)
    {
        if (_count == _slots.Length)
        {
            var longer = new ReplySlot[_slots.Length * 2];
            _slots.CopyTo(longer, 0);
            Volatile.Write(ref _slots, longer);      // R8: filled before it is found. Read by A8.
        }

        _slots[_count++] = slot;
    }

    private sealed class SlotReturn(ReplySlot slot) : KernelOp
    {
        public override void Run(Core core) => core.Replies.Return(slot);
    }
}
