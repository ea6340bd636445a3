using System.Runtime.InteropServices;

namespace Outheis;

/// <summary>The unit in which cores take memory from each other.</summary>
internal static class CacheLine
{
    public const int Bytes = 128;    // x86 fetches lines of 64 in pairs, some ARM lines are 128

    /// <summary>A line of its own, though its pair may be shared: where there are many.</summary>
    public const int PairedBytes = Bytes / 2;
}

/// <summary>A flag alone on its cache lines: looked at often, written rarely, so neighbours must not disturb it.
/// </summary>
[StructLayout(LayoutKind.Explicit, Size = 2 * CacheLine.Bytes)]
internal struct PaddedFlag
{
    [FieldOffset(CacheLine.Bytes)] public int Value;
}

/// <summary>The receiving end of a ring: what its core alone writes, apart from what senders read.</summary>
[StructLayout(LayoutKind.Explicit, Size = 3 * CacheLine.Bytes)]
internal struct ConsumerSide
{
    /// <summary>The position to read next. The consumer's.</summary>
    [FieldOffset(CacheLine.Bytes)] public long Next;

    /// <summary>Positions below this one are free again. Senders read it.</summary>
    [FieldOffset(2 * CacheLine.Bytes)] public long Head;
}

/// <summary>Keeps what is declared before it off the cache lines of what comes after.</summary>
[StructLayout(LayoutKind.Sequential, Size = CacheLine.Bytes)]
internal struct CacheGap;
