using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;
using Arm = System.Runtime.Intrinsics.Arm;

namespace Outheis;

/// <summary>
/// CRC32C (Castagnoli; RFC 3720): reflected, starts at all ones, ends inverted. One step of the processor's
/// instruction takes 8 bytes and three cycles, but three steps run at a time, so long inputs are cut into
/// three streams whose results are joined: a CRC followed by n zero bytes is that CRC times x^8n modulo the
/// polynomial.
/// </summary>
internal static unsafe class Crc32C
{
    private const uint Polynomial = 0x82F63B78;        // reflected: bit 31 is x^0
    private const int StreamBytes = 336;               // three of them: the least input worth joining
    private const int JoinedBytes = 3 * StreamBytes;

    // The instruction itself multiplies by x^33 when fed a carry-less product (see Shift).
    private static readonly uint ShiftOne = PowerOfX((8 * StreamBytes) - 33);
    private static readonly uint ShiftTwo = PowerOfX((16 * StreamBytes) - 33);

    public static uint Of(ReadOnlySpan<byte> bytes)
    {
        fixed (byte* from = bytes)
        {
            return Of(from, bytes.Length);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static uint Of(byte* from, int bytes) =>
        bytes < JoinedBytes ? ~Continue(uint.MaxValue, from, bytes) : OfLong(from, bytes);

    /// <summary>
    /// The checksum of a record: its position, bytes 8..47 of its header, the CRC32C of what follows the header, the
    /// length word. Header and payload are two chains that the processor runs side by side; they meet in the last
    /// step.
    /// </summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static uint OfRecord(RecordHeader* header, int payloadBytes, long position)
    {
        ulong* words = (ulong*)header;
        return OfRecord(
            position, words[1], words[2], words[3], words[4], words[5],
            Of((byte*)(header + 1), payloadBytes), payloadBytes);
    }

    /// <summary>Likewise, of what is in registers: a word that was just written is not waited for.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static uint OfRecord(
        long position, ulong what, ulong who, ulong badge, ulong cause, ulong right, uint payload, int payloadBytes)
    {
        uint crc = BitOperations.Crc32C(uint.MaxValue, (ulong)position);
        crc = BitOperations.Crc32C(crc, what);
        crc = BitOperations.Crc32C(crc, who);
        crc = BitOperations.Crc32C(crc, badge);
        crc = BitOperations.Crc32C(crc, cause);
        crc = BitOperations.Crc32C(crc, right);
        ulong last = payload | ((ulong)(uint)(RecordHeader.Bytes + payloadBytes) << 32);
        return ~BitOperations.Crc32C(crc, last);
    }

    /// <summary>Copies a value and returns the checksum of the copy, whoever writes to the source meanwhile. Of whole
    /// words each goes through a register once, so no load waits for a store of another width (0020); the rest and long
    /// values are read again where they were copied to.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static uint Copy<T>(byte* to, in T value)
    {
        int bytes = Unsafe.SizeOf<T>();
        if (bytes == sizeof(ulong))      // the most frequent size needs no loop
        {
            ulong word = Unsafe.BitCast<T, ulong>(value);
            *(ulong*)to = word;
            return ~BitOperations.Crc32C(uint.MaxValue, word);
        }

        if (bytes >= JoinedBytes || (bytes & 7) != 0)
        {
            Unsafe.WriteUnaligned(to, value);
            return Of(to, bytes);
        }

        ref byte from = ref Unsafe.As<T, byte>(ref Unsafe.AsRef(in value));
        uint crc = uint.MaxValue;
        nint i = 0;
        for (; i <= bytes - (4 * sizeof(ulong)); i += 4 * sizeof(ulong))
        {
            crc = CopyWord(crc, to, ref from, i);
            crc = CopyWord(crc, to, ref from, i + sizeof(ulong));
            crc = CopyWord(crc, to, ref from, i + (2 * sizeof(ulong)));
            crc = CopyWord(crc, to, ref from, i + (3 * sizeof(ulong)));
        }

        for (; i < bytes; i += sizeof(ulong))
        {
            crc = CopyWord(crc, to, ref from, i);
        }

        return ~crc;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static uint CopyWord(uint crc, byte* to, ref byte from, nint at)
    {
        ulong word = Unsafe.ReadUnaligned<ulong>(ref Unsafe.Add(ref from, at));
        *(ulong*)(to + at) = word;
        return BitOperations.Crc32C(crc, word);
    }

    /// <summary>The checksum of the padding at a segment's end: length, then position.</summary>
    public static uint OfPadding(int length, long position) =>
        ~BitOperations.Crc32C(BitOperations.Crc32C(uint.MaxValue, (uint)length), (ulong)position);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static uint Continue(uint crc, byte* from, int bytes)
    {
        byte* end = from + (bytes & ~7);
        for (; from < end; from += 8)
        {
            crc = BitOperations.Crc32C(crc, *(ulong*)from);
        }

        return (bytes & 7) == 0 ? crc : ContinueTail(crc, from, bytes & 7);
    }

    private static uint ContinueTail(uint crc, byte* from, int bytes)
    {
        if ((bytes & 4) != 0)
        {
            crc = BitOperations.Crc32C(crc, *(uint*)from);
            from += 4;
        }

        for (int i = 0; i < (bytes & 3); i++)
        {
            crc = BitOperations.Crc32C(crc, from[i]);
        }

        return crc;
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static uint OfLong(byte* from, int bytes)
    {
        uint crc = uint.MaxValue;
        for (; bytes >= JoinedBytes; bytes -= JoinedBytes, from += JoinedBytes)
        {
            uint first = crc, second = 0, third = 0;
            for (int i = 0; i < StreamBytes; i += 8)
            {
                first = BitOperations.Crc32C(first, *(ulong*)(from + i));
                second = BitOperations.Crc32C(second, *(ulong*)(from + StreamBytes + i));
                third = BitOperations.Crc32C(third, *(ulong*)(from + (2 * StreamBytes) + i));
            }

            crc = Shift(first, ShiftTwo) ^ Shift(second, ShiftOne) ^ third;
        }

        return ~Continue(crc, from, bytes);
    }

    // crc times power times x^33: the product of two reflected 32-bit polynomials is one bit short of 64,
    // which multiplies by x; reducing it with the CRC step multiplies by x^32.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static uint Shift(uint crc, uint power)
    {
        ulong product;
        if (Pclmulqdq.IsSupported)
        {
            product = Pclmulqdq.CarrylessMultiply(
                Vector128.CreateScalar((ulong)crc), Vector128.CreateScalar((ulong)power), 0).ToScalar();
        }
        else if (Arm.Aes.IsSupported)
        {
            product = Arm.Aes.PolynomialMultiplyWideningLower(
                Vector64.CreateScalar((ulong)crc), Vector64.CreateScalar((ulong)power)).ToScalar();
        }
        else
        {
            product = CarrylessProduct(crc, power);
        }

        return BitOperations.Crc32C(0u, product);
    }

    internal static ulong CarrylessProduct(uint left, uint right)
    {
        ulong product = 0;
        for (int bit = 0; bit < 32; bit++)
        {
            product ^= ((right >> bit) & 1) != 0 ? (ulong)left << bit : 0;
        }

        return product;
    }

    private static uint PowerOfX(int exponent)
    {
        uint power = 1u << 31;
        for (int i = 0; i < exponent; i++)
        {
            power = (power >> 1) ^ ((power & 1) != 0 ? Polynomial : 0);
        }

        return power;
    }
}
