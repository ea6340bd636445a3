using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace Outheis.Bench.Parts;

/// <summary>
/// One producer, one consumer, cells of one cache line: about the least that handing a message to another core can cost.
/// Invariant: head &lt;= tail &lt;= head + capacity; each side caches the other's counter and looks again only when it must.
/// </summary>
internal sealed class CellRing(int capacity)
{
    private readonly Cell[] _cells = new Cell[capacity];      // a power of two
    private Side _producer;
    private Side _consumer;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public bool TryWrite(long value)
    {
        long tail = _producer.Own;
        if (tail - _producer.OtherSeen == _cells.Length)
        {
            _producer.OtherSeen = Volatile.Read(ref _consumer.Own);     // A91: emptied cells may be reused
            if (tail - _producer.OtherSeen == _cells.Length) return false;
        }
        ref Cell cell = ref _cells[tail & (_cells.Length - 1)];
        cell.Value = value;
        cell.Complement = ~value;
        Volatile.Write(ref _producer.Own, tail + 1);                    // R90: the cell before the counter
        return true;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public bool TryRead(out long value)
    {
        long head = _consumer.Own;
        if (head == _consumer.OtherSeen)
        {
            _consumer.OtherSeen = Volatile.Read(ref _producer.Own);     // A90: seeing R90 means seeing the cell
            if (head == _consumer.OtherSeen)
            {
                value = 0;
                return false;
            }
        }
        ref Cell cell = ref _cells[head & (_cells.Length - 1)];
        value = cell.Value;
        if (cell.Complement != ~value) throw new InvalidOperationException("a torn cell");
        Volatile.Write(ref _consumer.Own, head + 1);                    // R91: read before it is free
        return true;
    }

    [StructLayout(LayoutKind.Explicit, Size = 64)]
    private struct Cell
    {
        [FieldOffset(0)] public long Value;
        [FieldOffset(56)] public long Complement;
    }

    [StructLayout(LayoutKind.Explicit, Size = 256)]
    private struct Side
    {
        [FieldOffset(128)] public long Own;
        [FieldOffset(136)] public long OtherSeen;
    }
}
