using Xunit;

namespace Outheis.Testing.Tests;

/// <summary>A workload that never gets into trouble proves nothing: these states are reached.</summary>
public sealed class ReachTests
{
    private const ulong Seeds = 40;
    private const ulong SeedsOfRare = 300;      // where what a run is for takes several lives

    [Theory]
    [InlineData(
        "flood",
        "messages that found a ring full,messages that found a channel full,blocked cores,"
        + "cores full towards each other")]
    [InlineData(
        "transfers",
        "sends Sent,sends Full,sends Dead,account waits for room,host waits for room,in doubt,dead letters")]
    [InlineData("chains", "sends Sent,sends Full,in doubt")]
    [InlineData("migration", "moved,sends Sent,sends Full,in doubt")]
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
    [InlineData(
        "kill",
        "killed at work,closed,records found,consumed found,messages not in the journal,sends Sent,sends Full")]
    [InlineData(
        "power",
        "killed at work,closed,records found,consumed found,messages not in the journal,openings that failed,flushes,"
        + "flushes that failed,records that dangled,lanes torn by the power,recoveries that set something aside")]
    [InlineData(
        "moved lives",
        "moved,killed at work,closed,records found,consumed found,flushes,flushes that failed,records that dangled,"
        + "lanes torn by the power,recoveries that set something aside,sends Sent,sends Full")]
    [InlineData(
        "durable",
        "told to be durable,durable sends Sent,durable sends NotDurable,flushes that failed,openings that failed")]
    [InlineData(
        "accounts",
        "redelivered,quarantined,effects in doubt,effects run,turns in the journal,stopped,sends Sent,sends Full")]
    [InlineData(
        "durable timers",
        "armed,said,said for several times,taken back,redelivered,handled,handled again")]
    [InlineData(
        "slow reader",
        "output full,sends Sent,sends Full,agent waits,agent waits cancelled,host writes that waited,"
        + "host writes cancelled,host waited to write,host waits to write cancelled,writers ended")]
    [InlineData(
        "bands",
        "turns of the lowest,turns between,turns of the highest,turns of passers-by,turns that spent their budget")]
    [InlineData(
        "override",
        "asks Replied,asks TimedOut,urgent asks,asks passed on,turns of default work meanwhile,"
        + "raised while they waited,servers crashed,overtook")]
    [InlineData("barriers", "asks Replied,asks Failed,asks Dead,asked back,asked,readers beside each other")]
    [InlineData(
        "exclusion",
        "messages of sources,told of the group,turns that waited,crashes,suspensions")]
    [InlineData(
        "budgets",
        "reservations Granted,reservations Exhausted,reservations TooMuch,settled for more,exhausted Notify,"
        + "exhausted Stop,crashes,turns that waited for a period,core time used up,messages used up,"
        + "journal bytes used up,turns in flight beside others,seen to wait")]
    [InlineData(
        "streams",
        "streams complete,streams broken off,streams Cancelled,streams TimedOut,streams Failed,streams Dead,"
        + "streams Revoked,streams SelfAsk,slow consumers,windows used up,peers stopped")]
    [InlineData("offloads", "told,buried,given up by a stop")]
    [InlineData("stop", "drained,not drained,woken by their token,dead letters,waits,asks Dead,reopened")]
    public void Run_SomeSeeds_ReachesTheStatesThatItIsFor(string name, string states) =>
        Reaches(
            BuiltInWorkloads.All.Single(one => one.Name == name), states,
            name is "accounts" or "durable timers" or "offloads" ? SeedsOfRare : Seeds);

    [Fact]
    public void Run_Irc_ReachesTheStatesThatItIsFor() => Reaches(
        BuiltInWorkloads.Irc(IrcTests.RealLogs()),
        "nicks,addressed lines heard,says Sent,says Full,speaker waits for room,host waits for room,"
        + "channel waits for its reader,in doubt,dead letters,lines in the journal");

    private static void Reaches(Workload workload, string states, ulong seeds = Seeds)
    {
        var reached = new HashSet<string>();
        for (ulong seed = 1; seed <= seeds; seed++)
        {
            using var run = new WorkloadRun(new Choices(seed), withFaults: true);
            workload.Run(run);
            reached.UnionWith(run.Reached.Keys);
        }

        Assert.Empty(states.Split(',').Except(reached));
    }
}
