using System.Runtime.InteropServices;

namespace Outheis;

/// <summary>
/// The ring from one core to another (LW-20): single producer, single consumer, 256 cells copied in and out.
/// </summary>
/// <remarks>
/// Each slot's first word says which message it holds, so the consumer looks at nothing but the slots; the
/// producer learns of free ones from the consumer's head, which moves once per batch. For position p in slot
/// p mod N:
/// <code>
///   I1  sequence == p + 1         holds message p, readable by the consumer
///   I2  head &lt;= tail &lt;= head + N   and the slots from tail to head + N are free, with no object beside
///   I3  headSeen &lt;= head          what the producer knows may lag, never lead
/// </code>
/// When the producer finds the ring full, it says so (LW-23: the consumer then wakes it) and goes on only
/// when <see cref="Limits.RingResumeSlots"/> slots are free (LW-22), so that two cores do not trade single
/// slots.
/// </remarks>
internal sealed unsafe class CoreRing : IDisposable
{
    private const int Mask = Limits.RingSlots - 1;

    private readonly Message* _slots;
    private readonly object?[] _references = new object?[Limits.RingSlots];
    private ProducerSide _producer;      // touched by the sending core
    private ConsumerSide _consumer;      // touched by the receiving core, but for Head, which the producer reads
    private PaddedFlag _blocked;               // written by the sending core, read by the receiving core

    public CoreRing()
    {
        _slots = (Message*)NativeMemory.AlignedAlloc(Limits.RingSlots * Limits.CellBytes, CacheLine.Bytes);
        NativeMemory.Clear(_slots, Limits.RingSlots * Limits.CellBytes);
    }

    /// <summary>Receiving core: whether messages wait at the sender for room here.</summary>
    public bool IsSenderBlocked => Volatile.Read(ref _blocked.Value) != 0;

    /// <summary>Sending core: the next free slot, or null when the ring is full.</summary>
    public Message* TryClaim()
    {
        long tail = _producer.Tail;
        return tail - _producer.HeadSeen < Limits.RingSlots || Refresh(tail, 1) ? _slots + (tail & Mask) : null;
    }

    /// <summary>Sending core: makes the claimed slot readable.</summary>
    public void Publish(Message* slot)
    {
        long tail = ++_producer.Tail;
        Volatile.Write(ref slot->Sequence, tail);      // R3: the message before its sequence. Read by A3.
    }

    /// <summary>Sending core: lays the object beside the claimed slot.</summary>
    public void PutReference(object? reference) => _references[_producer.Tail & Mask] = reference;

    /// <summary>Sending core: messages that the receiving one has not given back, as of now.</summary>
    public long Unread => _producer.Tail - Volatile.Read(ref _consumer.Head);

    /// <summary>Any thread: messages that were ever published here.</summary>
    public long Sent => Volatile.Read(ref _producer.Tail);

    /// <summary>Sending core: whether enough is free to go on after the ring was full.</summary>
    public bool HasRoomToResume()
    {
        long tail = _producer.Tail;
        return tail - _producer.HeadSeen <= Limits.RingSlots - Limits.RingResumeSlots
            || Refresh(tail, Limits.RingResumeSlots);
    }

    /// <summary>Sending core: says that messages wait, or no longer do.</summary>
    public void SetBlocked(bool blocked) => Volatile.Write(ref _blocked.Value, blocked ? 1 : 0);

    /// <summary>Receiving core: the oldest message, or null. It stays in the slot until
    /// <see cref="Take"/>.</summary>
    public Message* Peek()
    {
        long next = _consumer.Next;
        Message* slot = _slots + (next & Mask);
        return Volatile.Read(ref slot->Sequence) == next + 1 ? slot : null;      // A3: seeing R3 means the message.
    }

    /// <summary>Receiving core: takes the object beside the peeked slot.</summary>
    public object TakeReference()
    {
        ref object? slot = ref _references[_consumer.Next & Mask];
        object reference = slot!;
        slot = null;
        return reference;
    }

    /// <summary>Receiving core: is done with the peeked slot. The producer learns of it at the next
    /// <see cref="Free"/>.</summary>
    public void Take() => _consumer.Next++;

    /// <summary>Receiving core: gives back all slots taken so far.</summary>
    // R2: emptied before free. Read by A2.
    public void Free() => Volatile.Write(ref _consumer.Head, _consumer.Next);

    /// <summary>While neither side is at work: shows each message in it, the oldest first. False: I1 to I3 do not
    /// hold.</summary>
    public bool Look(MessageLook look) =>
        _producer.HeadSeen <= _consumer.Head && _consumer.Head <= _consumer.Next
        && _consumer.Next <= _producer.Tail && _producer.Tail <= _consumer.Head + Limits.RingSlots
        && RingLook.Holds(_slots, _references, _consumer.Next, _producer.Tail, look);

    public void Dispose() => NativeMemory.AlignedFree(_slots);

    private bool Refresh(long tail, int wanted)
    {
        _producer.HeadSeen = Volatile.Read(ref _consumer.Head);      // A2: free means emptied (R2).
        return tail - _producer.HeadSeen <= Limits.RingSlots - wanted;
    }

    [StructLayout(LayoutKind.Explicit, Size = 2 * CacheLine.Bytes)]
    private struct ProducerSide
    {
        [FieldOffset(CacheLine.Bytes)] public long Tail;
        [FieldOffset(CacheLine.Bytes + 8)] public long HeadSeen;
    }
}
