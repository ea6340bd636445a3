using Outheis.Tests.Journal;
using SharpFuzz;

namespace Outheis.Fuzz;

/// <summary>
/// Under afl-fuzz: reads one segment after another. With a file: reads that one. First the kernel has to be prepared:
/// <code>
/// dotnet build -c Release tests/Outheis.Fuzz
/// tests/Outheis.Fuzz/bin/Release/net10.0/Outheis.Fuzz instrument
/// </code>
/// </summary>
internal static class Program
{
    public static void Main(string[] arguments)
    {
        switch (arguments)
        {
            case ["instrument"]:
                Instrument();
                break;
            case [var file]:
                Console.WriteLine(FuzzedSegment.Read(File.ReadAllBytes(file)));
                break;
            default:
                Fuzzer.OutOfProcess.Run(static stream =>
                {
                    using var input = new MemoryStream();
                    stream.CopyTo(input);
                    FuzzedSegment.Read(input.ToArray());
                });
                break;
        }
    }

    // The assembly tells afl-fuzz which ways it went.
    private static void Instrument()
    {
        string copy = Path.Combine(AppContext.BaseDirectory, "Outheis.Kernel.dll");
        foreach (string type in Fuzzer.Instrument(
            copy, static name => name.StartsWith("Outheis.", StringComparison.Ordinal), Options.Value))
        {
            Console.WriteLine(type);
        }
    }
}
