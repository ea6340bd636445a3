using System.Buffers.Binary;
using System.Runtime.InteropServices;

namespace Outheis;

/// <summary>Forked: where the parent is, before which position it was left, and where its lanes ended then.</summary>
internal readonly record struct ForkedRecord(long Position, long[] Ends, string Parent) : IJournalRecord<ForkedRecord>
{
    private const int EndsOffset = 16;

    public int Bytes => EndsOffset + (Ends.Length * sizeof(long)) + JournalText.Bytes(Parent);

    public void Write(Span<byte> to)
    {
        BinaryPrimitives.WriteInt64LittleEndian(to, Position);
        BinaryPrimitives.WriteInt64LittleEndian(to[8..], Ends.Length);
        MemoryMarshal.AsBytes<long>(Ends).CopyTo(to[EndsOffset..]);
        JournalText.Write(Parent, to[(EndsOffset + (Ends.Length * sizeof(long)))..]);
    }

    public static bool TryRead(ReadOnlySpan<byte> from, out ForkedRecord record)
    {
        record = default;
        long ends = from.Length >= EndsOffset ? BinaryPrimitives.ReadInt64LittleEndian(from[8..]) : -1;
        bool fits = ends >= 0 && ends <= (from.Length - EndsOffset) / sizeof(long);
        if (fits)
        {
            ReadOnlySpan<byte> rest = from[EndsOffset..];
            int bytes = (int)ends * sizeof(long);
            record = new ForkedRecord(
                BinaryPrimitives.ReadInt64LittleEndian(from),
                MemoryMarshal.Cast<byte, long>(rest[..bytes]).ToArray(), JournalText.Read(rest[bytes..]));
        }

        return fits;
    }
}
