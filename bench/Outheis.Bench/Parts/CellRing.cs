using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace Outheis.Bench.Parts;

/// <summary>
/// One producer, one consumer, cells of one cache line: about the least that handing a message to another
/// core can cost. Each side shows its counter to the other every <paramref name="batch"/> cells, because a
/// shared line per message is what costs; a producer that has no more to send calls Flush. Invariant: head
/// &lt;= tail &lt;= head + capacity, in the private counters and in the shown ones.
/// </summary>
internal sealed class CellRing(int capacity, int batch)
{
    private readonly Cell[] _cells = new Cell[capacity];      // a power of two, at least two batches
    private Side _producer;
    private Side _consumer;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public bool TryWrite(long value)
    {
        long tail = _producer.Next;
        if (tail - _producer.OtherSeen == _cells.Length)
        {
            _producer.OtherSeen = Volatile.Read(ref _consumer.Shown);   // A91: emptied cells may be reused
            if (tail - _producer.OtherSeen == _cells.Length) return false;
        }
        ref Cell cell = ref _cells[tail & (_cells.Length - 1)];
        cell.Value = value;
        cell.Complement = ~value;
        _producer.Next = tail + 1;
        if (tail + 1 - _producer.Shown >= batch) Flush();
        return true;
    }

    public void Flush() => Volatile.Write(ref _producer.Shown, _producer.Next);   // R90: cells before counter

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public bool TryRead(out long value)
    {
        long head = _consumer.Next;
        if (head == _consumer.OtherSeen && !TryRefill(head))
        {
            value = 0;
            return false;
        }
        ref Cell cell = ref _cells[head & (_cells.Length - 1)];
        value = cell.Value;
        if (cell.Complement != ~value) throw new InvalidOperationException("a torn cell");
        _consumer.Next = head + 1;
        if (head + 1 - _consumer.Shown >= batch) Release();
        return true;
    }

    private void Release() => Volatile.Write(ref _consumer.Shown, _consumer.Next);   // R91: read before free

    [MethodImpl(MethodImplOptions.NoInlining)]
    private bool TryRefill(long head)
    {
        if (_consumer.Shown != head) Release();
        _consumer.OtherSeen = Volatile.Read(ref _producer.Shown);      // A90: R90 seen, cells seen
        return head != _consumer.OtherSeen;
    }

    [StructLayout(LayoutKind.Explicit, Size = 64)]
    private struct Cell
    {
        [FieldOffset(0)] public long Value;
        [FieldOffset(56)] public long Complement;
    }

    [StructLayout(LayoutKind.Explicit, Size = 384)]
    private struct Side
    {
        [FieldOffset(128)] public long Shown;                 // the other side reads it
        [FieldOffset(256)] public long Next;
        [FieldOffset(264)] public long OtherSeen;
    }
}
