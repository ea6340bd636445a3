using System.Diagnostics;
using System.Globalization;

namespace Outheis.Tests;

/// <summary>The test program in another role: a process that starts a kernel and says on which processors its cores
/// run.</summary>
internal static class PlacementChild
{
    private const string Variable = "OUTHEIS_PLACEMENT_CHILD";

    public static ProcessStartInfo Describe(string role, string[] under)
    {
        string program = Path.Combine(AppContext.BaseDirectory, "Outheis.Kernel.Tests");
        string[] words = [.. under, program];
        var start = new ProcessStartInfo(words[0], words[1..]) { RedirectStandardOutput = true };
        start.Environment[Variable] = role;
        return start;
    }

    /// <summary>False: the process is to be the test program.</summary>
    public static bool TryTakeRole()
    {
        if (Environment.GetEnvironmentVariable(Variable) is not { Length: > 0 } role)
        {
            return false;
        }

        try
        {
            Kernel kernel = Kernel.Start(role.Split(' ') switch
            {
                ["two"] => new KernelOptions { Cores = 2 },
                ["on", var processor] => new KernelOptions
                {
                    Processors = [int.Parse(processor, CultureInfo.InvariantCulture)],
                },
                _ => null,
            });
            Console.WriteLine(string.Join(' ', kernel.ListCores().Select(core =>
                core.Processor?.ToString(CultureInfo.InvariantCulture) ?? "-")));
        }
        catch (ArgumentException refused)
        {
            Console.WriteLine($"refused {refused.Message}");
        }

        return true;
    }
}
