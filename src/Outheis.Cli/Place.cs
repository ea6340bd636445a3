using System.Globalization;

namespace Outheis.Cli;

/// <summary>Positions as people read and write them: LANE/OFFSET, or the plain number.</summary>
internal static class Place
{
    private const int LaneShift = 56;
    private const long OffsetMask = (1L << LaneShift) - 1;
    private const int LaneMax = 127;

    public static string Of(long position) => string.Create(
        CultureInfo.InvariantCulture, $"{position >> LaneShift}/{position & OffsetMask}");

    public static long Parse(string text)
    {
        string[] parts = text.Split('/');
        bool isPlain = parts.Length == 1 && TryRead(parts[0], long.MaxValue, out _);
        if (isPlain && TryRead(parts[0], long.MaxValue, out long position)) return position;
        if (parts.Length == 2 && TryRead(parts[0], LaneMax, out long lane)
            && TryRead(parts[1], OffsetMask, out long offset))
        {
            return (lane << LaneShift) | offset;
        }

        throw new BadInputException(
            $"'{text}' is no position. Write it as 'outheis journal cat' does, LANE/OFFSET, or as one number.");
    }

    private static bool TryRead(string text, long most, out long number) =>
        long.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out number) && number <= most;
}
