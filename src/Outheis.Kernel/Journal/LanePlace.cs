namespace Outheis;

/// <summary>Where a reader of a lane begins, and what it would know there had it read all before.</summary>
/// <param name="Sequence">Of the segment.</param>
/// <param name="Offset">Of a record in it, or of its end.</param>
/// <param name="Run">Of the records there.</param>
/// <param name="UtcTicks">The newest time before.</param>
internal readonly record struct LanePlace(long Sequence, int Offset, uint Run, long UtcTicks)
{
    public void Write(BinaryWriter to)
    {
        to.Write(Sequence);
        to.Write(Offset);
        to.Write(Run);
        to.Write(UtcTicks);
    }

    public static LanePlace Read(BinaryReader from) =>
        new(from.ReadInt64(), from.ReadInt32(), from.ReadUInt32(), from.ReadInt64());
}
