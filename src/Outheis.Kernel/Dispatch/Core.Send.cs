using System.Runtime.CompilerServices;

namespace Outheis;

/// <summary>The way of a message out: decode, point of no return, append, deliver.</summary>
internal sealed unsafe partial class Core
{
    private readonly CapabilityNode[] _leases = new CapabilityNode[Limits.LeasesPerTurn];
    private int _leaseCount;

    /// <summary>What stood in the way of the last Full: tells a waiting send where to wait.</summary>
    public Obstacle LastObstacle;

    public SendResult Send<T>(AgentCell self, CapabilityNode? node, in T message)
    {
        if (node is null || !node.Allows(self, Rights.Send))
        {
            return Refuse(self, node, in message);
        }

        return Dispatch(node, in message, correlation: 0);
    }

    // Where a stand-in's send comes to as well.
    [MethodImpl(MethodImplOptions.NoInlining)]
    private SendResult Refuse<T>(AgentCell self, CapabilityNode? node, in T message) =>
        Replay is { } replay && self.Factory is null
            ? replay.Sent(node, in message) : CapabilityNode.Refusal(node, self);

    /// <summary>A durable agent has to be told the same when its past is handled once more.</summary>
    public void NoteRefused(AgentCell self, SendResult result, bool isAsk = false)
    {
        if (Replay is null && IsRecorded(self))
        {
            Tap?.RecordRefused(
                self, Current->Position,
                new RefusedRecord((byte)result, isAsk ? RefusedRecord.Ask : RefusedRecord.Send));
        }
    }

    /// <summary>Sends through a capability that was checked. A correlation other than 0 makes it a
    /// request.</summary>
    public SendResult Dispatch<T>(CapabilityNode node, in T message, ulong correlation)
    {
        AgentCell target = node.Target;
        if (Carriage<T>.IsTooLarge)
        {
            return SendResult.TooLarge;
        }

        if (target.IsDead)
        {
            return SendResult.Dead;
        }

        if (Tap is not null)
        {
            if (!target.IsSpawnTold)
            {
                Tap.RecordSpawned(target);
            }

            SendResult prepared = Tap.Prepare(node.Route, in message);
            if (prepared != SendResult.Sent)
            {
                LastObstacle = Obstacle.Journal;
                return prepared;
            }
        }

        Core home = target.Core;      // read once: it may be another one at any moment, but never this one from now on
        return ReferenceEquals(home, this)
            ? DispatchHome(node, target, in message, correlation)
            : DispatchAway(node, target, home, in message, correlation);
    }

    private SendResult DispatchHome<T>(CapabilityNode node, AgentCell target, in T message, ulong correlation)
    {
        if (!target.Credits.TryTakeHome())
        {
            LastObstacle = Obstacle.Channel;
            return SendResult.Full;
        }

        // --- point of no return ---
        Message* cell = Cells.Rent();
        Fill(cell, node, in message, correlation);
        if (!Carriage<T>.IsInline)
        {
            Cells.PutReference(cell, Carriage<T>.Wrap(in message));
        }

        Counters.SentHome++;
        if (target.State >= AgentState.Moving)
        {
            Hold(target, cell);      // until it comes; the end of the kernel may have come first
            return SendResult.Sent;
        }

        if (correlation != 0)
        {
            NoteAsk(target, cell);
        }

        target.Inbox.Put(cell);
        if (target.State == AgentState.Idle || MayBeginNow(target))
        {
            MakeReady(target);
        }

        return SendResult.Sent;
    }

