namespace Outheis;

/// <summary>Why reading a lane ended where it did.</summary>
public enum LaneEndKind : byte
{
    /// <summary>The last record was read. More may follow while its writer lives.</summary>
    End,

    /// <summary>Something is missing: later parts of the lane exist.</summary>
    Hole,

    /// <summary>What follows is damaged.</summary>
    BadRecord,

    /// <summary>A segment file is not what its name says.</summary>
    BadSegment,
}

/// <summary>Where reading a lane ended, and why.</summary>
/// <param name="Lane">The core whose history it is.</param>
/// <param name="Kind">What sort of end.</param>
/// <param name="Position">The position that would be read next; 0 when the lane has no segment.</param>
/// <param name="Reason">Half a sentence; empty for a plain end.</param>
public sealed record LaneEnd(int Lane, LaneEndKind Kind, long Position, string Reason);
