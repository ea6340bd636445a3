using System.Runtime.InteropServices;

namespace Outheis.Tests;

/// <summary>Inline, and with the next word beyond the first cache line.</summary>
internal record struct Wide(long A, long B, long C, long D, long E, long F);

/// <summary>Unmanaged, but too long for the cell: a pooled box.</summary>
internal record struct Heavy(long A, long B, long C, long D, long E, long F, long G);

/// <summary>A struct with a reference in it: a pooled box.</summary>
internal record struct Named(long Number, string Name);

/// <summary>By reference.</summary>
internal sealed record Letter(long Number);

/// <summary>As long as a message by value may be.</summary>
[StructLayout(LayoutKind.Explicit, Size = Limits.MessageBytesMax)]
internal struct Longest
{
    [FieldOffset(0)] public int First;
    [FieldOffset(Limits.MessageBytesMax - 4)] public int Last;
}

/// <summary>One byte longer.</summary>
[StructLayout(LayoutKind.Explicit, Size = Limits.MessageBytesMax + 1)]
internal struct TooLong
{
    [FieldOffset(0)] public byte First;
}
