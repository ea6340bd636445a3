using Xunit;

namespace Outheis.Testing.Tests;

/// <summary>A few hundred seeds of every workload; hours of them: outheis simulate.</summary>
public sealed class WorkloadTests
{
    private const ulong Seeds = 40;

    public static TheoryData<string> Names => [.. BuiltInWorkloads.All.Select(static workload => workload.Name)];

    [Theory]
    [MemberData(nameof(Names))]
    public void Run_AnySeed_KeepsItsPromises(string name)
    {
        Workload workload = BuiltInWorkloads.All.Single(one => one.Name == name);
        for (ulong seed = 1; seed <= Seeds; seed++)
        {
            WorkloadResult result = WorkloadRunner.Run(workload, seed);
            string trace = string.Join('\n', result.Failure?.Trace ?? []);
            Assert.True(result.Failure is null, $"{result.Failure?.Message}\n{trace}");
        }
    }

    [Theory]
    [MemberData(nameof(Names))]
    public void Run_ZerosOnly_ComesToRest(string name)
    {
        WorkloadResult result = WorkloadRunner.Repeat(BuiltInWorkloads.All.Single(one => one.Name == name), []);
        Assert.True(result.Failure is null, result.Failure?.Message);
    }

    [Theory]
    [MemberData(nameof(Names))]
    public void Run_SameSeedTwice_IsTheSameRun(string name)
    {
        Workload workload = BuiltInWorkloads.All.Single(one => one.Name == name);
        for (ulong seed = 1; seed <= 3; seed++)
        {
            Assert.Equal(WorkloadRunner.Run(workload, seed), WorkloadRunner.Run(workload, seed));
        }
    }
}
