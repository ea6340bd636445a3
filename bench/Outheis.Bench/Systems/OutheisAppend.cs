using System.Runtime.CompilerServices;
using Outheis.Bench.Parts;

namespace Outheis.Bench.Systems;

/// <summary>
/// The kernel's journal lane, by itself: header, 64 bytes of payload, CRC32C, in mapped segments of which the
/// last few are kept. The journal is closed and read back after the clock has stopped.
/// </summary>
internal static class OutheisAppend
{
    public static ShapeRun Open(string directory, Round round)
    {
        var settings = new JournalSettings
        {
            Lanes = 1,
            SegmentBytes = Limits.SegmentBytes,
            Retention = JournalRetention.KeepBytes(2L * Limits.SegmentBytes),
        };
        JournalDirectory journal = JournalDirectory.Open(
            directory, settings, SystemJournalDisk.Instance, TimeProvider.System, out _);
        JournalLane lane = journal.Lane(0);
        byte[] buffer = new byte[Record64.Bytes];
        ulong serial = 0;                     // tells this round's records from those of the warm-up
        return new ShapeRun(
            () =>
            {
                Append(lane, buffer, ++serial, round.Operations);
                round.Stop();
                ReadBack(directory, serial, round);
            },
            () =>
            {
                journal.Dispose();
                Directory.Delete(directory, recursive: true);
                return ValueTask.CompletedTask;
            });
    }

    private static void Append(JournalLane lane, byte[] buffer, ulong serial, long records)
    {
        for (long number = 1; number <= records; number++)
        {
            if (!lane.TryReserve(Record64.Bytes)) throw new IOException("the journal has no room");
            Record64.Write(buffer, number);
            lane.Append(
                RecordHeader.What(JournalKind.Sent, qos: 0, RecordFlags.None, typeId: 0),
                RecordHeader.Pair(1, 2), serial, cause: 0, RecordHeader.Pair(3, (uint)number),
                in Unsafe.As<byte, Content>(ref buffer[0]));
        }
    }

    [InlineArray(Record64.Bytes)]
    private struct Content
    {
        private byte _first;
    }

    /// <summary>What is left of this round must go on, without a gap, to its last record. The lane may still be giving
    /// segments up: then it begins again behind those.</summary>
    private static void ReadBack(string directory, ulong serial, Round round)
    {
        Record64.Check? check = null;
        int losses = 0;
        using JournalReader reader = JournalReader.Open(directory);
        foreach (JournalEntry entry in reader.Read())
        {
            if (entry.Kind != JournalKind.Sent || entry.Badge != serial) continue;
            if (check is null || reader.Losses.Count != losses)
            {
                losses = reader.Losses.Count;
                check = new Record64.Check((long)entry.Chain - 1);
            }
            check.Take(entry.Payload.Span);
        }
        check?.Report(round);
    }
}
