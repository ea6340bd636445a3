using System.Diagnostics;
using Outheis.Bench.Latency;
using Xunit;

namespace Outheis.Bench.Tests;

[Collection("in turn")]
public sealed class LatencyTests
{
    private static readonly LatencyOptions Small = new(Rate: 20_000, Seconds: 1, Runs: 1);

    private static readonly ILatencySystem[] s_systems =
        [new BareLatency(), .. LatencySpeed.Peers(), new OutheisLatency(), new OutheisLatency(background: 2)];

    public static TheoryData<string> Everyone() => [.. s_systems.Select(system => system.Name)];

    /// <summary>Every message, in order, none before its time; those of the first second do not count.</summary>
    [Theory, MemberData(nameof(Everyone))]
    public async Task Run_SmallLoad_EveryMessageCameAfterItsTime(string name)
    {
        ILatencySystem system = s_systems.Single(one => one.Name == name);
        var schedule = new Schedule(Small);
        using var receipts = new Receipts(Small);
        await Task.Factory.StartNew(
            () => system.Run(schedule, receipts, TimeSpan.FromSeconds(60)),
            CancellationToken.None, TaskCreationOptions.LongRunning, TaskScheduler.Default);

        Assert.True(schedule.IsOver);
        Assert.Equal(Small.Rate * Small.Seconds, receipts.Histogram.Count);
        Assert.True(receipts.Histogram.Quantile(0) > 0);
        Assert.True(receipts.Ended > schedule.FirstCounted);
    }

    /// <summary>A sender that was held up sends late what was due meanwhile, and each counts from its time.</summary>
    [Fact]
    public void Schedule_SenderWasHeldUp_TheLatenciesAreThoseOfAllItShouldHaveSent()
    {
        var options = new LatencyOptions(Rate: 1000, Seconds: 1, Runs: 1);
        var schedule = new Schedule(options);
        using var receipts = new Receipts(options);
        schedule.Start();
        Thread.Sleep(TimeSpan.FromSeconds(2.1));      // all of it is due
        long last = 0;
        for (; schedule.IsDue(out long intended); schedule.Advance())
        {
            Assert.True(intended >= last);
            last = intended;
            receipts.Receive(intended);
        }

        Assert.True(schedule.IsOver);
        receipts.Complete("itself", TimeSpan.Zero);
        double secondsAtMedian = (double)receipts.Histogram.Quantile(0.5) / Stopwatch.Frequency;
        Assert.True(secondsAtMedian >= 0.5, $"{secondsAtMedian} s");
    }
}
