using System.Runtime.InteropServices;

namespace Outheis;

/// <summary>
/// The second half of recovery after a loss of power. Lanes lose their ends independently, so one may have kept what
/// another one's lost record caused. A history with effects and without their causes never was, and the lost positions
/// will be given to other records: so a lane also ends before the first record that names something lost.
/// </summary>
/// <remarks>What a flush had confirmed is never cut: it made all lanes durable, with the causes of everything before
/// it.
/// </remarks>
internal sealed partial class JournalRecovery
{
    /// <summary>Whether the next run builds on records of this lane that a loss of power could still take.</summary>
    public bool MayStillLose { get; private set; }

    /// <summary>Makes durable what this boot has left here. For lanes that no flush of the next run comes to.</summary>
    public void MakeDurable(RecoveredLane lane)
    {
        foreach (long sequence in _sequences.Where(sequence => sequence >= lane.Unsynced))
        {
            using SegmentMapping segment = _disk.OpenSegment(PathOf(sequence));
            _disk.SyncFile(segment);
        }

        _disk.SyncDirectory(_directory);
        MayStillLose = false;
    }

    /// <summary>Cuts all lanes until none names what is in none. Before anything is appended to any of them.</summary>
    public static void CutDangling(IReadOnlyList<(JournalRecovery Recovery, RecoveredLane Lane)> lanes, uint run)
    {
        long[] ends = new long[JournalLimits.Lanes];      // 0: there is no such lane
        foreach ((JournalRecovery recovery, RecoveredLane lane) in lanes)
        {
            ends[recovery.Lane] = lane.End(recovery.Lane);
        }

        bool hasCut = true;
        while (hasCut)
        {
            hasCut = false;
            foreach ((JournalRecovery recovery, RecoveredLane lane) in lanes)
            {
                if (recovery.TryCut(lane, ends, run))
                {
                    ends[recovery.Lane] = lane.End(recovery.Lane);
                    hasCut = true;
                }
            }
        }
    }

    private bool TryCut(RecoveredLane lane, long[] ends, uint run)
    {
        for (int i = _suspectFrom is { } from ? _sequences.IndexOf(from) : _sequences.Count; i < _sequences.Count; i++)
        {
            JournalSegment? segment = TryOpen(_sequences[i]);
            int end = segment is null ? 0 : FirstDangling(segment, ends);
            if (segment is null || end == 0)
            {
                segment?.Dispose();
                continue;
            }

            lane.Current?.Dispose();
            (lane.Current, lane.Offset, lane.IsFull, lane.Clean) = (segment, end, false, false);
            lane.Unsynced = Math.Min(lane.Unsynced, segment.Sequence);      // the next run writes on in it
            (int last, int records) = SegmentScan.Beyond(segment, end - RecordHeader.Alignment);
            SetTailAside(lane, end, Math.Max(last, SegmentScan.LastNonZero(segment, end)), records, run);
            SetAsideFrom(lane, i + 1, run);
            _scans.Clear();
            return true;
        }

        return false;
    }

    /// <summary>The offset of the first record that names a position behind the end of its lane; 0: there is none. All
    /// records of the segment are whole.</summary>
    private unsafe int FirstDangling(JournalSegment segment, long[] ends)
    {
        int length;
        for (int at = JournalLimits.SegmentHeaderBytes; (length = *(int*)(segment.Pointer + at)) > 0;
            at += RecordHeader.Aligned(length - RecordHeader.Bytes))
        {
            var header = (RecordHeader*)(segment.Pointer + at);
            bool dangles = IsLost(header->Cause, ends);
            var payload = new ReadOnlySpan<byte>(header + 1, length - RecordHeader.Bytes);
            if (header->Kind == JournalKind.BuiltOn)
            {
                foreach (long end in MemoryMarshal.Cast<byte, long>(payload))
                {
                    dangles |= IsLost(end - 1, ends);
                }
            }
            else if (header->Kind == JournalKind.Consumed)
            {
                foreach (ref readonly ConsumedEntry entry in MemoryMarshal.Cast<byte, ConsumedEntry>(payload))
                {
                    dangles |= IsLost(entry.Position, ends);
                }
            }

            if (dangles)
            {
                return at;
            }
        }

        return 0;
    }

    private bool IsLost(long position, long[] ends)
    {
        int lane = RecordHeader.LaneOf(position);
        return position > 0 && lane != _lane && lane < ends.Length && position >= ends[lane];
    }
}
