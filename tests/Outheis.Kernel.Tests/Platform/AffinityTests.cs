using Xunit;

namespace Outheis.Tests;

/// <summary>Binding threads to processors, where the system can.</summary>
[Collection(OnThreads.Name)]
public sealed class AffinityTests
{
    [Fact]
    public void Processor_MoreCoresThanProcessors_IsNone()
    {
        Assert.Null(Affinity.Processor(1024));
        int?[] processors = [.. Enumerable.Range(0, Environment.ProcessorCount).Select(Affinity.Processor)];
        int[] bound = [.. processors.OfType<int>()];
        Assert.Equal(bound.Distinct().Order(), bound);
        Assert.True(!OperatingSystem.IsLinux() || bound.Length == processors.Length, "Linux says which there are");
    }

    [Fact]
    public void TryBind_OnAThread_LeavesThatThreadOneProcessor()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "only Linux tells a thread's processors");
        ThreadKernel.Together(() =>
        {
            int last = Affinity.Processor(Environment.ProcessorCount - 1)!.Value;
            Assert.True(Affinity.TryBind(last));
            Assert.Equal(last, Affinity.Processor(0));
            Assert.Null(Affinity.Processor(1));
            Assert.False(Affinity.TryBind(1023));      // no machine of these tests has that many
            Assert.Equal(last, Affinity.Processor(0));
        });
    }

    [Fact]
    public async Task Start_Pinned_SaysWhichProcessorEachCoreIsBoundTo()
    {
        await using var kernel = Kernel.Start(new KernelOptions { Cores = 1, Pin = true });
        Assert.Equal(Affinity.Processor(0), kernel.ListCores()[0].Processor);
        await using var unpinned = Kernel.Start(new KernelOptions { Cores = 1, Pin = false });
        Assert.Null(unpinned.ListCores()[0].Processor);
    }
}
