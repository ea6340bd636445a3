using System.Diagnostics;
using Xunit;

namespace Outheis.Tests;

/// <summary>Binding threads to processors, where the system can.</summary>
[Collection(OnThreads.Name)]
public sealed class AffinityTests
{
    private const string TaskSet = "/usr/bin/taskset";

    private static int[] Allowed => Affinity.Allowed() ?? [];

    [Fact]
    public void Allowed_OnThisMachine_IsInOrder()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux() || OperatingSystem.IsWindows(), "the system does not say");
        Assert.Equal(Allowed.Distinct().Order(), Allowed);
        Assert.InRange(Allowed.Length, 1, 1024);
    }

    [Fact]
    public void TryBind_OnAThread_LeavesThatThreadTheseProcessors()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "only Linux tells a thread's processors");
        ThreadKernel.Together(() =>
        {
            int[] all = Allowed;
            Assert.True(Affinity.TryBind(all[^1]));
            Assert.Equal([all[^1]], Allowed);
            Assert.False(Affinity.TryBind(1023));      // no machine of these tests has that many
            Assert.False(Affinity.TryBind(1 << 20));
            Assert.False(Affinity.TryBind(-1));
            Assert.False(Affinity.TryBind());
            Assert.Equal([all[^1]], Allowed);
            Assert.True(Affinity.TryBind(all));
            Assert.Equal(all, Allowed);
        });
    }

    [Fact]
    public async Task Start_Pinned_SaysWhichProcessorEachCoreIsBoundTo()
    {
        int[] place = CorePlacement.Decide(ProcessorFacts.OfThisThread(), 1, null, pin: true)[0];
        int? expected = place is [var own] ? own : null;
        await using var kernel = Kernel.Start(new KernelOptions { Cores = 1, Pin = true });
        Assert.Equal(expected, kernel.ListCores()[0].Processor);
        Assert.True(!OperatingSystem.IsLinux() || expected is not null, "Linux binds");
        await using var unpinned = Kernel.Start(new KernelOptions { Cores = 1, Pin = false });
        Assert.Null(unpinned.ListCores()[0].Processor);
    }

    [Fact]
    public async Task Start_ProcessorsChosen_CoresRunOnThemInThatOrder()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "only Linux tells a thread's processors");
        int[] chosen = [.. Allowed.Reverse().Take(3)];
        await using var kernel = Kernel.Start(new KernelOptions { Processors = chosen, Cores = chosen.Length });
        for (int core = 0; core < chosen.Length; core++)
        {
            Assert.Equal(chosen[core], kernel.ListCores()[core].Processor);
            Assert.Equal([chosen[core]], await AllowedOn(kernel, core));
        }
    }

    [Fact]
    public async Task Start_MoreCoresThanChosenProcessors_TheRestSharesThem()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "only Linux tells a thread's processors");
        int[] chosen = [.. Allowed.Take(2)];
        int cores = chosen.Length + 1;
        await using var kernel = Kernel.Start(new KernelOptions { Processors = chosen, Cores = cores });
        Assert.Equal(chosen, await AllowedOn(kernel, cores - 1));
        await using var unpinned = Kernel.Start(new KernelOptions { Processors = [chosen[0]], Cores = 2, Pin = false });
        Assert.Equal([chosen[0]], await AllowedOn(unpinned, 0));
        Assert.Equal([chosen[0]], await AllowedOn(unpinned, 1));
    }

    [Fact]
    public void Start_AProcessorThatIsNotThere_ThrowsNamingItAndThoseThatAre()
    {
        ArgumentException refused = Assert.Throws<ArgumentException>(
            () => Kernel.Start(new KernelOptions { Processors = [1023] }));
        Assert.Contains("1023", refused.Message, StringComparison.Ordinal);
        int[] usable = [.. ProcessorFacts.OfThisThread().Usable.Select(processor => processor.Number)];
        Assert.Contains(ProcessorList.Format(usable), refused.Message, StringComparison.Ordinal);
    }

    /// <summary>A process that may use one processor has one core, on it; a second one it does not get.</summary>
    [Fact]
    public void Start_UnderTaskset_StaysOnWhatTheProcessMayUse()
    {
        Assert.SkipUnless(File.Exists(TaskSet), "taskset is not installed");
        foreach (int processor in Allowed)
        {
            string[] under = [TaskSet, "-c", $"{processor}"];
            Assert.Equal($"{processor}", Run("default", under));
            Assert.Equal($"{processor} -", Run("two", under));
            foreach (int other in Allowed.Where(other => other != processor))
            {
                string refused = Run($"on {other}", under);
                Assert.StartsWith("refused", refused, StringComparison.Ordinal);
                Assert.Contains($"processor {other},", refused, StringComparison.Ordinal);
                Assert.Contains($"may use {processor}:", refused, StringComparison.Ordinal);
            }
        }
    }

    [Fact]
    public void Start_TheRuntimeIsToldACount_HasNoMoreCoresThanThat()
    {
        string[] one = Run("default", [], ("DOTNET_PROCESSOR_COUNT", "1")).Split(' ');
        Assert.Single(one);
        string[] many = Run("default", [], ("DOTNET_PROCESSOR_COUNT", "77")).Split(' ');
        Assert.Equal(CorePlacement.Decide(ProcessorFacts.OfThisThread(), null, null, pin: true).Length, many.Length);
    }

    private static async Task<int[]> AllowedOn(Kernel kernel, int core)
    {
        var seen = new TaskCompletionSource<int[]>(TaskCreationOptions.RunContinuationsAsynchronously);
        AgentId agent = kernel.Spawn(new Puppet(), core);
        kernel.Do(agent, _ => seen.SetResult(Allowed));
        return await seen.Task.WaitAsync(ThreadKernel.Patience);
    }

    private static string Run(string role, string[] under, params (string Name, string Value)[] variables)
    {
        ProcessStartInfo start = PlacementChild.Describe(role, under);
        foreach ((string name, string value) in variables)
        {
            start.Environment[name] = value;
        }

        using Process process = Process.Start(start)!;
        string text = process.StandardOutput.ReadToEnd().Trim();
        Assert.True(process.WaitForExit(ThreadKernel.Patience));
        Assert.Equal(0, process.ExitCode);
        return text;
    }
}
