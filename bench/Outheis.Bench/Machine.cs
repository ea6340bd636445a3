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
        Architecture architecture = RuntimeInformation.ProcessArchitecture;
        return string.Create(CultureInfo.InvariantCulture,
            $"{ProcessorName()}, {Environment.ProcessorCount} cores, {RuntimeInformation.OSDescription}, "
            + $"{RuntimeInformation.FrameworkDescription} ({architecture}, {collector} GC)");
    }

    private static string ProcessorName()
    {
        const string Source = "/proc/cpuinfo";
        const string Unknown = "unknown processor";
        const string Variable = "PROCESSOR_IDENTIFIER";
        if (!File.Exists(Source)) return Environment.GetEnvironmentVariable(Variable) ?? Unknown;
        string? line = File.ReadLines(Source)
            .FirstOrDefault(one => one.StartsWith("model name", StringComparison.Ordinal));
        return line is null ? Unknown : line[(line.IndexOf(':', StringComparison.Ordinal) + 1)..].Trim();
    }
}