    private SendResult DispatchAway<T>(
        CapabilityNode node, AgentCell target, Core peer, in T message, ulong correlation)
    {
        if (!TryTakeLease(node, target))
        {
            LastObstacle = Obstacle.Channel;
            return SendResult.Full;
        }

        // --- point of no return ---
        CoreRing ring = Out[peer.Index]!;
        Message* slot;
        if (!_outbox[peer.Index].IsEmpty || (slot = ring.TryClaim()) == null)
        {
            Message* cell = Cells.Rent();
            Fill(cell, node, in message, correlation);
            Detain(peer, ring, cell, Carriage<T>.IsInline ? null : Carriage<T>.Wrap(in message));
            return SendResult.Sent;
        }

        Fill(slot, node, in message, correlation);
        if (!Carriage<T>.IsInline)
        {
            ring.PutReference(Carriage<T>.Wrap(in message));
        }

        ring.Publish(slot);
        Interference.At(Moment.Published);
        if (peer.Parker.IsAnnounced && (correlation != 0 || !TryLeaveAsleep(node.Holder, peer.Index, ring)))
        {
            WakeFor(peer);
        }

        return SendResult.Sent;
    }

    /// <summary>
    /// Sends what must not be refused: signals, replies, withdrawals, raises. Takes no credit: there are a few per ask
    /// or incarnation, a raise for each class at most. Target 0 addresses the peer core itself.
    /// </summary>
    public void SendUncredited<T>(
        Core peer, uint target, uint sender, Route route, ulong correlation, in T message,
        MessageFlags flags = MessageFlags.None)
    {
        bool ready = Tap is not null && target != 0 && Tap.PrepareControl(route, in message);
        CoreRing? ring = Out[peer.Index];
        Message* slot = ring is not null && _outbox[peer.Index].IsEmpty ? ring.TryClaim() : null;
        Message* cell = slot != null ? slot : Cells.Rent();
        cell->Route = route.Index;
        cell->Target = target;
        cell->Sender = sender;
        cell->Capability = 0;
        cell->Badge = 0;
        cell->Flags = flags | MessageFlags.Uncredited | MessageFlags.Extended | Carriage<T>.Flags;
        cell->Qos = Qos.Default;
        cell->PayloadBytes = (byte)Carriage<T>.InlineBytes;
        cell->Chain = Current->Chain;
        Extend(cell, correlation);
        object? reference = null;
        if (Carriage<T>.IsInline)
        {
            Unsafe.WriteUnaligned(&cell->Payload, message);
        }
        else
        {
            reference = Carriage<T>.Wrap(in message);
        }

        cell->Position = ready ? Tap!.AppendSent(cell, Current->Position, in message) : 0;
        if (ring is not null)
        {
            Forward(peer, ring, slot, cell, reference);
            return;
        }

        if (cell->Has(MessageFlags.Reference))
        {
            Cells.PutReference(cell, reference);
        }

        AcceptHome(cell);
    }

    /// <summary>Hands a filled message to another core: through the ring, or through the outbox while that is
    /// full.</summary>
    private void Forward(Core peer, CoreRing ring, Message* slot, Message* cell, object? reference)
    {
        if (slot == null)
        {
            Detain(peer, ring, cell, reference);
            return;
        }

        if (cell->Has(MessageFlags.Reference))
        {
            ring.PutReference(reference);
        }

        ring.Publish(slot);
        Interference.At(Moment.Published);
        WakeFor(peer);
    }

    // After something was published for it.
    private void WakeFor(Core peer)
    {
        if (peer.Wake())
        {
            Counters.PeersWoken++;
        }
    }

    /// <summary>
    /// The ring is full. The message keeps its place in this core's outbox for that peer, and so does everything after
    /// it, until the ring has room again (LW-22). Messages have their credit and of signals and replies there is one
    /// per incarnation or ask, so outboxes are bounded; and since no core ever waits for another, two that are full
    /// towards each other both go on (INV-04).
    /// </summary>
    [MethodImpl(MethodImplOptions.NoInlining)]
    private void Detain(Core peer, CoreRing ring, Message* cell, object? reference)
    {
        if (cell->Has(MessageFlags.Reference))
        {
            Cells.PutReference(cell, reference);
        }

        Counters.RingFull++;
        if (_outbox[peer.Index].IsEmpty)
        {
            ring.SetBlocked(true);
        }

        _outbox[peer.Index].Append(cell);
        if ((++_outboxCount & (Limits.DetainedPerLook - 1)) == 0)
        {
            FlushOutbox();      // a long turn must not keep from the peer what there is room for by now
        }
    }

