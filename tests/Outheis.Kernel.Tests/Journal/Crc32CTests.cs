using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Text;
using FsCheck.Xunit;
using Xunit;

namespace Outheis.Tests.Journal;

public sealed unsafe class Crc32CTests
{
    [Fact]
    public void Of_Rfc3720Vectors_GivesTheirChecksums()
    {
        byte[] rising = [.. Enumerable.Range(0, 32).Select(i => (byte)i)];
        byte[] falling = [.. rising.Reverse()];
        Assert.Equal(0x8A9136AAu, Crc32C.Of(new byte[32]));
        Assert.Equal(0x62A8AB43u, Crc32C.Of(Enumerable.Repeat((byte)0xFF, 32).ToArray()));
        Assert.Equal(0x46DD794Eu, Crc32C.Of(rising));
        Assert.Equal(0x113FDB5Cu, Crc32C.Of(falling));
        byte[] read =
        [
            0x01, 0xC0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0x14, 0, 0, 0, 0, 0, 4, 0,
            0, 0, 0, 0x14, 0, 0, 0, 0x18, 0x28, 0, 0, 0, 0, 0, 0, 0, 2, 0, 0, 0, 0, 0, 0, 0,
        ];
        Assert.Equal(0xD9963A56u, Crc32C.Of(read));
        Assert.Equal(0xE3069283u, Crc32C.Of(Encoding.ASCII.GetBytes("123456789")));
        Assert.Equal(0u, Crc32C.Of([]));
    }

    [Fact]
    public void Of_AnyLength_EqualsTheBitByBitDefinition()
    {
        byte[] bytes = new byte[9000];
        new Random(1).NextBytes(bytes);
        int[] lengths = [.. Enumerable.Range(0, 80), 1000, 1007, 1008, 1009, 2015, 2016, 4096, 8999];
        foreach (int length in lengths)
        {
            Assert.Equal(BitByBit(bytes.AsSpan(0, length)), Crc32C.Of(bytes.AsSpan(0, length)));
        }
    }

    [Property(MaxTest = 100, EndSize = 4000)]
    public bool Of_AnyBytes_EqualsTheBitByBitDefinition(byte[] bytes) => Crc32C.Of(bytes) == BitByBit(bytes);

    [Fact]
    public void Copy_AnyValue_CopiesItAndGivesTheChecksumOfTheCopy()
    {
        Copies(new Sized1());
        Copies(new Sized8());
        Copies(new Sized12());
        Copies(new Sized16());
        Copies(new Sized40());
        Copies(new Sized64());
        Copies(new Sized1016());

        static void Copies<T>(T value)
            where T : unmanaged
        {
            var random = new Random(1);
            Span<byte> from = MemoryMarshal.AsBytes(new Span<T>(ref value));
            random.NextBytes(from);
            byte[] copy = new byte[from.Length + 8];
            fixed (byte* to = copy)
            {
                Assert.Equal(BitByBit(from), Crc32C.Copy(to, in value));
            }

            Assert.Equal(from, copy.AsSpan(0, from.Length));
            Assert.Equal(new byte[8], copy.AsSpan(from.Length));
        }
    }

    /// <summary>What the checksum of a record is for: no burst of up to 32 bits goes unnoticed, wherever it is.
    /// </summary>
    [Property(MaxTest = 300, EndSize = 500)]
    public bool OfRecord_AnyBurstInAnyRecord_ChangesIt(
        byte[] payload, ushort where, bool fromTheEnd, uint burst, long position)
    {
        byte[] record = [.. new byte[RecordHeader.Bytes], .. payload, .. new byte[4]];
        payload.AsSpan(0, Math.Min(40, payload.Length)).CopyTo(record.AsSpan(8));
        fixed (byte* pointer = record)
        {
            uint before = Crc32C.OfRecord((RecordHeader*)pointer, payload.Length, position);
            int bits = 8 * (RecordHeader.Bytes - 8 + payload.Length);      // neither length nor checksum
            int first = 8 * 8 + (fromTheEnd ? bits - 1 - where % 40 : where % bits);
            for (int bit = 0; bit < 32; bit++)
            {
                bool flips = ((burst | 1) >> bit & 1) != 0;
                record[(first + bit) / 8] ^= (byte)(flips ? 1 << (first + bit) % 8 : 0);
            }

            return Crc32C.OfRecord((RecordHeader*)pointer, payload.Length, position) != before;
        }
    }

    [Fact]
    public void CarrylessProduct_OfPowersOfX_IsAPowerOfX()
    {
        Assert.Equal(1ul << 40, Crc32C.CarrylessProduct(1u << 31, 1u << 9));
        Assert.Equal(0x5ul, Crc32C.CarrylessProduct(3, 3));      // (x+1)^2 = x^2+1: no carry
    }

    [Fact]
    public void OfRecord_OneWrittenByHand_IsPositionThenHeaderThenPayloadChecksumThenLength()
    {
        byte[] record = new byte[48 + 24];
        new Random(2).NextBytes(record);
        fixed (byte* pointer = record)
        {
            byte[] input =
            [
                .. BitConverter.GetBytes(7L << 40), .. record.AsSpan(8, 40),
                .. BitConverter.GetBytes(BitByBit(record.AsSpan(48))),
                .. BitConverter.GetBytes(record.Length),
            ];
            Assert.Equal(BitByBit(input), Crc32C.OfRecord((RecordHeader*)pointer, 24, 7L << 40));
        }
    }

    private static uint BitByBit(ReadOnlySpan<byte> bytes)
    {
        uint crc = uint.MaxValue;
        foreach (byte value in bytes)
        {
            crc ^= value;
            for (int bit = 0; bit < 8; bit++)
            {
                crc = (crc >> 1) ^ (BitOperations.IsPow2(crc & 1) ? 0x82F63B78u : 0);
            }
        }

        return ~crc;
    }

    [InlineArray(1)]
    private struct Sized1
    {
        private byte _first;
    }

    [InlineArray(8)]
    private struct Sized8
    {
        private byte _first;
    }

    [InlineArray(12)]
    private struct Sized12
    {
        private byte _first;
    }

    [InlineArray(16)]
    private struct Sized16
    {
        private byte _first;
    }

    [InlineArray(40)]
    private struct Sized40
    {
        private byte _first;
    }

    [InlineArray(64)]
    private struct Sized64
    {
        private byte _first;
    }

    [InlineArray(1016)]
    private struct Sized1016
    {
        private byte _first;
    }
}
