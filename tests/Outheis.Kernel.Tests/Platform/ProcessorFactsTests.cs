using Xunit;

namespace Outheis.Tests;

/// <summary>What a process may use, from files as Linux has them, and from this machine.</summary>
public sealed class ProcessorFactsTests : IDisposable
{
    private readonly FilesOnDisk _machine = new();

    [Fact]
    public void Of_NoFiles_AllowedOnesAreAllAlike()
    {
        ProcessorFacts facts = ProcessorFacts.Of([2, 5], runtimeCount: 2, _machine.Files);
        Assert.Equal([Plain(2), Plain(5)], facts.Usable);
        Assert.Equal((true, 2), (facts.CanBind, facts.BusyMost));
    }

    [Fact]
    public void Of_NobodySaysWhatIsAllowed_CountsAndCannotBind()
    {
        ProcessorFacts facts = ProcessorFacts.Of(allowed: null, runtimeCount: 3, _machine.Files);
        Assert.Equal([Plain(0), Plain(1), Plain(2)], facts.Usable);
        Assert.Equal((false, 3), (facts.CanBind, facts.BusyMost));
    }

    [Theory]
    [InlineData("0-1,3\n", new[] { 1, 3 })]
    [InlineData("0-7\n", new[] { 1, 2, 3 })]
    [InlineData("7\n", new[] { 1, 2, 3 })]      // it cannot be that none is there
    [InlineData("garbage", new[] { 1, 2, 3 })]
    public void Of_SomeAreOffline_LeavesThemOut(string online, int[] usable)
    {
        _machine.With("sys/devices/system/cpu/online", online);
        ProcessorFacts facts = ProcessorFacts.Of([1, 2, 3], runtimeCount: 8, _machine.Files);
        Assert.Equal(usable, facts.Usable.Select(processor => processor.Number));
    }

    [Fact]
    public void Of_AHybridMachine_KnowsTheEfficientOnes()
    {
        _machine.With("sys/devices/cpu_core/cpus", "0-3\n").With("sys/devices/cpu_atom/cpus", "4-7\n");
        ProcessorFacts facts = ProcessorFacts.Of([3, 4], runtimeCount: 2, _machine.Files);
        Assert.Equal(
            [new UsableProcessor(3, false, ProcessorFacts.FullCapacity), new(4, true, ProcessorFacts.FullCapacity)],
            facts.Usable);
    }

    [Fact]
    public void Of_CapacitiesDiffer_KnowsThem()
    {
        _machine.With("sys/devices/system/cpu/cpu0/cpu_capacity", "430\n")
            .With("sys/devices/system/cpu/cpu1/cpu_capacity", "1024\n")
            .With("sys/devices/system/cpu/cpu2/cpu_capacity", "?\n");
        ProcessorFacts facts = ProcessorFacts.Of([0, 1, 2], runtimeCount: 3, _machine.Files);
        Assert.Equal([430, 1024, ProcessorFacts.FullCapacity], facts.Usable.Select(processor => processor.Capacity));
    }

    [Fact]
    public void Of_AQuota_BoundsWhatMayBeBusyTogetherWithTheRuntimesCount()
    {
        _machine.With("proc/self/cgroup", "0::/\n")
            .With("proc/self/mountinfo", "30 23 0:26 / /sys/fs/cgroup rw - cgroup2 cgroup2 rw\n")
            .With("sys/fs/cgroup/cpu.max", "150000 100000\n");
        Assert.Equal(2, ProcessorFacts.Of([0, 1, 2, 3], runtimeCount: 4, _machine.Files).BusyMost);
        Assert.Equal(1, ProcessorFacts.Of([0, 1, 2, 3], runtimeCount: 1, _machine.Files).BusyMost);
        Assert.Equal(4, ProcessorFacts.Of([0, 1, 2, 3], runtimeCount: 4, _machine.Files, countsBusy: false).BusyMost);
    }

    [Fact]
    public void OfThisThread_OnThisMachine_FitsWhatTheRuntimeKnows()
    {
        ProcessorFacts facts = ProcessorFacts.OfThisThread();
        int[] numbers = [.. facts.Usable.Select(processor => processor.Number)];
        Assert.Equal(numbers.Distinct().Order(), numbers);
        Assert.InRange(facts.BusyMost, 1, Environment.ProcessorCount);
        Assert.Equal(OperatingSystem.IsLinux() || OperatingSystem.IsWindows(), facts.CanBind);
        Assert.All(facts.Usable, processor => Assert.True(processor.Capacity > 0));
        if (OperatingSystem.IsLinux())
        {
            Assert.Empty(numbers.Except(ProcessorList.Parse(File.ReadAllText("/sys/devices/system/cpu/online"))!));
        }
    }

    public void Dispose() => _machine.Dispose();

    private static UsableProcessor Plain(int number) => new(number, false, ProcessorFacts.FullCapacity);
}
