using System.Globalization;

namespace Outheis;

/// <summary>One mapped segment file and its place in the lane.</summary>
internal sealed unsafe class JournalSegment(SegmentMapping mapping) : IDisposable
{
    private const string Extension = ".seg";

    public SegmentMapping Mapping { get; } = mapping;

    public byte* Pointer { get; } = mapping.Pointer;

    public int Bytes { get; } = (int)mapping.Bytes;

    public ref SegmentHeader Header => ref *(SegmentHeader*)Pointer;

    public long Sequence => Header.Sequence;

    public long FirstPosition => Header.FirstPosition;

    public static string NameOf(long sequence) =>
        sequence.ToString("D12", CultureInfo.InvariantCulture) + Extension;

    public static string LaneName(int lane) => "lane-" + lane.ToString("D2", CultureInfo.InvariantCulture);

    public static bool TryParseLane(string name, out int lane)
    {
        lane = -1;
        return name.StartsWith("lane-", StringComparison.Ordinal)
            && int.TryParse(name.AsSpan(5), NumberStyles.None, CultureInfo.InvariantCulture, out lane)
            && lane < JournalLimits.Lanes && name == LaneName(lane);
    }

    /// <summary>The sequence numbers of the segments among these file names, in order.</summary>
    public static List<long> Sequences(IEnumerable<string> names)
    {
        List<long> sequences = [];
        foreach (string name in names)
        {
            if (name.EndsWith(Extension, StringComparison.Ordinal)
                && long.TryParse(name.AsSpan(0, name.Length - Extension.Length), NumberStyles.None,
                    CultureInfo.InvariantCulture, out long sequence)
                && name == NameOf(sequence))
            {
                sequences.Add(sequence);
            }
        }

        sequences.Sort();
        return sequences;
    }

    public void Dispose() => Mapping.Dispose();
}
