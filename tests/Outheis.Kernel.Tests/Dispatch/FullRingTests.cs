using Xunit;

namespace Outheis.Tests;

/// <summary>Two cores that are full towards each other, on real threads (INV-04, LW-22).</summary>
[Collection(OnThreads.Name)]
public sealed class FullRingTests
{
    private const int Messages = 8 * Limits.RingSlots;

    private sealed class Pair(Barrier met) : Agent, IHandle<bool>, IHandle<int>
    {
        private int _received;

        public Capability<int> Other { get; set; }

        public int Received => Volatile.Read(ref _received);

        public bool WasInOrder { get; private set; } = true;

        /// <summary>Both are in their handlers, so neither core drains; then each sends more than a ring
        /// holds.</summary>
        public void Handle(in bool message, Context context)
        {
            met.SignalAndWait(ThreadKernel.Patience);
            for (int i = 0; i < Messages; i++)
            {
                Assert.Equal(SendResult.Sent, context.Send(Other, i));
            }

            met.SignalAndWait(ThreadKernel.Patience);      // until both have: neither ring was drained meanwhile
        }

        public void Handle(in int message, Context context)
        {
            WasInOrder &= message == _received;
            Volatile.Write(ref _received, _received + 1);
        }
    }

    [Fact]
    public async Task Send_TwoCoresFullTowardsEachOtherFromHandlers_BothFinish()
    {
        var failures = new List<ExitSignal>();
        await using Kernel kernel = ThreadKernel.Start(
            capacity: 2 * Messages, failed: failures.Add, turnBudget: Timeout.InfiniteTimeSpan);
        using var met = new Barrier(2);
        Pair[] pair = [new(met), new(met)];
        AgentId[] ids = [kernel.Spawn(pair[0], core: 0), kernel.Spawn(pair[1], core: 1)];
        for (int i = 0; i < 2; i++)
        {
            pair[i].Other = kernel.GrantTo<int>(ids[i], ids[1 - i]);
        }

        Array.ForEach(ids, id => kernel.Grant<bool>(id).Send(true));
        ThreadKernel.Until(() => pair.All(static one => one.Received == Messages), "every message of both");
        Assert.All(pair, static one => Assert.True(one.WasInOrder));
        Assert.All(
            kernel.ListCores(), static core => Assert.Equal(Messages - Limits.RingSlots, core.RingFull));
        Assert.Empty(failures);
    }
}
