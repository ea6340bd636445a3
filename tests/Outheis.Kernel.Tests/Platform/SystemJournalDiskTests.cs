using System.Globalization;
using Xunit;

namespace Outheis.Tests;

public sealed class SystemJournalDiskTests : IDisposable
{
    private const string Counts = "/proc/thread-self/io";
    private const int Records = 64;

    private readonly string _path = Directory.CreateTempSubdirectory("outheis-disk-").FullName;

    public void Dispose() => Directory.Delete(_path, recursive: true);

    /// <summary>What was prepared ahead must not come in larger pieces than pages: a piece is dirty, and written, as a
    /// whole, be there one record in it (0020).</summary>
    [Fact]
    public unsafe void SyncFile_OfOneRecord_WritesAPageAndNotWhatWasPreparedAround()
    {
        Assert.SkipUnless(File.Exists(Counts), "the system does not count what a thread writes");
        long atFirst = Written();
        SystemJournalDisk disk = SystemJournalDisk.Instance;
        using SegmentMapping segment = disk.CreateSegment(Path.Combine(_path, "segment"), Limits.SegmentBytes);
        for (long window = 0; window < segment.Bytes; window += JournalLimits.WindowBytes)
        {
            disk.Populate(segment, window, JournalLimits.WindowBytes);
        }

        disk.SyncFile(segment);
        Assert.SkipUnless(Written() > atFirst, "the file system's pages are not counted");

        long before = Written();
        for (int record = 0; record < Records; record++)
        {
            *(int*)(segment.Pointer + segment.Bytes - ((record + 1L) * JournalLimits.SegmentGrain)) = record + 1;
            disk.SyncFile(segment);
        }

        Assert.InRange((Written() - before) / Records, 1, 2 * Environment.SystemPageSize);
    }

    private static long Written()
    {
        const string name = "write_bytes: ";
        string line = File.ReadLines(Counts).First(static line => line.StartsWith(name, StringComparison.Ordinal));
        return long.Parse(line.AsSpan(name.Length), NumberStyles.None, CultureInfo.InvariantCulture);
    }
}
