using System.Runtime.InteropServices;

namespace Outheis;

/// <summary>
/// The message cells of one core: cache-aligned native memory, recycled last-in first-out so that the next
/// cell is warm. Touched by that core's thread alone; a cell never leaves its core (a message to another core
/// is copied into the ring).
/// </summary>
/// <remarks>
/// Memory comes in blocks of <see cref="Limits.SlabCells"/> cells, aligned to their own size, so the block of
/// a cell is found by masking its address. The first cell of a block holds the block's number and is never
/// handed out. Objects that travel beside a cell wait in an array per block, made when the block first
/// carries one.
/// </remarks>
internal sealed unsafe class CellSlab : IDisposable
{
    private const int BlockBytes = Limits.SlabCells * Limits.CellBytes;

    private readonly List<nint> _blocks = [];
    private object?[]?[] _references = new object?[]?[4];
    private Message* _free;

    /// <summary>Cells handed out and not yet returned.</summary>
    public int InUse { get; private set; }

    public Message* Rent()
    {
        Message* cell = _free;
        if (cell == null)
        {
            cell = Grow();
        }

        _free = cell->Next;
        InUse++;
        return cell;
    }

    /// <summary>Takes a cell back. Its reference, if any, must have been taken before.</summary>
    public void Return(Message* cell)
    {
        cell->Next = _free;
        _free = cell;
        InUse--;
    }

    public void PutReference(Message* cell, object? reference)
    {
        int block = BlockOf(cell, out int index);
        (_references[block] ??= new object?[Limits.SlabCells])[index] = reference;
    }

    public object LookAtReference(Message* cell)
    {
        int block = BlockOf(cell, out int index);
        return _references[block]![index]!;
    }

    public object TakeReference(Message* cell)
    {
        int block = BlockOf(cell, out int index);
        ref object? slot = ref _references[block]![index];
        object reference = slot!;
        slot = null;
        return reference;
    }

    public void Dispose()
    {
        foreach (nint block in _blocks)
        {
            NativeMemory.AlignedFree((void*)block);
        }

        _blocks.Clear();
        _free = null;
    }

    private static int BlockOf(Message* cell, out int index)
    {
        nint start = (nint)cell & ~(nint)(BlockBytes - 1);
        index = (int)(((nint)cell - start) / Limits.CellBytes);
        return (int)((Message*)start)->Sequence;
    }

    private Message* Grow()
    {
        var start = (Message*)NativeMemory.AlignedAlloc(BlockBytes, BlockBytes);
        NativeMemory.Clear(start, BlockBytes);
        start->Sequence = _blocks.Count;
        _blocks.Add((nint)start);
        if (_blocks.Count > _references.Length)
        {
            Array.Resize(ref _references, _references.Length * 2);
        }

        for (int i = Limits.SlabCells - 1; i >= 1; i--)
        {
            start[i].Next = _free;
            _free = start + i;
        }

        return _free;
    }
}
