using System.Runtime.InteropServices;

namespace Outheis.Assistant;

/// <summary>FNV-1a, 64 bits: tells changed content from unchanged. Not made to resist somebody who wants a
/// collision.</summary>
internal static class Fingerprint
{
    private const ulong Offset = 14695981039346656037;
    private const ulong Prime = 1099511628211;

    public static long Of(ReadOnlySpan<byte> bytes)
    {
        ulong hash = Offset;
        foreach (byte value in bytes) hash = (hash ^ value) * Prime;
        return unchecked((long)hash);
    }

    public static long Of(string text) => Of(MemoryMarshal.AsBytes(text.AsSpan()));
}
