using System.Runtime.InteropServices;

namespace Outheis.Tests;

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