    /// <summary>Writes a message into a cell or slot, and into the journal. What travels beside it is laid there by
    /// the caller.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private void Fill<T>(Message* cell, CapabilityNode node, in T message, ulong correlation)
    {
        *(MessageStamp*)&cell->Route = node.Stamp;
        cell->Chain = Current->Chain;
        if (correlation != 0)
        {
            Extend(cell, correlation);
            cell->Call = Message.CallOf(Current, correlation);
            cell->Qos = node.Holder.EffectiveQos;
        }

        if (Carriage<T>.IsInline)
        {
            Unsafe.WriteUnaligned(&cell->Payload, message);
        }

        cell->Position = Tap is null ? 0 : Tap.AppendSent(cell, Current->Position, in message);
    }

    private static void Extend(Message* cell, ulong correlation)
    {
        cell->Correlation = correlation;
        cell->Call = 0;
        cell->Deadline = 0;
        cell->Labels = 0;
    }

    private bool TryTakeLease(CapabilityNode node, AgentCell target)
    {
        if (node.Lease > 0)
        {
            node.Lease--;
            return true;
        }

        return TryTakeLeaseSlow(node, target);
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private bool TryTakeLeaseSlow(CapabilityNode node, AgentCell target)
    {
        bool isOpen = node.LeaseNext > 0;
        if (!isOpen && _leaseCount == _leases.Length)
        {
            return target.Credits.TakeShared(1) == 1;      // too many capabilities in one turn: one credit at a time
        }

        int taken = target.Credits.TakeShared(Math.Max(1, node.LeaseNext));
        if (taken == 0)
        {
            return false;
        }

        Interference.At(Moment.CreditTaken);
        if (!isOpen)
        {
            _leases[_leaseCount++] = node;
        }

        node.Lease = taken - 1;
        node.LeaseNext = Math.Min(Limits.LeaseMost, Math.Max(2, node.LeaseNext * 2));
        return true;
    }

    /// <summary>The turn ends: credits that it reserved and did not use go back (C3).</summary>
    private void CloseLeases()
    {
        for (int i = 0; i < _leaseCount; i++)
        {
            CapabilityNode node = _leases[i];
            _leases[i] = null!;
            int unused = node.Lease;
            (node.Lease, node.LeaseNext) = (0, 0);
            if (unused > 0)
            {
                node.Target.Credits.GiveBack(unused);      // F4 again. Pairs with F5.
                if (node.Target.Waiters.Any)
                {
                    node.Target.Waiters.WakeAll();
                }
            }
        }

        _leaseCount = 0;
    }

    /// <summary>Derives from a capability of the agent whose turn it is.</summary>
    public DeriveResult Derive(
        AgentCell self, CapabilityNode? from, AgentId holder, Rights rights, ulong badge, out CapabilityNode? node)
    {
        AgentCell? to = Kernel.Agents.Find(holder.Value);
        DeriveResult result = Kernel.Capabilities.Derive(
            Kernel.CoreHere, from, Replay?.Deriver ?? self, to, rights, badge, out node);
        if (node is not null)
        {
            Tap?.RecordCapability(JournalKind.Derived, node);
        }

        return result;
    }

    public void RevokeDerived(AgentCell self, CapabilityNode? from)
    {
        if (from is not null && from.Allows(self, Rights.Grant))
        {
            foreach (uint id in Kernel.Capabilities.Revoke(from, itself: false))
            {
                Tap?.RecordRevoked(id, from);
            }
        }
    }
}

/// <summary>What a refused send would have to wait for.</summary>
internal enum Obstacle : byte
{
    Channel,
    Ingress,
    Journal,
}
