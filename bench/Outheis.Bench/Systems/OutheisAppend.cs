using Outheis.Bench.Parts;

namespace Outheis.Bench.Systems;

/// <summary>
/// The kernel's journal lane, by itself: header, 64 bytes of payload, CRC32C, in mapped segments of which the
/// last few are kept. The journal is closed and read back after the clock has stopped.
/// </summary>
internal static class OutheisAppend
{
    public static ShapeRun Open(string directory, int segmentBytes, JournalRetention retention, Round round)
    {
        var settings = new JournalSettings
        {
            Lanes = 1,
            SegmentBytes = segmentBytes,
            Retention = retention,
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

    private static unsafe void Append(JournalLane lane, byte[] buffer, ulong serial, long records)
    {
        for (long number = 1; number <= records; number++)
        {
            if (!lane.TryReserve(Record64.Bytes)) throw new IOException("the journal has no room");
            Record64.Write(buffer, number);
            RecordHeader* header = lane.Begin(Record64.Bytes);
            header->Describe(JournalKind.Sent, qos: 0, RecordFlags.None, typeId: 0);
            header->Route(sender: 1, target: 2, capability: 3, chain: (uint)number);
            header->Badge = serial;
            header->Cause = 0;
            buffer.CopyTo(new Span<byte>(header + 1, Record64.Bytes));
            lane.Commit(header, Record64.Bytes);
        }
    }

    /// <summary>What is left of this round must go on, without a gap, to its last record.</summary>
    private static void ReadBack(string directory, ulong serial, Round round)
    {
        Record64.Check? check = null;
        using JournalReader reader = JournalReader.Open(directory);
        foreach (JournalEntry entry in reader.Read())
        {
            if (entry.Kind != JournalKind.Sent || entry.Badge != serial) continue;
            check ??= new Record64.Check((long)entry.Chain - 1);
            check.Take(entry.Payload.Span);
        }
        check?.Report(round);
    }
}
