namespace Outheis;

/// <summary>The way of a message in: from rings and ingress into the inboxes of this core's agents. Runs no
/// handler.</summary>
internal sealed unsafe partial class Core
{
    private int _buriedOnArrival;      // messages whose agent was dead when they came

    /// <summary>A stop left something from outside out of the journal: what comes later is not told of
    /// either.</summary>
    public bool GaveUpEntering { get; private set; }

    /// <summary>The kernel ends, and something that came earlier will not be told of.</summary>
    public void GiveUpEntering() => GaveUpEntering = Tap is not null;

    /// <summary>Moves at most <paramref name="most"/> messages on, so what arrives meanwhile waits
    /// (LW-24).</summary>
    private int DrainRing(CoreRing ring, int source, int most)
    {
        int moved = 0;
        int copied;
        do
        {
            copied = DrainBurst(ring, Math.Min(most - moved, Limits.RingBurst));
            moved += copied;
        }
        while (copied == Limits.RingBurst && moved < most);

        if (moved > 0)
        {
            Counters.Arrived += moved;
            if (ring.IsSenderBlocked)
            {
                Kernel.Cores[source].Wake();      // ordered by F1: the sender parks only after a look at the ring
            }
        }

        return moved;
    }

    /// <summary>
    /// First copies, then delivers: a line takes long to come from the other core, and short steps in a row let the
    /// processor fetch many at once.
    /// </summary>
    private int DrainBurst(CoreRing ring, int most)
    {
        Message** burst = stackalloc Message*[Limits.RingBurst];
        int copied = 0;
        Message* slot;
        while (copied < most && (slot = ring.Peek()) != null)
        {
            Message* cell = Cells.Rent();
            Message.CopyBody(slot, cell);
            if (slot->Has(MessageFlags.Reference))
            {
                Cells.PutReference(cell, ring.TakeReference());
            }

            ring.Take();
            burst[copied++] = cell;
        }

        if (copied > 0)
        {
            Interference.At(Moment.Taken);
            ring.Free();
            Interference.At(Moment.Freed);
        }

        for (int i = 0; i < copied; i++)
        {
            AcceptHome(burst[i]);
        }

        return copied;
    }

    /// <summary>Moves on everything that has arrived, before the core's agents end.</summary>
    public void DrainArrivals(bool evenUnjournaled = false)
    {
        for (int i = 0; i < In.Length; i++)
        {
            if (In[i] is { } ring)
            {
                DrainRing(ring, i, Limits.RingSlots);
            }
        }

        DrainIngress(evenUnjournaled);
    }

    // It may have come before its agent did: the journal has to tell whom it is for, or nobody will ever get it.
    private bool TryEnter(Message* slot, object? reference)
    {
        if (Kernel.Agents.Find(slot->Target) is { IsSpawnTold: false } target)
        {
            Tap!.RecordSpawned(target);
        }

        return Tap!.TryAppendEntered(slot, reference);
    }

    private int DrainIngress(bool evenUnjournaled = false)
    {
        int moved = 0;
        bool waits = false;
        Message* slot;
        while (moved < Limits.IngressSlots && (slot = Ingress.Peek()) != null)
        {
            if (!slot->Has(MessageFlags.Void))
            {
                object? reference = slot->Has(MessageFlags.Reference) ? Ingress.TakeReference() : null;
                slot->Chain = NextChain();
                if (IsToCome(slot->Target))
                {
                    HoldOrRefuse(slot, reference);
                    Advance(ref moved);
                    continue;
                }

                bool enters = Tap is null || (!GaveUpEntering && TryEnter(slot, reference));
                if (enters || evenUnjournaled)
                {
                    GaveUpEntering |= !enters;
                    Accept(slot, reference);
                }
                else if (IsHostAsk(slot))
                {
                    Refuse(slot, reference);
                }
                else
                {
                    Restore(slot, reference);
                    RefuseBehind();
                    waits = true;
                    break;      // no room in the journal: it stays in the ring, and nothing more comes in
                }
            }

            Advance(ref moved);
        }

        TellJournalFull(waits);      // before F6, so that a waiter that saw it set is woken

        if (moved > 0)
        {
            Ingress.Free();
            Interference.At(Moment.Freed);
            Counters.Entered += moved;
            Interlocked.MemoryBarrier();      // F6: slots are free BEFORE the look for waiters. Pairs with F5.
            if (IngressWaiters.Any)
            {
                IngressWaiters.WakeAll();
            }
        }

        return moved;
    }

    private void Advance(ref int moved)
    {
        Ingress.Take();
        if ((++moved & (Limits.RingBurst - 1)) == 0)
        {
            Ingress.Free();
        }
    }

    /// <summary>No room in the journal for what came from outside. Somebody awaits the reply to an ask: it fails at
    /// once, with the reason. A send was accepted and waits.</summary>
    private void Refuse(Message* slot, object? reference)
    {
        Route.Of(slot->Route).Discard(reference);
        if (Kernel.Agents.Find(slot->Target) is { } target)
        {
            target.Credits.GiveBack(1);      // F4 again. Pairs with F5.
            if (target.Waiters.Any)
            {
                target.Waiters.WakeAll();
            }
        }

        Kernel.HostAsks.Fail(slot->Correlation, AskOutcome.Full, Tap!.Lane.Refusal);
    }

