using Xunit;

namespace Outheis.Tests.Journal;

/// <summary>What a reader makes of copies that were taken while the writer wrote.</summary>
public sealed unsafe class LaneReaderTests : IDisposable
{
    private const int PayloadBytes = 64;

    private readonly string _path = Directory.CreateTempSubdirectory("outheis-lane-").FullName;

    public void Dispose() => Directory.Delete(_path, recursive: true);

    /// <summary>A copy takes its bytes in any order: it may have the length word of a record and not yet the rest.
    /// </summary>
    [Theory]
    [InlineData(Sight.Nothing, Sight.LengthAlone, Sight.All)]
    [InlineData(Sight.LengthAlone, Sight.All, Sight.All)]
    [InlineData(Sight.Nothing, Sight.All, Sight.All)]
    public void TryRead_CommittedWhileCopied_IsNoDamage(Sight first, Sight second, Sight third)
    {
        using JournalDirectory journal = Journals.Open(SystemJournalDisk.Instance, path: _path);
        long position = journal.Lane(0).Append(1, PayloadBytes);
        var copies = new Queue<Sight>([first, second, third]);
        using LaneReader reader = OpenReader(position, copies);
        Assert.True(reader.TryRead(), "the Opened record");
        Assert.True(reader.TryRead(), $"{reader.End}");
        Assert.Equal((position, 1ul), (reader.Position, reader.Record->Badge));
    }

    [Fact]
    public void TryRead_LengthAloneForGood_IsDamage()
    {
        using JournalDirectory journal = Journals.Open(SystemJournalDisk.Instance, path: _path);
        long position = journal.Lane(0).Append(1, PayloadBytes);
        using LaneReader reader = OpenReader(position, new Queue<Sight>([Sight.LengthAlone]));
        Assert.True(reader.TryRead(), "the Opened record");
        Assert.False(reader.TryRead());
        Assert.Equal((LaneEndKind.BadRecord, position), (reader.End.Kind, reader.End.Position));
    }

    private LaneReader OpenReader(long record, Queue<Sight> copies) =>
        new(new LaneFiles(
            new GlassDisk((int)record, copies), 0, Path.Combine(_path, JournalSegment.LaneName(0))));

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

    /// <summary>A disk as a reader uses it: it lists and opens, and calls nothing else.</summary>
    private sealed class GlassDisk(int record, Queue<Sight> copies) : IJournalDisk
    {
        private readonly SystemJournalDisk _disk = SystemJournalDisk.Instance;

        public Guid BootId => throw new NotSupportedException();

        public IReadOnlyList<string>? List(string directory) => _disk.List(directory);

        public ISegmentFile OpenRead(string path) => new Glass(_disk.OpenRead(path), record, copies);

        public void CreateDirectory(string path) => throw new NotSupportedException();

        public IJournalLock? TryLock(string path, out string owner) => throw new NotSupportedException();

        public SegmentMapping CreateSegment(string path, int bytes) => throw new NotSupportedException();

        public SegmentMapping OpenSegment(string path) => throw new NotSupportedException();

        public void Rename(string from, string to) => throw new NotSupportedException();

        public void Delete(string path) => throw new NotSupportedException();

        public void WriteAside(string path, ReadOnlySpan<byte> content) => throw new NotSupportedException();

        public void SyncFile(SegmentMapping segment) => throw new NotSupportedException();

        public void SyncDirectory(string path) => throw new NotSupportedException();

        public void Populate(SegmentMapping segment, long offset, long bytes) => throw new NotSupportedException();
    }
}
