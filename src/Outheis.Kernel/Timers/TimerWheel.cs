using System.Numerics;

namespace Outheis;

/// <summary>
/// When what is due: a hierarchy of wheels (Varghese and Lauck, scheme 7), six of 64 slots each. A node lies in the
/// wheel of the highest six bits in which its time differs from the present one, so it moves down at most five times
/// before it is due; to put, to take out and to be due cost the same however many there are. Allocates only to grow.
/// One thread.
/// </summary>
/// <remarks>
/// Times are counted in ticks of the owner's. Nodes are named by number and belong to the owner; here they have only
/// their time and two links.
/// <code>
///   I1  a node that is in: Now &lt; its time, and it lies in slot (time >> 6·level) mod 64 of the level of the highest
///       bit in which its time and Now differ
///   I2  bit s of level l is set if and only if slot s of level l is not empty
///   I3  nodes of one time come due in the order in which they were put
/// </code>
/// </remarks>
internal sealed class TimerWheel
{
    /// <summary>No node.</summary>
    public const int None = -1;

    private const int LevelBits = 6;
    private const int Slots = 1 << LevelBits;
    private const int Levels = 6;
    private const int Out = -1;                                       // in no slot
    private const int Due = Levels * Slots;                           // of what is due
    private const long SpanMost = (1L << (LevelBits * Levels)) - 1;   // what lies further ahead comes by for a look

    private readonly Slot[] _slots = new Slot[Due + 1];
    private readonly ulong[] _occupied = new ulong[Levels];
    private Node[] _nodes = [];

    public TimerWheel()
    {
        Array.Fill(_slots, new Slot { First = None, Last = None });
    }

    /// <summary>Everything up to here is due.</summary>
    public long Now { get; private set; }

    /// <summary>Nodes that are in.</summary>
    public int Count { get; private set; }

    /// <summary>Not later than the earliest time of a node that is in; null: none is.</summary>
    public long? Next => _slots[Due].First != None ? Now : NextSlot(out _);

    /// <summary>Makes room for nodes up to this number.</summary>
    public void Reserve(int nodes)
    {
        int length = _nodes.Length;
        if (nodes > length)
        {
            Array.Resize(ref _nodes, Math.Max(nodes, length * 2));
            for (int i = length; i < _nodes.Length; i++)
            {
                _nodes[i].Slot = Out;
            }
        }
    }

    public bool IsIn(int node) => _nodes[node].Slot != Out;

    /// <summary>Of a node that is in; null: it is not.</summary>
    public long? TimeOf(int node) => IsIn(node) ? _nodes[node].Time : null;

    /// <summary>Puts a node that is not in. A time that is over is due at once.</summary>
    public void Put(int node, long time)
    {
        _nodes[node].Time = time;
        Count++;
        Place(node);
    }

    /// <summary>Takes a node out, if it is in.</summary>
    public void Remove(int node)
    {
        ref Node removed = ref _nodes[node];
        if (removed.Slot == Out)
        {
            return;
        }

        ref Slot slot = ref _slots[removed.Slot];
        if (removed.Previous == None)
        {
            slot.First = removed.Next;
        }
        else
        {
            _nodes[removed.Previous].Next = removed.Next;
        }

        if (removed.Next == None)
        {
            slot.Last = removed.Previous;
        }
        else
        {
            _nodes[removed.Next].Previous = removed.Previous;
        }

        if (slot.First == None && removed.Slot != Due)
        {
            _occupied[removed.Slot >> LevelBits] &= ~(1UL << (removed.Slot & (Slots - 1)));
        }

        removed.Slot = Out;
        Count--;
    }

    /// <summary>Goes on to a time and takes out one node that is due by then. <see cref="None"/>: no other is, and
    /// <see cref="Now"/> is that time.</summary>
    public int TakeDue(long now)
    {
        while (_slots[Due].First == None)
        {
            if (NextSlot(out int slot) is not { } time || time > now)
            {
                Now = Math.Max(Now, now);
                return None;
            }

            Now = Math.Max(Now, time);
            Scatter(slot);
        }

        int due = _slots[Due].First;
        Remove(due);
        return due;
    }

    // What lies in the slot is due, or belongs further down.
    private void Scatter(int slot)
    {
        int node = _slots[slot].First;
        _slots[slot] = new Slot { First = None, Last = None };
        _occupied[slot >> LevelBits] &= ~(1UL << (slot & (Slots - 1)));
        while (node != None)
        {
            int next = _nodes[node].Next;
            Place(node);
            node = next;
        }
    }

    private void Place(int node)
    {
        ref Node placed = ref _nodes[node];
        int slot = SlotOf(placed.Time);
        ref Slot list = ref _slots[slot];
        (placed.Slot, placed.Previous, placed.Next) = (slot, list.Last, None);
        if (list.Last == None)
        {
            list.First = node;
        }
        else
        {
            _nodes[list.Last].Next = node;
        }

        list.Last = node;
        if (slot != Due)
        {
            _occupied[slot >> LevelBits] |= 1UL << (slot & (Slots - 1));
        }
    }

    private int SlotOf(long time)
    {
        if (time <= Now)
        {
            return Due;
        }

        long seen = Math.Min(time, Now + SpanMost);
        int level = Math.Min(Levels - 1, BitOperations.Log2((ulong)(seen ^ Now)) / LevelBits);
        return (level << LevelBits) | (int)((seen >> (level * LevelBits)) & (Slots - 1));
    }

    // A lower level is always earlier: what lies higher up begins behind the present turn of the wheel below. In the
    // slot at the hand lies only what is a whole turn of the topmost wheel ahead.
    private long? NextSlot(out int slot)
    {
        for (int level = 0; level < Levels; level++)
        {
            if (_occupied[level] == 0)
            {
                continue;
            }

            int shift = level * LevelBits;
            int hand = (int)((Now >> shift) & (Slots - 1));
            ulong others = BitOperations.RotateRight(_occupied[level], hand) & ~1UL;
            int ahead = others != 0 ? BitOperations.TrailingZeroCount(others) : Slots;      // round to the hand again
            slot = (level << LevelBits) | ((hand + ahead) & (Slots - 1));
            return ((Now >> shift) + ahead) << shift;
        }

        slot = Out;
        return null;
    }

    private struct Node
    {
        public long Time;
        public int Next;
        public int Previous;
        public int Slot;
    }

    private struct Slot
    {
        public int First;
        public int Last;
    }
}
