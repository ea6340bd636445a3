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

    public static void SkipUnlessItAttaches()
    {
        SkipUnlessItTraces();
        const string restricted = "/proc/sys/kernel/yama/ptrace_scope";
        Assert.SkipUnless(
            Environment.IsPrivilegedProcess || !File.Exists(restricted) || File.ReadAllText(restricted).Trim() == "0",
            "strace may not attach here");
    }

    /// <summary>What happens at calls that one of these files is an argument of; without files, at all. Each thread
    /// counts its own.</summary>
    public static string[] Inject(string call, string what, params IEnumerable<string> files) =>
    [
        "-f", "-qq", "-o", "/dev/null", "-e", "signal=none", "-e", $"trace={call}", "-e", $"inject={call}:{what}",
        .. files.SelectMany(static file => (string[])["-P", file]),
    ];

    /// <summary>The same to a process that runs. It ends with that.</summary>
    public static Process Attach(int process, string call, string what) =>
        Process.Start(Program, [.. Inject(call, what), "-p", $"{process}"])!;
}
