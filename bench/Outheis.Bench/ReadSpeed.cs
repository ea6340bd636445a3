using System.Diagnostics;
using System.Globalization;

namespace Outheis.Bench;

/// <summary>
/// How fast a journal is read back: one lane of records of 64 to 112 bytes, written into a temporary directory and read
/// from the page cache, every record verified by its checksum. Each figure is the best of some passes.
/// </summary>
internal static class ReadSpeed
{
    public const string Usage = "usage: journal [--mib N]";

    private const int Passes = 5;
    private const int PayloadMin = 16, PayloadStep = 16, PayloadSizes = 4;

    public static bool TryParse(ReadOnlySpan<string> arguments, out int mib)
    {
        mib = 1024;
        return arguments.Length == 0 || (arguments is ["--mib", var number]
            && int.TryParse(number, NumberStyles.None, CultureInfo.InvariantCulture, out mib)
            && mib is > 0 and < 65536);
    }

    public static void Measure(int mib, TextWriter output)
    {
        string path = Directory.CreateTempSubdirectory("outheis-read-").FullName;
        try
        {
            long records = Write(path, (long)mib << 20);
            output.WriteLine(Machine.Describe());
            output.WriteLine(Line($"{mib} MiB in {records:N0} records, one lane, best of {Passes}"));
            Report(output, "cursor", () => ReadRecords(path, new JournalQuery()));
            Report(output, "entries", () => ReadEntries(path));
            Report(output, "filter, nothing fits", () =>
            {
                ReadRecords(path, new JournalQuery { AgentName = "nobody" });
                return (records, (long)mib << 20);
            });
            Report(output, "verify, 1 thread", () => Verify(path, 1));
            Report(output, "verify, all threads", () => Verify(path, 0));
            Seek(path, output);
        }
        finally
        {
            Directory.Delete(path, recursive: true);
        }
    }

    private static unsafe long Write(string path, long bytes)
    {
        var settings = new JournalSettings { Lanes = 1, SegmentBytes = Limits.SegmentBytes };
        using JournalDirectory journal = JournalDirectory.Open(
            path, settings, SystemJournalDisk.Instance, TimeProvider.System, out _);
        JournalLane lane = journal.Lane(0);
        long records = 0;
        for (long end = lane.Position + bytes; lane.Position < end; records++)
        {
            int payload = PayloadMin + ((int)(records % PayloadSizes) * PayloadStep);
            while (!lane.TryReserve(payload)) Thread.Yield();
            RecordHeader* header = lane.Begin(payload);
            header->Describe(JournalKind.Sent, qos: 0, RecordFlags.None, typeId: 0);
            header->Route(sender: 1, target: 2, capability: 3, chain: (uint)(records & 1023));
            header->Badge = (ulong)records;
            header->Cause = 0;
            new Span<byte>(header + 1, payload).Fill((byte)records);
            lane.Commit(header, payload);
        }
        return records;
    }

    private static (long Records, long Bytes) ReadRecords(string path, JournalQuery query)
    {
        long records = 0, bytes = 0;
        using JournalReader reader = JournalReader.Open(path, query);
        while (reader.TryRead(out JournalRecord record))
        {
            records++;
            bytes += record.Bytes;
        }
        return (records, bytes);
    }

    private static (long Records, long Bytes) ReadEntries(string path)
    {
        using JournalReader reader = JournalReader.Open(path);
        long records = 0, bytes = 0;
        foreach (JournalEntry entry in reader.Read())
        {
            records++;
            bytes += RecordHeader.Aligned(entry.Payload.Length);
        }
        return (records, bytes);
    }

    private static (long Records, long Bytes) Verify(string path, int threads)
    {
        JournalVerification found = JournalVerifier.Verify(path, threads: threads);
        if (!found.IsWhole) throw new WrongResultException("the journal is damaged", null);
        return (found.Records, found.Bytes);
    }

    private static void Report(TextWriter output, string name, Func<(long Records, long Bytes)> read)
    {
        double best = double.MaxValue;
        long records = 0, bytes = 0, allocated = 0;
        for (int pass = 0; pass < Passes; pass++)
        {
            long before = GC.GetTotalAllocatedBytes(precise: true);
            long start = Stopwatch.GetTimestamp();
            (records, bytes) = read();
            best = Math.Min(best, Stopwatch.GetElapsedTime(start).TotalSeconds);
            allocated = GC.GetTotalAllocatedBytes(precise: true) - before;
        }
        double gib = bytes / best / (1 << 30);
        output.WriteLine(Line($"{name,-22} {records / best / 1e6,8:F2} M records/s {gib,7:F2} GiB/s")
            + Line($" {(double)allocated / records,8:F2} bytes allocated/record"));
    }

    private static void Seek(string path, TextWriter output)
    {
        for (int pass = 0; pass < 2; pass++)
        {
            using JournalReader reader = JournalReader.Open(path);
            IReadOnlyList<JournalSegmentInfo> segments = JournalCatalog.List(path);
            long middle = segments[segments.Count / 2].FirstPosition + (Limits.SegmentBytes / 2);
            long start = Stopwatch.GetTimestamp();
            using JournalReader from = JournalReader.Open(path, new JournalQuery { From = middle });
            bool found = from.TryRead(out JournalRecord record);
            double milliseconds = Stopwatch.GetElapsedTime(start).TotalMilliseconds;
            long position = found ? record.Position : 0;
            string which = pass == 0 ? "first" : "with its index";
            output.WriteLine(Line($"seek to {position}: {milliseconds:F2} ms {which}"));
        }
    }

    private static string Line(FormattableString text) => text.ToString(CultureInfo.InvariantCulture);
}
