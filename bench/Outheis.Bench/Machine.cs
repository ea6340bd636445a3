using System.Globalization;
using System.Runtime;
using System.Runtime.InteropServices;

namespace Outheis.Bench;

/// <summary>What the numbers were measured on, in one line.</summary>
internal static class Machine
{
    public static string Describe()
    {
        string collector = GCSettings.IsServerGC ? "server" : "workstation";
        return string.Create(CultureInfo.InvariantCulture,
            $"{ProcessorName()}, {Environment.ProcessorCount} cores, {RuntimeInformation.OSDescription}, "
            + $"{RuntimeInformation.FrameworkDescription} ({RuntimeInformation.ProcessArchitecture}, {collector} GC)");
    }

    private static string ProcessorName()
    {
        const string Source = "/proc/cpuinfo";
        if (!File.Exists(Source)) return Environment.GetEnvironmentVariable("PROCESSOR_IDENTIFIER") ?? "unknown processor";
        string? line = File.ReadLines(Source).FirstOrDefault(one => one.StartsWith("model name", StringComparison.Ordinal));
        return line is null ? "unknown processor" : line[(line.IndexOf(':', StringComparison.Ordinal) + 1)..].Trim();
    }
}
