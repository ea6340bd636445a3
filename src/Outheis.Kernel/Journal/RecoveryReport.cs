namespace Outheis;

/// <summary>What opening a journal found.</summary>
/// <param name="Run">The number of the run that begins.</param>
/// <param name="Lanes">The lanes found, those created included.</param>
public sealed record RecoveryReport(long Run, IReadOnlyList<LaneRecovery> Lanes)
{
    /// <summary>Whether the run before ended as it should in every lane; true of a new journal.</summary>
    public bool Clean => Lanes.All(static lane => lane.Clean);

    /// <summary>Whether bytes were set aside.</summary>
    public bool Repaired => BytesDropped > 0;

    /// <summary>Bytes no longer part of the journal. They are in files named .torn beside the
    /// segments.</summary>
    public long BytesDropped => Lanes.Sum(static lane => lane.BytesDropped);

    /// <summary>Undamaged records among them, which followed damage or a gap.</summary>
    public int RecordsDropped => Lanes.Sum(static lane => lane.RecordsDropped);

    /// <summary>One sentence.</summary>
    public override string ToString()
    {
        string lanes = Lanes.Count == 1 ? "1 lane" : $"{Lanes.Count} lanes";
        string found = Repaired
            ? $"{BytesDropped} damaged bytes ({RecordsDropped} whole records among them) "
                + "were set aside in .torn files"
            : Clean ? "nothing to repair" : "the run before did not close it; nothing was torn";
        return $"Run {Run} of the journal, {lanes}: {found}.";
    }
}

/// <summary>What opening a journal found in one lane.</summary>
/// <param name="Lane">The core whose history it is.</param>
/// <param name="End">The position after the last whole record.</param>
/// <param name="Clean">Whether the last record is Closed, or there is none.</param>
/// <param name="BytesDropped">Bytes set aside.</param>
/// <param name="RecordsDropped">Undamaged records among them.</param>
public sealed record LaneRecovery(int Lane, long End, bool Clean, long BytesDropped, int RecordsDropped);
