using System.Runtime.InteropServices;

namespace Outheis;

/// <summary>
/// The ring by which threads outside the kernel reach one core: bounded, many producers, one consumer.
/// Order per thread is the order of its claims.
/// </summary>
/// <remarks>
/// As in <see cref="CoreRing"/>, a slot's first word says which message it holds, and the core gives slots back
/// in batches, by its head. For position p in slot p mod N:
/// <code>
///   I1  sequence == p + 1         holds message p, readable by the core
///   I2  head &lt;= tail &lt;= head + N   the slots from tail to head + N are free, with no object beside
///   I3  headSeen &lt;= head          what the producers know may lag, never lead
/// </code>
/// A claim is a full fence, and the sender looks at its capability once more after it: a send that claims after a
/// revocation is refused and publishes a void slot; the revocation waits for those that claimed before.
/// </remarks>
internal sealed unsafe class Ingress : IDisposable
{
    private const int Mask = Limits.IngressSlots - 1;

    private readonly Message* _slots;
    private readonly object?[] _references = new object?[Limits.IngressSlots];
    private ProducersSide _producers;      // any thread
    private ConsumerSide _consumer;        // the core; but for Head, which producers read

    public Ingress()
    {
        _slots = (Message*)NativeMemory.AlignedAlloc(Limits.IngressSlots * Limits.CellBytes, CacheLine.Bytes);
        NativeMemory.Clear(_slots, Limits.IngressSlots * Limits.CellBytes);
    }

    /// <summary>Any thread: a slot that is now the caller's to fill and publish, or null when the ring is
    /// full.</summary>
    public Message* TryClaim(out long position)
    {
        position = Volatile.Read(ref _producers.Tail);
        while (true)
        {
            if (position - Volatile.Read(ref _producers.HeadSeen) >= Limits.IngressSlots && IsFull(position))
            {
                return null;
            }

            // F10: claimed BEFORE the look at the rights. Pairs with F9. What HeadSeen freed is free: nobody else
            // advanced Tail. F29: claimed BEFORE the second look at the target's home. Pairs with F28.
            long tail = Interlocked.CompareExchange(ref _producers.Tail, position + 1, position);
            if (tail == position)
            {
                return _slots + (position & Mask);
            }

            position = tail;
        }
    }

    /// <summary>Any thread: positions below this one are claimed.</summary>
    public long Claimed => Volatile.Read(ref _producers.Tail);

    /// <summary>The core: positions below this one are drained.</summary>
    public long Drained => _consumer.Next;

    /// <summary>Any thread: whether the next claim would find a free slot.</summary>
    public bool HasRoom => !IsFull(Volatile.Read(ref _producers.Tail));

    /// <summary>Any thread: lays the object beside the slot it claimed.</summary>
    public void PutReference(long position, object? reference) => _references[position & Mask] = reference;

    /// <summary>Any thread: makes the slot it claimed readable.</summary>
    public static void Publish(Message* slot, long position) =>
        Volatile.Write(ref slot->Sequence, position + 1);      // R5: the message before its sequence. Read by A5.

    /// <summary>The core: the oldest message, or null. It stays in the slot until <see cref="Take"/>.</summary>
    public Message* Peek() => Peek(0);

    /// <summary>The core: the message that comes so many after the oldest, or null.</summary>
    public Message* Peek(int ahead)
    {
        long next = _consumer.Next + ahead;
        Message* slot = _slots + (next & Mask);
        return Volatile.Read(ref slot->Sequence) == next + 1 ? slot : null;      // A5: seeing R5 means the message.
    }

    /// <summary>The core: whether every claim below a position is filled and readable, or was.</summary>
    public bool IsFilledTo(long position)
    {
        int ahead = 0;
        while (_consumer.Next + ahead < position && Peek(ahead) != null)
        {
            ahead++;
        }

        return _consumer.Next + ahead >= position;
    }

    /// <summary>The core: takes the object beside the peeked slot.</summary>
    public object TakeReference(int ahead = 0)
    {
        ref object? slot = ref _references[(_consumer.Next + ahead) & Mask];
        object reference = slot!;
        slot = null;
        return reference;
    }

    /// <summary>The core: lays the taken object back beside the peeked slot, which stays.</summary>
    public void RestoreReference(object? reference) => _references[_consumer.Next & Mask] = reference;

    /// <summary>The core: is done with the peeked slot. Producers learn of it at the next <see cref="Free"/>.</summary>
    public void Take() => _consumer.Next++;

    /// <summary>The core: gives back all slots taken so far.</summary>
    // R4: emptied before free. Read by A4.
    public void Free() => Volatile.Write(ref _consumer.Head, _consumer.Next);

    /// <summary>While nobody is at work: shows each message in it, the oldest first. False: I1 to I3 do not
    /// hold.</summary>
    public bool Look(MessageLook look) =>
        _producers.HeadSeen <= _consumer.Head && _consumer.Head <= _consumer.Next
        && _consumer.Next <= _producers.Tail && _producers.Tail <= _consumer.Head + Limits.IngressSlots
        && RingLook.Holds(_slots, _references, _consumer.Next, _producers.Tail, look);

    ~Ingress() => NativeMemory.AlignedFree(_slots);

    public void Dispose()
    {
        GC.SuppressFinalize(this);
        NativeMemory.AlignedFree(_slots);
    }

    // Producers may overwrite each other's HeadSeen; the older value is the smaller one (I3).
    private bool IsFull(long position)
    {
        long head = Volatile.Read(ref _consumer.Head);      // A4: free means emptied (R4).
        Volatile.Write(ref _producers.HeadSeen, head);      // R4 passed on to whoever reads it instead of Head.
        return position - head >= Limits.IngressSlots;
    }

    [StructLayout(LayoutKind.Explicit, Size = 2 * CacheLine.Bytes)]
    private struct ProducersSide
    {
        [FieldOffset(CacheLine.Bytes)] public long Tail;
        [FieldOffset(CacheLine.Bytes + 8)] public long HeadSeen;
    }
}
