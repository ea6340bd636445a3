using System.Globalization;

namespace Outheis;

/// <summary>Where a replay first differs from its journal.</summary>
/// <param name="Position">Of the record that says what should be; of the message, if there is no such record.</param>
/// <param name="Message">Position of the message that was handled; of the record of a start or of a snapshot.</param>
/// <param name="Agent">Who.</param>
/// <param name="Where">In the middle of what.</param>
/// <param name="Recorded">What it did then; null: nothing more.</param>
/// <param name="Replayed">What it does now; null: nothing more.</param>
public sealed record ReplayDivergence(
    long Position, long Message, string Agent, string Where, string? Recorded, string? Replayed)
{
    /// <summary>A plain agent was told the time or a random number that the journal does not have, or may have been
    /// refused then: <see cref="KernelOptions.RecordInputs"/> keeps that.</summary>
    public bool LacksInputs { get; init; }

    /// <summary>All of it, in three lines; in four if it may be no difference of the programs.</summary>
    public override string ToString() =>
        $"{Agent} {Where}, journal {Place(Position)}:\n  then it {Recorded ?? "did nothing more"}\n"
        + $"  now it {Replayed ?? "does nothing more"}"
        + (LacksInputs
            ? "\n  (time, chance and refusals that a plain agent was told are kept only with RecordInputs)" : "");

    internal static string Place(long position) => string.Create(
        CultureInfo.InvariantCulture, $"{RecordHeader.LaneOf(position)}/{RecordHeader.OffsetOf(position)}");
}
