using System.Runtime.InteropServices;

namespace Outheis;

/// <summary>
/// The ring from one core to another (LW-20): single producer, single consumer, 256 cells copied in and out.
/// </summary>
/// <remarks>
/// Each slot's first word says whose turn it is, so the two sides share no index. For position p in slot p mod N:
/// <code>
///   I1  sequence == p        free for the producer
///   I2  sequence == p + 1    holds message p, readable by the consumer
///   I3  sequence == p + N    emptied: free for position p + N
/// </code>
/// When the producer finds its next slot not free, it says so (LW-23: the consumer then wakes it) and goes on only when
/// <see cref="Limits.RingResumeSlots"/> slots are free (LW-22), so that two cores do not trade single slots.
/// </remarks>
internal sealed unsafe class CoreRing : IDisposable
{
    private const int Mask = Limits.RingSlots - 1;

    private readonly Message* _slots;
    private readonly object?[] _references = new object?[Limits.RingSlots];
    private ProducerSide _producer;      // touched by the sending core
    private ConsumerSide _consumer;      // touched by the receiving core
    private int _blocked;                // written by the sending core, read by the receiving core

    public CoreRing()
    {
        _slots = (Message*)NativeMemory.AlignedAlloc(Limits.RingSlots * Limits.CellBytes, CacheLine.Bytes);
        NativeMemory.Clear(_slots, Limits.RingSlots * Limits.CellBytes);
        for (int i = 0; i < Limits.RingSlots; i++)
        {
            _slots[i].Sequence = i;
        }
    }

    /// <summary>Receiving core: whether messages wait at the sender for room here.</summary>
    public bool IsSenderBlocked => Volatile.Read(ref _blocked) != 0;

    /// <summary>Sending core: the next free slot, or null when the ring is full.</summary>
    public Message* TryClaim()
    {
        long position = _producer.Position;
        Message* slot = _slots + (position & Mask);
        return Volatile.Read(ref slot->Sequence) == position ? slot : null;      // A2: free means emptied (R2).
    }

    /// <summary>Sending core: makes the claimed slot readable.</summary>
    public void Publish(Message* slot)
    {
        long position = _producer.Position;
        _producer.Position = position + 1;
        Volatile.Write(ref slot->Sequence, position + 1);      // R3: the message before its sequence. Read by A3.
    }

    /// <summary>Sending core: lays the object beside the claimed slot.</summary>
    public void PutReference(object reference) => _references[_producer.Position & Mask] = reference;

    /// <summary>Sending core: whether enough is free to go on after the ring was full.</summary>
    public bool HasRoomToResume()
    {
        long position = _producer.Position + Limits.RingResumeSlots - 1;
        return Volatile.Read(ref _slots[position & Mask].Sequence) == position;      // A2
    }

    /// <summary>Sending core: says that messages wait, or no longer do.</summary>
    public void SetBlocked(bool blocked) => Volatile.Write(ref _blocked, blocked ? 1 : 0);

    /// <summary>Receiving core: the oldest message, or null. It stays in the slot until <see cref="Free"/>.</summary>
    public Message* Peek()
    {
        long position = _consumer.Position;
        Message* slot = _slots + (position & Mask);
        return Volatile.Read(ref slot->Sequence) == position + 1 ? slot : null;      // A3: seeing R3 means the message.
    }

    /// <summary>Receiving core: takes the object beside the peeked slot.</summary>
    public object TakeReference()
    {
        ref object? slot = ref _references[_consumer.Position & Mask];
        object reference = slot!;
        slot = null;
        return reference;
    }

    /// <summary>Receiving core: gives the peeked slot back.</summary>
    public void Free(Message* slot)
    {
        long position = _consumer.Position;
        _consumer.Position = position + 1;
        Volatile.Write(ref slot->Sequence, position + Limits.RingSlots);      // R2: emptied before free. Read by A2.
    }

    public void Dispose() => NativeMemory.AlignedFree(_slots);

    [StructLayout(LayoutKind.Explicit, Size = 2 * CacheLine.Bytes)]
    private struct ProducerSide
    {
        [FieldOffset(CacheLine.Bytes)] public long Position;
    }

    [StructLayout(LayoutKind.Explicit, Size = 2 * CacheLine.Bytes)]
    private struct ConsumerSide
    {
        [FieldOffset(CacheLine.Bytes)] public long Position;
    }
}
