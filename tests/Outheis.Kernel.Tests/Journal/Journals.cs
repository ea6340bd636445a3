using System.Runtime.InteropServices;
using Outheis.Testing;
using Xunit;

namespace Outheis.Tests.Journal;

/// <summary>What most journal tests do: open on some disk, append numbered messages, read them
/// back.</summary>
internal static unsafe class Journals
{
    public const string Path = "/journal";
    public const int SmallSegment = JournalLimits.SegmentBytesMin;

    public static JournalSettings Settings(
        int lanes = 1, int segmentBytes = SmallSegment, int? retain = null) =>
        new()
        {
            Lanes = lanes, SegmentBytes = segmentBytes, Retention = Keep(retain, segmentBytes), KernelVersion = "test",
        };

    /// <summary>So many segments; null: all.</summary>
    public static JournalRetention Keep(int? segments, int segmentBytes = SmallSegment) =>
        segments is { } some ? JournalRetention.KeepBytes((long)some * segmentBytes) : JournalRetention.KeepAll;

    public static JournalDirectory Open(
        IJournalDisk disk, JournalSettings? settings = null, string path = Path) =>
        JournalDirectory.Open(path, settings ?? Settings(), disk, TimeProvider.System, out _);

    public static JournalDirectory Open(
        IJournalDisk disk, out RecoveryReport report, JournalSettings? settings = null) =>
        JournalDirectory.Open(Path, settings ?? Settings(), disk, TimeProvider.System, out report);

    /// <summary>A Sent record whose correlation is the number and whose payload follows from it.</summary>
    public static bool TryAppend(this JournalLane lane, ulong number, int payloadBytes, long cause = 0)
    {
        if (!lane.TryReserve(payloadBytes))
        {
            return false;
        }

        Write(lane, number, payloadBytes, cause);
        return true;
    }

    public static long Append(this JournalLane lane, ulong number, int payloadBytes = 64, long cause = 0)
    {
        Assert.True(lane.TryReserve(payloadBytes), lane.Refusal?.Message);
        return Write(lane, number, payloadBytes, cause);
    }

    private static long Write(JournalLane lane, ulong number, int payloadBytes, long cause)
    {
        RecordHeader* header = lane.Begin(payloadBytes);
        header->Describe(JournalKind.Sent, (byte)Qos.Default, RecordFlags.None, 7);
        header->Route(1, 2, 3, ~(uint)number);
        header->Badge = number;
        header->Cause = cause;
        Fill(number, new Span<byte>(header + 1, payloadBytes));
        return lane.Commit(header, payloadBytes);
    }

    public static void Fill(ulong number, Span<byte> payload)
    {
        ulong state = number * 0x9E3779B97F4A7C15;
        for (int i = 0; i < payload.Length; i++)
        {
            state = (state << 7) ^ (state >> 9) ^ (ulong)i;
            payload[i] = (byte)(state >> 3);
        }
    }

    /// <summary>Whether everything in a Sent entry follows from its number.</summary>
    public static bool IsIntact(JournalEntry entry)
    {
        byte[] expected = new byte[entry.Payload.Length];
        Fill(entry.Badge, expected);
        return entry.Chain == ~(uint)entry.Badge && entry.TypeId == 7 && entry.Sender.Value == 1
            && entry.Target.Value == 2 && entry.Capability == 3
            && expected.AsSpan().SequenceEqual(entry.Payload.Span);
    }

    public static List<JournalEntry> ReadAll(
        IJournalDisk disk, out IReadOnlyList<LaneEnd> ends, string path = Path)
    {
        using JournalReader reader = JournalReader.Open(path, disk);
        List<JournalEntry> entries = [.. reader.Read()];
        ends = reader.Ends;
        return entries;
    }

    /// <summary>The numbers of the messages, all checked to be intact; of those behind what a ring gave up under the
    /// reader.</summary>
    public static List<ulong> Numbers(IJournalDisk disk, string path = Path)
    {
        using JournalReader reader = JournalReader.Open(path, disk);
        List<ulong> numbers = [];
        int losses = 0;
        foreach (JournalEntry entry in reader.Read())
        {
            if (reader.Losses.Count != losses)
            {
                losses = reader.Losses.Count;
                numbers.Clear();
            }

            if (entry.Kind == JournalKind.Sent)
            {
                Assert.True(IsIntact(entry), $"{entry.Position} is not what was written");
                numbers.Add(entry.Badge);
            }
        }

        return numbers;
    }

    public static IEnumerable<ulong> Range(int count) => Enumerable.Range(0, count).Select(i => (ulong)i);

    public static string Segment(long sequence, int lane = 0) =>
        $"{Path}/{JournalSegment.LaneName(lane)}/{JournalSegment.NameOf(sequence)}";

    public static void FailSyncs(this SimulatedDisk disk, int times = int.MaxValue)
    {
        disk.FailNext(DiskVerb.SyncFile, times);
        disk.FailNext(DiskVerb.SyncDirectory, times);
    }

    public static ref SegmentHeader Header(SimulatedDisk disk, string path) =>
        ref MemoryMarshal.AsRef<SegmentHeader>(disk.Bytes(path));

    /// <summary>Makes every slot of half of a segment's rest claim to be a long record. Returns where it
    /// ends.</summary>
    public static int ClaimRecords(Span<byte> segment, int from)
    {
        Span<byte> claim = stackalloc byte[RecordHeader.Alignment];
        BitConverter.TryWriteBytes(claim, SmallSegment / 2);
        claim[8] = (byte)JournalKind.Sent;
        int last = from + ((SmallSegment - from) / 2);
        for (int offset = from; offset < last; offset += RecordHeader.Alignment)
        {
            claim.CopyTo(segment[offset..]);
        }

        return last;
    }
}
