using System.Runtime.InteropServices;

namespace Outheis;

/// <summary>The unit in which cores take memory from each other.</summary>
internal static class CacheLine
{
    public const int Bytes = 128;    // x86 fetches lines of 64 in pairs, some ARM lines are 128
}

/// <summary>A counter alone on its cache lines. Many threads advance it, one at a time.</summary>
[StructLayout(LayoutKind.Explicit, Size = 2 * CacheLine.Bytes)]
internal struct PaddedSequence
{
    [FieldOffset(CacheLine.Bytes)] private long _value;

    public readonly long Read() => Volatile.Read(in _value);

    public bool TryAdvance(long from, long to) => Interlocked.CompareExchange(ref _value, to, from) == from;
}