    // Nobody is to wait for a reply behind a send that waits for room.
    private void RefuseBehind()
    {
        Message* slot;
        for (int ahead = 1; ahead < Limits.IngressSlots && (slot = Ingress.Peek(ahead)) != null; ahead++)
        {
            if (!slot->Has(MessageFlags.Void) && IsHostAsk(slot))
            {
                Refuse(slot, slot->Has(MessageFlags.Reference) ? Ingress.TakeReference(ahead) : null);
                slot->Flags = MessageFlags.Void;
            }
        }
    }

    private static bool IsHostAsk(Message* slot) =>
        slot->Has(MessageFlags.Extended) && Correlation.Table(slot->Correlation) == Correlation.HostTable;

    private void Restore(Message* slot, object? reference)
    {
        if (slot->Has(MessageFlags.Reference))
        {
            Ingress.RestoreReference(reference);
        }
    }

    /// <summary>Gives an arrived message to whom it is for. The slot stays the caller's.</summary>
    private void Accept(Message* slot, object? reference)
    {
        if (slot->Target == 0)
        {
            Route.Of(slot->Route).Deliver(this, null!, slot, reference);      // for the core itself: reply, withdrawal
            return;
        }

        AcceptHome(CellOf(slot, reference));
    }

    private Message* CellOf(Message* slot, object? reference)
    {
        Message* cell = Cells.Rent();
        Message.CopyBody(slot, cell);
        if (slot->Has(MessageFlags.Reference))
        {
            Cells.PutReference(cell, reference);
        }

        return cell;
    }

    private void AcceptHome(Message* cell)
    {
        AgentCell? target = Kernel.Agents.Find(cell->Target);
        if (cell->Target == 0 || target is null || target.State >= AgentState.Moving)
        {
            AcceptForNobody(cell, target);
            return;
        }

        Put(target, cell);
    }

    private void AcceptForNobody(Message* cell, AgentCell? target)
    {
        if (target is { State: AgentState.Moving })
        {
            PutForMoving(target, cell);
            return;
        }

        if (cell->Target != 0)
        {
            _buriedOnArrival++;
            Bury(cell, target, Kernel.IsStopping ? DeadLetterReason.KernelStopped : DeadLetterReason.TargetDead);
            return;
        }

        object? reference = cell->Has(MessageFlags.Reference) ? Cells.TakeReference(cell) : null;
        Route.Of(cell->Route).Deliver(this, null!, cell, reference);
        Cells.Return(cell);
    }

    /// <summary>Ends the way of an accepted message that nobody will handle: counted, journaled, its asker
    /// told.</summary>
    public void Bury(Message* cell, AgentCell? target, DeadLetterReason reason)
    {
        if (cell->Has(MessageFlags.Timer))
        {
            Timers.Drop(cell);
            return;
        }

        if (cell->Has(MessageFlags.Offload))
        {
            Offloads.Bury(cell, reason);
            return;
        }

        if (cell->Has(MessageFlags.Told))
        {
            BuryTold(cell, reason);
            return;
        }

        Route route = Route.Of(cell->Route);
        if (cell->Has(MessageFlags.Reference))
        {
            route.Discard(Cells.TakeReference(cell));
        }

        if (target is not null && !cell->Has(MessageFlags.Uncredited))
        {
            target.Credits.GiveHome();
        }

        Report(cell, route, reason);
        if (cell->IsAsk)
        {
            FailReply(cell->Target, cell->Correlation, AskOutcome.Dead, null);
        }

        Cells.Return(cell);
    }

    /// <summary>Counts, keeps and journals one dead letter.</summary>
    public void Report(Message* message, Route route, DeadLetterReason reason)
    {
        Kernel.DeadLetters.Add(new DeadLetter(
            reason, new AgentId(message->Sender), new AgentId(message->Target), route.Message.Name, message->Position));
        Tap?.RecordDeadLetter(message, reason);
    }

    /// <summary>The core's agents have ended and its thread too: whatever is still under way here is a dead letter.
    /// Runs on the thread that stops the kernel.</summary>
    /// <returns>How many messages to agents were still on their way.</returns>
    public int BuryRest()
    {
        int before = _buriedOnArrival;
        DrainArrivals(evenUnjournaled: true);
        BuryBefore();
        foreach (ref Inbox waiting in _outbox.AsSpan())
        {
            Message* cell;
            while ((cell = waiting.Take()) != null)
            {
                _buriedOnArrival += cell->Target != 0 ? 1 : 0;
                Bury(cell, null, DeadLetterReason.KernelStopped);
            }
        }

        Tap?.Flush();
        return _buriedOnArrival - before;
    }

    private int FlushOutbox()      // also in the middle of a turn: it moves cells and runs nothing
    {
        int moved = 0;
        foreach (int peer in _flushes.Next())
        {
            if (!_outbox[peer].IsEmpty && Out[peer] is { } ring && ring.HasRoomToResume())
            {
                moved += FlushOutbox(ring, ref _outbox[peer]);
                WakeFor(Kernel.Cores[peer]);
            }
        }

        _outboxCount -= moved;
        return moved;
    }

    private int FlushOutbox(CoreRing ring, ref Inbox waiting)
    {
        int moved = 0;
        Message* slot;
        while (!waiting.IsEmpty && (slot = ring.TryClaim()) != null)
        {
            Message* cell = waiting.Take();
            Message.CopyBody(cell, slot);
            if (cell->Has(MessageFlags.Reference))
            {
                ring.PutReference(Cells.TakeReference(cell));
            }

            ring.Publish(slot);
            Cells.Return(cell);
            moved++;
        }

        if (waiting.IsEmpty)
        {
            ring.SetBlocked(false);
        }

        return moved;
    }
}
