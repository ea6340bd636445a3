using System.Buffers.Binary;

namespace Outheis;

/// <summary>Moved: to which core the header's target goes.</summary>
internal readonly record struct MovedRecord(byte To) : IJournalRecord<MovedRecord>
{
    public int Bytes => 8;

    public void Write(Span<byte> to) => BinaryPrimitives.WriteUInt64LittleEndian(to, To);

    public static bool TryRead(ReadOnlySpan<byte> from, out MovedRecord record)
    {
        bool fits = from.Length >= 8;
        record = fits ? new MovedRecord(from[0]) : default;
        return fits;
    }
}
