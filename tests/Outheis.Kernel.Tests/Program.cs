using Outheis.Tests.Proofs;
using Xunit.MicrosoftTestingPlatform;
using Xunit.Runner.InProc.SystemConsole;

namespace Outheis.Tests;

/// <summary>The test program; or, where a test starts it so, a process to be killed. A module initializer would not do:
/// until it ends, no other thread runs anything of this assembly.</summary>
internal static class Program
{
    public static async Task<int> Main(string[] args) =>
        ProofChild.TryTakeRole() || PlacementChild.TryTakeRole() ? 0
        : args.Contains("--server") || args.Contains("--internal-msbuild-node")
            ? await TestPlatformTestFramework.RunAsync(args, SelfRegisteredExtensions.AddSelfRegisteredExtensions)
            : await ConsoleRunner.Run(args);
}
