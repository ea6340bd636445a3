using Outheis.Signing;

namespace Outheis.Cli;

/// <summary>What 'outheis journal verify' finds out about seals.</summary>
/// <param name="directory">The folder that was looked at.</param>
/// <param name="lanes">What became of each.</param>
/// <param name="key">By which signatures were checked; null: they were not.</param>
/// <param name="expected">Hashes that somebody kept.</param>
internal sealed class SealReport(
    string directory, IReadOnlyList<LaneSeals> lanes, Ed25519SealKey? key, IReadOnlyList<string> expected)
{
    private const int HashDigits = 64;

    private int Sealed => lanes.Sum(static lane => lane.Sealed);

    /// <summary>How many things are wrong.</summary>
    public int Faults => lanes.Count(static lane => lane.Fault is not null) + Missing.Count()
        + (IsUnconfirmed ? 1 : 0);

    /// <summary>Half a sentence.</summary>
    public string Verdict => Sealed == 0 ? "nothing is sealed"
        : $"{Numbers.Count(Sealed)} segments sealed{(key is null ? "" : " and signed")}";

    private IEnumerable<string> Missing =>
        expected.Where(hash => !lanes.Any(lane => lane.Hashes.Contains(hash, StringComparer.OrdinalIgnoreCase)));

    /// <summary>Signatures were asked for, and there are none to be good or bad.</summary>
    private bool IsUnconfirmed => key is not null && Sealed == 0 && lanes.All(static lane => lane.Fault is null);

    /// <summary>Reads the key of --key. Throws a <see cref="BadInputException"/> for what is none.</summary>
    public static Ed25519SealKey? LoadKey(string? path)
    {
        try
        {
            return path is null ? null : Ed25519SealKey.Load(path);
        }
        catch (FormatException)
        {
            throw new BadInputException(
                $"{path} holds no Ed25519 key in PEM. --key takes the file that Ed25519SealKey.Save wrote.");
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
        {
            throw new BadInputException($"The key {path} cannot be read: {failure.Message}");
        }
    }

    /// <summary>Throws a <see cref="BadInputException"/> for what is no hash.</summary>
    public static IReadOnlyList<string> RequireHashes(IReadOnlyList<string> hashes) =>
        hashes.FirstOrDefault(static hash => hash.Length != HashDigits || !hash.All(char.IsAsciiHexDigit)) is { } wrong
            ? throw new BadInputException(
                $"--expect takes the {HashDigits} hexadecimal digits that 'outheis journal verify' printed, "
                + $"not '{wrong}'.")
            : hashes;

    public void Print(TextWriter output)
    {
        foreach (LaneSeals lane in lanes)
        {
            if (lane.Sealed > 0) output.WriteLine(Line(lane));
            if (lane.Fault is { } fault)
            {
                string file = Path.GetRelativePath(Path.GetFullPath(directory), fault.File);
                output.WriteLine(Colours.Red($"{file}: {fault.Reason}."));
            }
        }

        foreach (string hash in Missing)
        {
            output.WriteLine(Colours.Red(
                $"No sealed segment has the hash {hash} any more: it was changed, removed, or given up."));
        }

        if (IsUnconfirmed) output.WriteLine(Colours.Red("No segment is sealed, so there is no signature to check."));
        if (key is not null) output.WriteLine($"The key is {key.Fingerprint}.");
    }

    private static string Line(LaneSeals lane) =>
        $"Lane {lane.Lane}: sealed{(lane.First == 0 ? "" : $" from segment {lane.First}")} up to segment {lane.Last}, "
        + $"hash {Colours.Bold(lane.LastHash)}.";
}
