using System.Globalization;
using System.Runtime.InteropServices;

namespace Outheis;

/// <summary>
/// The file beside a full segment that keeps its <see cref="SegmentIndex"/>. Never needed: what is missing, damaged, or
/// of another segment counts as nothing, and what cannot be written is not.
/// </summary>
internal static class SegmentIndexFile
{
    private const string Extension = ".idx";

    public static string NameOf(long sequence) =>
        sequence.ToString("D12", CultureInfo.InvariantCulture) + Extension;

    /// <summary>Null unless the file is whole and of the segment with this header.</summary>
    public static SegmentIndex? TryLoad(IJournalDisk disk, string directory, in SegmentHeader segment)
    {
        try
        {
            using ISegmentFile file = disk.OpenRead(Path.Combine(directory, NameOf(segment.Sequence)));
            byte[] bytes = new byte[Math.Min(file.Bytes, segment.SegmentBytes)];
            int count = 0;
            for (int read; count < bytes.Length && (read = file.Read(count, bytes.AsSpan(count))) > 0;)
            {
                count += read;
            }

            return Decode(bytes.AsSpan(0, count), in segment);
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            return null;
        }
    }

    /// <summary>Writes it if the directory can be written, and drops the indexes of segments that are gone.</summary>
    public static void TrySave(IJournalDisk disk, string directory, long sequence, SegmentIndex index)
    {
        try
        {
            disk.WriteAside(Path.Combine(directory, NameOf(sequence)), Encode(index));
            IReadOnlyList<string> names = disk.List(directory) ?? [];
            long oldest = JournalSegment.Sequences(names) is [long first, ..] ? first : 0;
            foreach (string name in names)
            {
                if (name.EndsWith(Extension, StringComparison.Ordinal)
                    && long.TryParse(name.AsSpan(0, name.Length - Extension.Length), NumberStyles.None,
                        CultureInfo.InvariantCulture, out long gone)
                    && gone < oldest)
                {
                    disk.Delete(Path.Combine(directory, name));
                }
            }
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            // Then the next reader scans again.
        }
    }

    public static byte[] Encode(SegmentIndex index)
    {
        SegmentIndexHeader header = index.Header;
        header.Crc = 0;
        byte[] bytes =
        [
            .. MemoryMarshal.AsBytes(new ReadOnlySpan<SegmentIndexHeader>(in header)),
            .. MemoryMarshal.AsBytes(index.Places),
            .. MemoryMarshal.AsBytes(index.Facts),
        ];
        MemoryMarshal.AsRef<SegmentIndexHeader>(bytes.AsSpan()).Crc = Crc32C.Of(bytes);
        return bytes;
    }

    public static SegmentIndex? Decode(Span<byte> bytes, in SegmentHeader segment)
    {
        if (bytes.Length < SegmentIndexHeader.Bytes)
        {
            return null;
        }

        ref SegmentIndexHeader front = ref MemoryMarshal.AsRef<SegmentIndexHeader>(bytes);
        SegmentIndexHeader header = front;
        front.Crc = 0;
        long length = SegmentIndexHeader.Bytes + ((long)header.Places * IndexPlace.Bytes)
            + ((long)header.Facts * IndexFact.Bytes);
        bool isWhole = header.Magic == SegmentIndexHeader.MagicNumber
            && header.Version == SegmentIndexHeader.CurrentVersion && header.SegmentCrc == segment.Crc
            && header.Places >= 0 && header.Facts >= 0 && length == bytes.Length && header.Crc == Crc32C.Of(bytes);
        if (!isWhole)
        {
            return null;
        }

        int facts = SegmentIndexHeader.Bytes + (header.Places * IndexPlace.Bytes);
        var index = new SegmentIndex(
            header, [.. MemoryMarshal.Cast<byte, IndexPlace>(bytes[SegmentIndexHeader.Bytes..facts])],
            [.. MemoryMarshal.Cast<byte, IndexFact>(bytes[facts..])], isFull: true);
        return IsPlausible(index, in segment) ? index : null;
    }

    // Offsets that lead into the segment, and upwards. What stands there is looked at when they are used.
    private static bool IsPlausible(SegmentIndex index, in SegmentHeader segment)
    {
        int end = index.Header.End;
        int before = JournalLimits.SegmentHeaderBytes - 1;
        foreach (IndexPlace place in index.Places)
        {
            if (place.Offset <= before || !IsSlot(place.Offset, end) || !IsTime(place.Time, place.Offset))
            {
                return false;
            }

            before = place.Offset;
        }

        before = JournalLimits.SegmentHeaderBytes - 1;
        foreach (IndexFact fact in index.Facts)
        {
            if (fact.Offset <= before || !IsSlot(fact.Offset, end))
            {
                return false;
            }

            before = fact.Offset;
        }

        return end >= JournalLimits.SegmentHeaderBytes && end < segment.SegmentBytes
            && end % RecordHeader.Alignment == 0
            && IsTime(index.Header.FirstTime, end) && IsTime(index.Header.LastTime, end);
    }

    private static bool IsSlot(int offset, int end) =>
        offset >= JournalLimits.SegmentHeaderBytes && offset < end && offset % RecordHeader.Alignment == 0;

    private static bool IsTime(int offset, int before) => offset == 0 || IsSlot(offset, before);
}
