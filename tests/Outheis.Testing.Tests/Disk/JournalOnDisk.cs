using System.Runtime.InteropServices;
using Xunit;

namespace Outheis.Testing.Tests.Disk;

/// <summary>A journal on a simulated disk: numbered messages in, numbered messages out.</summary>
internal static unsafe class JournalOnDisk
{
    public const string Path = "/data/journal";

    public static JournalSettings Settings(int? retain = null, HostThreads? threads = null) => new()
    {
        Lanes = 1,
        SegmentBytes = JournalLimits.SegmentBytesMin,
        Retention = Keep(retain),
        KernelVersion = "test",
        Threads = threads ?? SystemHostThreads.Instance,
    };

    /// <summary>So many segments; null: all.</summary>
    public static JournalRetention Keep(int? segments) => segments is { } some
        ? JournalRetention.KeepBytes((long)some * JournalLimits.SegmentBytesMin) : JournalRetention.KeepAll;

    public static JournalDirectory Open(SimulatedDisk disk, JournalSettings? settings = null) =>
        Open(disk, out _, settings);

    public static JournalDirectory Open(
        SimulatedDisk disk, out RecoveryReport report, JournalSettings? settings = null) =>
        JournalDirectory.Open(Path, settings ?? Settings(), disk, TimeProvider.System, out report);

    /// <summary>Appends numbers of some fifteen to a segment; the workers come after each.</summary>
    public static void AppendUpTo(this JournalDirectory journal, ref ulong next, ulong end, PreparerByHand workers)
    {
        for (; next < end; next++)
        {
            journal.Lane(0).Append(next, 4000);
            workers.RunAll();
        }
    }

    /// <summary>A Sent record whose badge is the number and whose payload follows from it.</summary>
    public static bool TryAppend(this JournalLane lane, ulong number, int payloadBytes)
    {
        if (!lane.TryReserve(payloadBytes))
        {
            return false;
        }

        RecordHeader* header = lane.Begin(payloadBytes);
        header->Describe(JournalKind.Sent, (byte)Qos.Default, RecordFlags.None, 7);
        header->Route(1, 2, 3, 4);
        header->Badge = number;
        header->Cause = 0;
        Fill(number, new Span<byte>(header + 1, payloadBytes));
        lane.Commit(header, payloadBytes);
        return true;
    }

    public static void Append(this JournalLane lane, ulong number, int payloadBytes = 64) =>
        Assert.True(lane.TryAppend(number, payloadBytes), lane.Refusal?.Message);

    /// <summary>The numbers that can be read, each checked to be what was written.</summary>
    public static List<ulong> Numbers(SimulatedDisk disk, string path = Path, string? archive = null)
    {
        using JournalReader reader = disk.ReadJournal(path, archive);
        return [.. Numbers(reader)];
    }

    public static ulong FirstNumber(SimulatedDisk disk)
    {
        using JournalReader reader = disk.ReadJournal(Path);
        return Numbers(reader).FirstOrDefault();
    }

    private static IEnumerable<ulong> Numbers(JournalReader reader)
    {
        foreach (JournalEntry entry in reader.Read().Where(static entry => entry.Kind == JournalKind.Sent))
        {
            byte[] expected = new byte[entry.Payload.Length];
            Fill(entry.Badge, expected);
            Assert.True(expected.AsSpan().SequenceEqual(entry.Payload.Span), $"{entry.Badge} is damaged");
            yield return entry.Badge;
        }
    }

    public static List<ulong> Range(int first, int count) =>
        [.. Enumerable.Range(first, count).Select(static i => (ulong)i)];

    public static string LaneDirectory(int lane = 0) => $"{Path}/{JournalSegment.LaneName(lane)}";

    public static string Segment(long sequence, int lane = 0) =>
        $"{LaneDirectory(lane)}/{JournalSegment.NameOf(sequence)}";

    private static void Fill(ulong number, Span<byte> payload)
    {
        payload.Clear();
        Span<ulong> words = MemoryMarshal.Cast<byte, ulong>(payload);
        for (int i = 0; i < words.Length; i++)
        {
            words[i] = (number + 1) * 0x9E3779B97F4A7C15 ^ (ulong)i;
        }
    }
}
