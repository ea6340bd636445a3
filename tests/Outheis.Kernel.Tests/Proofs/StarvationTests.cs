using System.Diagnostics;
using Xunit;

namespace Outheis.Tests.Proofs;

/// <summary>On real cores, for half a minute: whatever the higher classes do, the lowest has its share, and waits no
/// longer than <see cref="KernelOptions.FairShare"/> says.</summary>
public sealed class StarvationTests
{
    private const int AgentsOfAClass = 3;
    private static readonly TimeSpan s_time = TimeSpan.FromSeconds(30);

    /// <summary>Always has something to do; knows how long it waited for a turn, in turns of its core and in
    /// time.</summary>
    private sealed class Saturated : Agent, IHandle<int>
    {
        private long _last;
        private long _lastTime;

        public Capability<int> Self { get; set; }

        public Core Core { get; set; } = null!;

        public long Turns { get; private set; }

        public long LongestWait { get; private set; }

        public TimeSpan LongestTime { get; private set; }

        public void Handle(in int message, Context context)
        {
            long turn = Core.Counters.Turns;
            if (turn != _last)
            {
                TimeSpan waited = _lastTime == 0 ? TimeSpan.Zero : Stopwatch.GetElapsedTime(_lastTime);
                LongestWait = Math.Max(LongestWait, turn - _last);
                LongestTime = waited > LongestTime ? waited : LongestTime;
                Turns++;
                _last = turn;
            }

            _lastTime = Stopwatch.GetTimestamp();
            context.Send(Self, message);
        }
    }

    [Theory(Explicit = true)]      // by hand: half a minute each (docs/testing.md)
    [InlineData(Limits.FairShare), InlineData(1000)]
    public async Task Background_EveryHigherClassSaturated_HasItsShareAndWaitsNoLongerThanTheBound(int share)
    {
        await using Kernel kernel = Kernel.Start(new KernelOptions { Cores = 2, FairShare = share });
        Core core = kernel.Cores[0];
        for (int qos = (int)Qos.Utility; qos <= (int)Qos.UserInteractive; qos++)
        {
            for (int i = 0; i < AgentsOfAClass; i++)
            {
                Begin(kernel, new Saturated(), core, (Qos)qos);
            }
        }

        var lane = new Saturated();
        long before = core.Counters.Turns;
        Begin(kernel, lane, core, Qos.Background);
        await Task.Delay(s_time, TestContext.Current.CancellationToken);
        await kernel.StopAsync(TimeSpan.Zero);
        long turns = core.Counters.Turns - before;
        string seen = $"{lane.Turns} of {turns} turns, 1/{(double)turns / lane.Turns:0.0}; waited "
            + $"{lane.LongestWait} turns, {lane.LongestTime.TotalMilliseconds:0.0} ms at most";
        TestContext.Current.TestOutputHelper?.WriteLine(seen);
        Assert.True(lane.Turns >= (turns / share) - 1, seen);
        Assert.True(lane.LongestWait <= share, seen);
        Assert.True(lane.LongestTime <= share * Limits.TurnBudget, seen);      // its handlers take nothing
    }

    private static void Begin(Kernel kernel, Saturated agent, Core core, Qos qos)
    {
        agent.Core = core;
        AgentId id = kernel.Spawn(null, () => agent, new SpawnOptions { Core = core.Index, Qos = qos });
        agent.Self = kernel.GrantTo<int>(id, id);
        kernel.Grant<int>(id).Send(0);
    }
}
