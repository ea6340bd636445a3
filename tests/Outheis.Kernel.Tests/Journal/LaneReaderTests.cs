using Xunit;

namespace Outheis.Tests.Journal;

/// <summary>What a reader makes of copies that were taken while the writer wrote.</summary>
public sealed unsafe class LaneReaderTests : IDisposable
{
    private const int PayloadBytes = 64;

    private readonly MemoryJournalDisk _disk = new();

    public void Dispose() => _disk.Dispose();

    /// <summary>A copy takes its bytes in any order: it may have the length word of a record and not yet the rest.
    /// </summary>
    [Theory]
    [InlineData(Sight.Nothing, Sight.LengthAlone, Sight.All)]
    [InlineData(Sight.LengthAlone, Sight.All, Sight.All)]
    [InlineData(Sight.Nothing, Sight.All, Sight.All)]
    public void TryRead_CommittedWhileCopied_IsNoDamage(Sight first, Sight second, Sight third)
    {
        using JournalDirectory journal = Journals.Open(_disk);
        long position = journal.Lane(0).Append(1, PayloadBytes);
        var copies = new Queue<Sight>([first, second, third]);
        _disk.SeenThrough = file => new Glass(file, (int)position, copies);
        using LaneReader reader = OpenReader();
        Assert.True(reader.TryRead(), "the Opened record");
        Assert.True(reader.TryRead(), $"{reader.End}");
        Assert.Equal((position, 1ul), (reader.Position, reader.Record->Badge));
    }

    [Fact]
    public void TryRead_LengthAloneForGood_IsDamage()
    {
        using JournalDirectory journal = Journals.Open(_disk);
        long position = journal.Lane(0).Append(1, PayloadBytes);
        _disk.SeenThrough = file => new Glass(file, (int)position, new Queue<Sight>([Sight.LengthAlone]));
        using LaneReader reader = OpenReader();
        Assert.True(reader.TryRead(), "the Opened record");
        Assert.False(reader.TryRead());
        Assert.Equal((LaneEndKind.BadRecord, position), (reader.End.Kind, reader.End.Position));
    }

    private LaneReader OpenReader() => new(_disk, Path.Combine(Journals.Path, JournalSegment.LaneName(0)), 0);

    /// <summary>What one copy has of a record.</summary>
    public enum Sight
    {
        Nothing,
        LengthAlone,
        All,
    }

    /// <summary>Shows each copy of the record at an offset as the next sight says, the last one for ever.</summary>
    private sealed class Glass(ISegmentFile file, int record, Queue<Sight> copies) : ISegmentFile
    {
        public long Bytes => file.Bytes;

        public int Read(long offset, Span<byte> to)
        {
            int read = file.Read(offset, to);
            int at = record - (int)offset;
            if (at >= 0 && at + RecordHeader.Bytes + PayloadBytes <= read)
            {
                Sight sight = copies.Count > 1 ? copies.Dequeue() : copies.Peek();
                Span<byte> seen = to.Slice(at, RecordHeader.Bytes + PayloadBytes);
                seen = seen[(sight switch { Sight.All => seen.Length, Sight.LengthAlone => sizeof(int), _ => 0 })..];
                seen.Clear();
            }

            return read;
        }

        public void Dispose() => file.Dispose();
    }
}
