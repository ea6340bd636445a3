using System.Diagnostics;
using Xunit;

namespace Outheis.Tests.Proofs;

/// <summary>Ends a process at a call of the system, or makes the call fail.</summary>
internal static class Strace
{
    public const string Program = "/usr/bin/strace";

    public static void SkipUnlessItTraces()
    {
        Assert.SkipUnless(File.Exists(Program), "strace is not installed");
        using Process probe = Process.Start(Program, ["-f", "-qq", "-o", "/dev/null", "/bin/true"])!;
        probe.WaitForExit();
        Assert.SkipUnless(probe.ExitCode == 0, "strace may not trace here");
    }

    public static string[] Inject(string call, string what) =>
        ["-f", "-qq", "-o", "/dev/null", "-e", "signal=none", "-e", $"trace={call}", "-e", $"inject={call}:{what}"];
}
