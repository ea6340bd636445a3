using System.Buffers.Binary;
using System.Text;

namespace Outheis;

/// <summary>
/// A ledger on the disk, and how far it had read each lane: what an opening begins with, so that it costs the tail of a
/// journal and not its history. Never needed and never believed against the lanes: when it is missing, damaged or newer
/// than the format known here, or when a lane has not the record any more that was read last, everything is read.
/// </summary>
internal sealed class LedgerCheckpoint
{
    public const string Name = "ledger";
    private const string TemporaryName = Name + LaneStore.TemporaryExtension;
    private const long Magic = 0x47444C_4854554F_0A;      // a line feed, OUTH, LDG
    private const int Version = 5;
    private const int HeaderBytes = 16;                   // magic, version, crc32c of what follows

    private readonly List<SavedLane> _lanes = [];

    private LedgerCheckpoint(JournalLedger ledger) => Ledger = ledger;

    public JournalLedger Ledger { get; }

    /// <summary>Null: there is none that this program can use.</summary>
    public static LedgerCheckpoint? TryLoad(IJournalDisk disk, string directory, JournalNames names)
    {
        try
        {
            using ISegmentFile file = disk.OpenRead(Path.Combine(directory, Name));
            byte[] bytes = new byte[Math.Min(file.Bytes, Array.MaxLength)];
            int count = 0;
            for (int read; count < bytes.Length && (read = file.Read(count, bytes.AsSpan(count))) > 0;)
            {
                count += read;
            }

            return count == bytes.Length && IsWhole(bytes) ? Decode(bytes, names) : null;
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            return null;
        }
    }

    /// <summary>Writes one in place of the one before. False: the directory does not let it.</summary>
    public static bool TrySave(
        IJournalDisk disk, string directory, JournalLedger ledger, JournalNames names, LaneMerge lanes)
    {
        try
        {
            string temporary = Path.Combine(directory, TemporaryName);
            disk.WriteAside(temporary, Encode(ledger, names, lanes));
            disk.Rename(temporary, Path.Combine(directory, Name));
            return true;
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            return false;
        }
    }

    /// <summary>Puts lanes where the ledger ends. False: it is not of these lanes, or they were cut since; then they
    /// are where they begin.</summary>
    public bool TrySeek(LaneMerge lanes)
    {
        bool fits = _lanes.TrueForAll(saved => saved.Lane < JournalLimits.Lanes
            && lanes.Find(saved.Lane) is { } lane && lane.TrySeek(saved.Last) && lane.TryRead()
            && lane.Last is { } last && last.Crc == saved.Crc && last.Place.Offset == saved.Last.Offset
            && lane.TrySeek(saved.Next));
        if (!fits)
        {
            foreach (LaneReader lane in lanes.Lanes)
            {
                lane.Rewind();
            }
        }

        return fits;
    }

    private static byte[] Encode(JournalLedger ledger, JournalNames names, LaneMerge lanes)
    {
        using var stream = new MemoryStream();
        using var to = new BinaryWriter(stream, Encoding.UTF8);
        to.Write(Magic);
        to.Write(Version);
        to.Write(0);
        SavedLane[] saved =
            [.. lanes.Lanes.Select(lane => SavedLane.Of(lane, lane == lanes.Taken)).OfType<SavedLane>()];
        to.Write(saved.Length);
        Array.ForEach(saved, lane => lane.Write(to));
        ledger.Write(to, names);
        to.Flush();
        byte[] bytes = stream.ToArray();
        BinaryPrimitives.WriteUInt32LittleEndian(bytes.AsSpan(12), Crc32C.Of(bytes.AsSpan(HeaderBytes)));
        return bytes;
    }

    private static bool IsWhole(ReadOnlySpan<byte> bytes) =>
        bytes.Length > HeaderBytes && BinaryPrimitives.ReadInt64LittleEndian(bytes) == Magic
        && BinaryPrimitives.ReadInt32LittleEndian(bytes[8..]) == Version
        && BinaryPrimitives.ReadUInt32LittleEndian(bytes[12..]) == Crc32C.Of(bytes[HeaderBytes..]);

    private static LedgerCheckpoint Decode(byte[] bytes, JournalNames names)
    {
        using var from = new BinaryReader(
            new MemoryStream(bytes, HeaderBytes, bytes.Length - HeaderBytes), Encoding.UTF8);
        List<SavedLane> lanes = [];
        for (int count = from.ReadInt32(); count > 0; count--)
        {
            lanes.Add(SavedLane.Read(from));
        }

        var checkpoint = new LedgerCheckpoint(JournalLedger.Read(from, names));
        checkpoint._lanes.AddRange(lanes);
        return checkpoint;
    }

    /// <summary>How far a lane was read: the last record, by which it is known again, and where to go on.</summary>
    private sealed record SavedLane(int Lane, LanePlace Last, uint Crc, LanePlace Next)
    {
        // A record at hand that was not taken yet is read again.
        public static unsafe SavedLane? Of(LaneReader lane, bool isTaken) =>
            lane.Last is not { } last || lane.Next is not { } next ? null : new SavedLane(
                lane.Lane, last.Place, last.Crc,
                lane.Record is null || isTaken ? next : lane.RecordPlace.Place);

        public void Write(BinaryWriter to)
        {
            to.Write(Lane);
            Last.Write(to);
            to.Write(Crc);
            Next.Write(to);
        }

        public static SavedLane Read(BinaryReader from) =>
            new(from.ReadInt32(), LanePlace.Read(from), from.ReadUInt32(), LanePlace.Read(from));
    }
}
