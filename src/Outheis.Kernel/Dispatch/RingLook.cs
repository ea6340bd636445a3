namespace Outheis;

/// <summary>The slots of a <see cref="CoreRing"/> or an <see cref="Ingress"/> that nobody is at work on: those with
/// messages have them (I1), the next free ones are empty (I2).</summary>
internal static unsafe class RingLook
{
    private const int FreeSlots = 16;      // of the free ones: all of them at every step would take most of the time

    /// <summary>Shows each message, the oldest first.</summary>
    public static bool Holds(Message* slots, object?[] references, long next, long tail, MessageLook look)
    {
        int count = references.Length;      // a power of two
        bool holds = true;
        for (long p = next; holds && p < tail; p++)
        {
            Message* slot = slots + (p & (count - 1));
            holds = slot->Sequence == p + 1;
            look(slot);
        }

        long end = Math.Min(tail + FreeSlots, next + count);
        for (long p = tail; holds && p < end; p++)
        {
            long at = p & (count - 1);
            long before = Math.Max(0, p + 1 - count);      // of the lap before, or of none
            holds = slots[at].Sequence == before && references[at] is null;
        }

        return holds;
    }
}
