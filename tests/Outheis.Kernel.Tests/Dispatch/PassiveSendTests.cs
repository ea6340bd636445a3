using Xunit;

namespace Outheis.Tests;

/// <summary>What agents of the background class send to a core that sleeps does not wake it at once, and is never
/// forgotten (LW-25, INV-08).</summary>
[Collection(OnThreads.Name)]
public sealed class PassiveSendTests
{
    private sealed class Talker : Puppet, IAnswer<int, int>
    {
        public Capability<int> To { get; set; }

        public AskCapability<int, int> Ask { get; set; }

        public int Answer(in int request, Context context)
        {
            Assert.Equal(SendResult.Sent, context.Send(To, request));
            return request;
        }
    }

    /// <summary>An agent on core 0 that may send to and ask one on core 1, which sleeps.</summary>
    private sealed class Scene : IDisposable
    {
        private readonly Talker _talker = new();
        private bool _isBusy;

        public Scene(Qos qos = Qos.Background)
        {
            Talker = World.Kernel.Spawn(_talker, 0, qos: qos);
            AgentId target = World.Kernel.Receive(Received, core: 1);
            AgentId callee = World.Kernel.Spawn(new Answerer<int, int>((in int x, Context _) => x), 1);
            _talker.To = World.Kernel.GrantTo<int>(Talker, target);
            _talker.Ask = World.Kernel.GrantAskTo<int, int>(Talker, callee);
            World.Run();
            World.CoreAt(1).Parker.Announce();
        }

        public StepKernel World { get; } = new(cores: 2);

        public AgentId Talker { get; }

        public List<int> Received { get; } = [];

        public bool IsAsleep => World.CoreAt(1).Parker.IsAnnounced;

        public (long Passive, long Woken) Counted
        {
            get
            {
                CoreInfo core = World.Kernel.ListCores()[0];
                return (core.Passive, core.PeersWoken);
            }
        }

        public void Send(int messages)
        {
            World.Kernel.Do(Talker, context =>
            {
                for (int i = 0; i < messages; i++)
                {
                    Assert.Equal(SendResult.Sent, context.Send(_talker.To, i));
                }
            });
            World.Pass(0);
        }

        public void AskAway()
        {
            World.Kernel.DoAsync(Talker, async context => Received.Add(await context.AskAsync(_talker.Ask, 1)));
            World.Pass(0);
        }

        /// <summary>Core 0 has something else to do in each pass.</summary>
        public void KeepBusy()
        {
            _isBusy = true;
            Capability<long> self = default;
            AgentId other = World.Kernel.Receive(
                (in long x, Context context) => _isBusy = _isBusy && context.Send(self, x) == SendResult.Sent, core: 0);
            self = World.Kernel.GrantTo<long>(other, other);
            World.Kernel.Grant<long>(other).Send(1);
            World.Pass(0);
        }

        public void Dispose()
        {
            _isBusy = false;
            World.Run();
            World.Dispose();
        }
    }

    [Fact]
    public void Send_ItsCoreIsBusy_TheSleeperIsWokenOnceWhenATickIsOver()
    {
        using var scene = new Scene();
        scene.KeepBusy();
        scene.Send(2);
        for (int i = 0; i < 40; i++)
        {
            scene.World.Pass(0);
        }

        Assert.True(scene.IsAsleep);
        Assert.Equal((2, 0), scene.Counted);

        scene.World.Time.AdvanceBy(Limits.TickPeriod);
        scene.World.Pass(0);
        Assert.False(scene.IsAsleep);
        Assert.Equal((2, 1), scene.Counted);
        scene.World.Pass(1);
        Assert.Equal([0, 1], scene.Received);
    }

    [Fact]
    public void Send_ItsCoreHasNothingElseToDo_TheSleeperIsWokenBeforeThatOneSleeps()
    {
        using var scene = new Scene();
        scene.Send(1);
        Assert.True(scene.IsAsleep);
        Assert.Equal(0, scene.World.Pass(0));
        Assert.False(scene.IsAsleep);
        Assert.Equal((1, 1), scene.Counted);
    }

    [Fact]
    public void Send_AQuarterOfTheRingWaits_TheNextOneWakes()
    {
        using var scene = new Scene();
        scene.KeepBusy();
        scene.Send(Limits.RingSlots / 4);
        Assert.True(scene.IsAsleep);
        scene.Send(1);
        Assert.False(scene.IsAsleep);
        Assert.Equal((Limits.RingSlots / 4, 1), scene.Counted);
    }

    [Fact]
    public void Send_SomebodyElseWokeTheSleeper_NobodyWakesItAgain()
    {
        using var scene = new Scene();
        scene.Send(1);
        Assert.True(scene.World.CoreAt(1).Wake());
        scene.World.Pass(1);
        scene.World.Pass(0);
        Assert.Equal((1, 0), scene.Counted);
        Assert.Equal([0], scene.Received);
    }

    [Theory, InlineData(Qos.Utility), InlineData(Qos.Default), InlineData(Qos.UserInteractive)]
    public void Send_OfAHigherClass_WakesAtOnce(Qos qos)
    {
        using var scene = new Scene(qos);
        scene.Send(1);
        Assert.False(scene.IsAsleep);
        Assert.Equal((0, 1), scene.Counted);
    }

    [Fact]
    public void Send_SomebodyOfAHigherClassWaitsForTheSender_WakesAtOnce()
    {
        using var scene = new Scene();
        ValueTask<int> reply = scene.World.Kernel.GrantAsk<int, int>(scene.Talker, qos: Qos.Utility).AskAsync(5);
        scene.World.Pass(0);
        Assert.False(scene.IsAsleep);
        Assert.Equal((0, 1), scene.Counted);
        Assert.Equal(5, scene.World.Result(reply));
    }

    [Fact]
    public void Ask_OfTheBackground_WakesAtOnce()
    {
        using var scene = new Scene();
        scene.AskAway();
        Assert.False(scene.IsAsleep);
        Assert.Equal((0, 1), scene.Counted);
        scene.World.RunUntil(() => scene.Received.Count == 1);
    }

    /// <summary>Real cores that sleep at all moments: each message comes, though nobody else would wake its
    /// core.</summary>
    [Fact]
    public async Task Send_CoresThatSleepNowAndThen_EachComes()
    {
        const int Rounds = 400;
        await using Kernel kernel = ThreadKernel.Start();
        int received = 0;
        AgentId target = kernel.Receive((in int _, Context _) => Interlocked.Increment(ref received), core: 1);
        Capability<int> to = default;
        AgentId between = kernel.Spawn(
            new Receiver<int>((in int x, Context context) => context.Send(to, x)), 0, qos: Qos.Background);
        to = kernel.GrantTo<int>(between, target);
        Capability<int> first = kernel.Grant<int>(between);
        var random = new Random(7);
        for (int i = 1; i <= Rounds; i++)
        {
            Assert.Equal(SendResult.Sent, first.Send(i));
            ThreadKernel.Until(() => Volatile.Read(ref received) == i, $"message {i}");
            Thread.SpinWait(random.Next(4000));
            if (i % 4 == 0)
            {
                ThreadKernel.Until(() => kernel.Cores.All(static core => core.Parker.IsAnnounced), "sleep");
            }
        }

        Assert.True(kernel.ListCores()[0].Passive > 0, "core 1 never slept");
    }
}
