using System.Globalization;

namespace Outheis.Cli;

/// <summary>Counts, sizes and times as people read them, the same everywhere.</summary>
internal static class Numbers
{
    private static readonly string[] Units = ["B", "KiB", "MiB", "GiB", "TiB"];

    public static string Count(long number) => number.ToString("N0", CultureInfo.InvariantCulture);

    public static string Bytes(long bytes)
    {
        double value = bytes;
        int unit = 0;
        for (; value >= 1024 && unit + 1 < Units.Length; unit++) value /= 1024;
        string digits = value.ToString(unit == 0 ? "F0" : "F1", CultureInfo.InvariantCulture);
        return $"{digits} {Units[unit]}";
    }

    public static string Time(DateTimeOffset time) =>
        time.UtcDateTime.ToString("yyyy-MM-dd HH:mm:ss.fff", CultureInfo.InvariantCulture);
}
