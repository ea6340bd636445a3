namespace Outheis;

/// <summary>Where a record is, and what a reader knows there who has read all before.</summary>
/// <param name="Position">The record's.</param>
/// <param name="Place">The same as a place in its lane.</param>
internal readonly record struct RecordPlace(long Position, LanePlace Place)
{
    public void Write(BinaryWriter to)
    {
        to.Write(Position);
        Place.Write(to);
    }

    public static RecordPlace Read(BinaryReader from) => new(from.ReadInt64(), LanePlace.Read(from));
}
