namespace Outheis;

/// <summary>What has become of a running kernel's journal: sealed, archived, given up.</summary>
/// <param name="Lanes">By core. The figures of one lane belong to about the same moment.</param>
/// <param name="SealFailure">Why nothing is sealed at present, or any more; null: it is.</param>
/// <param name="ArchiveFailure">Why the newest attempt to archive failed; it is repeated. Null: it did not.</param>
public sealed record JournalInfo(
    IReadOnlyList<JournalLaneInfo> Lanes, string? SealFailure, string? ArchiveFailure)
{
    /// <summary>Nothing will be sealed or archived until the process ends, because it is not known any more what is
    /// durable. With an archive that holds the retention back, sends are Full from some time on: start the program
    /// anew.</summary>
    public bool HasStoppedSealing { get; init; }
}

/// <summary>The history of one core, in numbers of segments.</summary>
/// <param name="Lane">The core.</param>
/// <param name="Oldest">The lowest that is kept.</param>
/// <param name="Newest">The one that is being appended to.</param>
/// <param name="SealedTo">The first that is not sealed; -1: not known yet, or nothing is to be sealed.</param>
/// <param name="ArchivedTo">The first that is not in the archive; -1: not known yet, or there is none.</param>
/// <param name="Dropped">How many of this run were given up and are not in the archive.</param>
public readonly record struct JournalLaneInfo(
    int Lane, long Oldest, long Newest, long SealedTo, long ArchivedTo, long Dropped);
