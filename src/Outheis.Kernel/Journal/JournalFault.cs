namespace Outheis;

/// <summary>Something in a journal that is not as its writer left it.</summary>
/// <param name="Lane">The core whose history it is.</param>
/// <param name="File">The segment file, with its lane's directory.</param>
/// <param name="Position">Where the first bad record begins; of a damaged segment header, where the segment
/// does.</param>
/// <param name="Kind">What sort of damage.</param>
/// <param name="Reason">Half a sentence.</param>
/// <param name="RecordsBeyond">Whole records that lie behind it in the same file and that no reader shows.</param>
public sealed record JournalFault(
    int Lane, string File, long Position, LaneEndKind Kind, string Reason, long RecordsBeyond);

/// <summary>What a check of every record of a journal found.</summary>
/// <param name="Faults">Nothing here: every record is whole. By lane and position.</param>
/// <param name="Segments">Files that were read.</param>
/// <param name="Records">Whole records, those beyond a fault not counted.</param>
/// <param name="Bytes">That were read and summed.</param>
/// <param name="SetAside">Files in which earlier recoveries put what was torn.</param>
public sealed record JournalVerification(
    IReadOnlyList<JournalFault> Faults, int Segments, long Records, long Bytes, IReadOnlyList<string> SetAside)
{
    /// <summary>Nothing is missing, nothing damaged.</summary>
    public bool IsWhole => Faults.Count == 0;
}
