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
    /// <summary>All of it, in three lines.</summary>
    public override string ToString() =>
        $"{Agent} {Where}, journal {Place(Position)}:\n  then it {Recorded ?? "did nothing more"}\n"
        + $"  now it {Replayed ?? "does nothing more"}";

    internal static string Place(long position) => string.Create(
        CultureInfo.InvariantCulture, $"{RecordHeader.LaneOf(position)}/{RecordHeader.OffsetOf(position)}");
}
