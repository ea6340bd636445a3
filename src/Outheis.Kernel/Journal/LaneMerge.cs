using System.Runtime.InteropServices;

namespace Outheis;

/// <summary>
/// The lanes of a journal as one sequence, each record after what caused it. A lane keeps its record at hand until that
/// is taken, and the record that was taken until the next one is asked for.
/// </summary>
internal sealed unsafe class LaneMerge(JournalNames names) : IDisposable
{
    private readonly List<LaneReader> _lanes = [];
    private readonly LaneReader?[] _laneByNumber = new LaneReader?[JournalLimits.Lanes];

    private LaneReader? _taken;
    private int _untilLookAgain;
    private bool _found;      // a lane that seemed at its end was not

    public IReadOnlyList<LaneReader> Lanes => _lanes;

    public LaneReader? Find(int lane) => (uint)lane < JournalLimits.Lanes ? _laneByNumber[lane] : null;

    public void Add(LaneReader lane)
    {
        _laneByNumber[lane.Lane] = lane;
        _lanes.Add(lane);
        _lanes.Sort(static (left, right) => left.Lane.CompareTo(right.Lane));
    }

    /// <summary>Looks at every lane that has no record at hand, whatever it ended with.</summary>
    public void LookAgain()
    {
        _untilLookAgain = JournalLimits.LookAgainRecords;
        foreach (LaneReader lane in _lanes)
        {
            Advance(lane);
        }
    }

    /// <summary>The lane whose record was taken last and is still at hand; null: none.</summary>
    public LaneReader? Taken => _taken;

    /// <summary>The record that was taken last will be taken once more.</summary>
    public void PutBack() => _taken = null;

    /// <summary>The lane whose record comes next; null when no lane has any.</summary>
    public LaneReader? Take()
    {
        LaneReader? last = _taken;
        _taken = null;      // whatever fails from here on: what is at hand then was not taken
        if (last is not null)
        {
            Next(last);
        }

        if (--_untilLookAgain <= 0)
        {
            LookAtEnded();
        }

        _taken = _lanes.Count == 1 ? (_lanes[0].Record is null ? null : _lanes[0]) : Choose();
        return _taken;
    }

    public void Dispose()
    {
        foreach (LaneReader lane in _lanes)
        {
            lane.Dispose();
        }
    }

    private void Next(LaneReader lane)
    {
        if (lane.TryRead())
        {
            names.Note(lane);
        }
    }

    private void Advance(LaneReader lane)
    {
        if (lane.Record is null && lane.TryRead())
        {
            _found = true;
            names.Note(lane);
        }
    }

    // One lane may have much to read while others, at their end before, go on.
    private void LookAtEnded()
    {
        _untilLookAgain = JournalLimits.LookAgainRecords;
        foreach (LaneReader lane in _lanes)
        {
            if (lane.Record is null && lane != _taken && lane.End?.Kind == LaneEndKind.End)
            {
                Advance(lane);
            }
        }
    }

    private LaneReader? Choose()
    {
        while (true)
        {
            LaneReader? ready = null, any = null;
            _found = false;
            foreach (LaneReader lane in _lanes)
            {
                if (lane.Record is not null)
                {
                    any = Earlier(any, lane);
                    ready = Earlier(ready, lane) == lane && IsReady(lane) ? lane : ready;
                }
            }

            if (ready is not null || !_found)
            {
                return ready ?? any;      // causes in a circle: no kernel wrote that, but no reason to stop
            }
        }
    }

    private static LaneReader Earlier(LaneReader? left, LaneReader right) =>
        left is null || right.Run < left.Run || (right.Run == left.Run && right.UtcTicks < left.UtcTicks)
            ? right : left;

    private bool IsReady(LaneReader lane)
    {
        if (!IsPast(lane, lane.Record->Cause))
        {
            return false;
        }

        if (lane.Record->Kind == JournalKind.Consumed)
        {
            foreach (ConsumedEntry entry in MemoryMarshal.Cast<byte, ConsumedEntry>(lane.Payload))
            {
                if (!IsPast(lane, entry.Position))
                {
                    return false;
                }
            }
        }

        return true;
    }

    // What a record names was written before it: if its lane has no record at hand, one more look decides.
    private bool IsPast(LaneReader asking, long position)
    {
        if (position <= 0 || _laneByNumber[RecordHeader.LaneOf(position)] is not { } lane || lane == asking)
        {
            return true;
        }

        if (lane.Record is null && (lane.End is not { } end || position >= end.Position))
        {
            Advance(lane);
        }

        return lane.Record is null || lane.Position > position;
    }
}
