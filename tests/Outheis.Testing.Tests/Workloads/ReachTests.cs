using Xunit;

namespace Outheis.Testing.Tests;

/// <summary>A workload that never gets into trouble proves nothing: these states are reached.</summary>
public sealed class ReachTests
{
    private const ulong Seeds = 40;

    [Theory]
    [InlineData(
        "transfers",
        "sends Sent,sends Full,sends Dead,account waits for room,host waits for room,in doubt,dead letters")]
    [InlineData("chains", "sends Sent,sends Full,in doubt")]
    [InlineData(
        "asks",
        "asks Replied,asks TimedOut,asks Cancelled,asks Failed,asks Dead,asks Full,asks SelfAsk,asks Denied")]
    [InlineData(
        "restarts",
        "exits Error,exits Normal,final exits,ended code ran on,supervisors gave up,watchers answered")]
    [InlineData(
        "capabilities",
        "derive Derived,derive Revoked,revoked below,revoked by an agent,sends Revoked,waits for room")]
    [InlineData(
        "full disk",
        "host's sends Full,agents' sends Full,slow sends Sent,waits,asks without room on the disk,crashes told")]
    [InlineData("stop", "drained,not drained,woken by their token,dead letters,waits,asks Dead,reopened")]
    public void Run_SomeSeeds_ReachesTheStatesThatItIsFor(string name, string states)
    {
        Workload workload = BuiltInWorkloads.All.Single(one => one.Name == name);
        var reached = new HashSet<string>();
        for (ulong seed = 1; seed <= Seeds; seed++)
        {
            using var run = new WorkloadRun(new Choices(seed), withFaults: true);
            workload.Run(run);
            reached.UnionWith(run.Reached.Keys);
        }

        Assert.Empty(states.Split(',').Except(reached));
    }
}
