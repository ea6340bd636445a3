using System.Runtime.InteropServices;

namespace Outheis.Bench.Parts;

/// <summary>
/// A queue of (target, value) in 64-byte cells and a delegate per target, all on one thread.
/// </summary>
internal sealed class LocalQueue(int capacity)
{
    private readonly Cell[] _cells = new Cell[capacity];      // a power of two, never overrun by its users
    private long _head;
    private long _tail;

    public void Write(int target, long value)
    {
        ref Cell cell = ref _cells[_tail++ & (_cells.Length - 1)];
        cell.Target = target;
        cell.Value = value;
    }

    public void Run(Action<long>[] handlers)
    {
        while (_head != _tail)
        {
            ref Cell cell = ref _cells[_head++ & (_cells.Length - 1)];
            handlers[cell.Target](cell.Value);
        }
    }

    [StructLayout(LayoutKind.Explicit, Size = 64)]
    private struct Cell
    {
        [FieldOffset(0)] public long Value;
        [FieldOffset(8)] public int Target;
    }
}
