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

    public static void Write(BinaryWriter to, List<RecordPlace> all)
    {
        to.Write(all.Count);
        all.ForEach(place => place.Write(to));
    }

    public static void Read(BinaryReader from, List<RecordPlace> all)
    {
        for (int count = from.ReadInt32(); count > 0; count--)
        {
            all.Add(Read(from));
        }
    }
}
