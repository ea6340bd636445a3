using System.Runtime.InteropServices;

namespace Outheis;

/// <summary>
/// The ring by which threads outside the kernel reach one core: bounded, many producers, one consumer.
/// Order per thread is the order of its claims.
/// </summary>
/// <remarks>
/// For position p in slot p mod N:
/// <code>
///   I1  sequence == p        free for the producer that claims p
///   I2  sequence == p + 1    holds message p
///   I3  sequence == p + N    emptied: free for position p + N
/// </code>
/// A claim is a full fence, and the sender looks at its capability once more after it: a send that claims after a
/// revocation is refused and publishes a void slot; the revocation waits for those that claimed before.
/// </remarks>
internal sealed unsafe class Ingress : IDisposable
{
    private const int Mask = Limits.IngressSlots - 1;

    private readonly Message* _slots;
    private readonly object?[] _references = new object?[Limits.IngressSlots];
    private PaddedSequence _tail;      // next position to claim; any thread
    private long _head;                // next position to read; the core only

    public Ingress()
    {
        _slots = (Message*)NativeMemory.AlignedAlloc(Limits.IngressSlots * Limits.CellBytes, CacheLine.Bytes);
        NativeMemory.Clear(_slots, Limits.IngressSlots * Limits.CellBytes);
        for (int i = 0; i < Limits.IngressSlots; i++)
        {
            _slots[i].Sequence = i;
        }
    }

    /// <summary>Any thread: a slot that is now the caller's to fill and publish, or null when the ring is
    /// full.</summary>
    public Message* TryClaim(out long position)
    {
        while (true)
        {
            position = _tail.Read();
            Message* slot = _slots + (position & Mask);
            long lead = Volatile.Read(ref slot->Sequence) - position;      // A4: free means emptied (R4).
            if (lead < 0)
            {
                return null;
            }

            if (lead == 0 && _tail.TryAdvance(
                position, position + 1))      // F10: claimed BEFORE the look at the rights. F9
            {
                return slot;
            }
        }
    }

    /// <summary>Any thread: positions below this one are claimed.</summary>
    public long Claimed => _tail.Read();

    /// <summary>The core: positions below this one are drained.</summary>
    public long Drained => _head;

    /// <summary>Any thread: whether the next claim would find a free slot.</summary>
    public bool HasRoom
    {
        get
        {
            long position = _tail.Read();
            return Volatile.Read(ref _slots[position & Mask].Sequence) >= position;
        }
    }

    /// <summary>Any thread: lays the object beside the slot it claimed.</summary>
    public void PutReference(long position, object? reference) => _references[position & Mask] = reference;

    /// <summary>Any thread: makes the slot it claimed readable.</summary>
    public static void Publish(Message* slot, long position) =>
        Volatile.Write(ref slot->Sequence, position + 1);      // R5: the message before its sequence. Read by A5.

    /// <summary>The core: the oldest message, or null.</summary>
    public Message* Peek()
    {
        Message* slot = _slots + (_head & Mask);
        return Volatile.Read(ref slot->Sequence) == _head + 1 ? slot : null;      // A5: seeing R5 means the message.
    }

    /// <summary>The core: takes the object beside the peeked slot.</summary>
    public object TakeReference()
    {
        ref object? slot = ref _references[_head & Mask];
        object reference = slot!;
        slot = null;
        return reference;
    }

    /// <summary>The core: lays the taken object back beside the peeked slot, which stays.</summary>
    public void RestoreReference(object? reference) => _references[_head & Mask] = reference;

    /// <summary>The core: gives the peeked slot back.</summary>
    public void Free(Message* slot)
    {
        Volatile.Write(ref slot->Sequence, _head + Limits.IngressSlots);      // R4: emptied before free. Read by A4.
        _head++;
    }

    ~Ingress() => NativeMemory.AlignedFree(_slots);

    public void Dispose()
    {
        GC.SuppressFinalize(this);
        NativeMemory.AlignedFree(_slots);
    }
}
