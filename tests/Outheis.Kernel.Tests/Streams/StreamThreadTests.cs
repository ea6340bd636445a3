using System.Runtime.CompilerServices;
using Xunit;

namespace Outheis.Tests.Streams;

/// <summary>Streams on real threads, and what an item costs.</summary>
[Collection(OnThreads.Name)]
public sealed class StreamThreadTests
{
    private const int Items = 200_000;

    private static async IAsyncEnumerable<long> Count([EnumeratorCancellation] CancellationToken token)
    {
        for (long i = 1; !token.IsCancellationRequested; i++)
        {
            yield return i;
        }

        await Task.CompletedTask;
    }

    [Theory, InlineData(1, 1), InlineData(1, 32), InlineData(2, 1), InlineData(2, 32)]
    public async Task Stream_BetweenAgents_ComesWholeAndInOrder(int cores, int window)
    {
        await using Kernel kernel = ThreadKernel.Start(cores);
        var done = new TaskCompletionSource<long>(TaskCreationOptions.RunContinuationsAsynchronously);
        AgentId producer = kernel.Spawn(new Producer<int, long>(static (_, _, token) => Count(token)), core: cores - 1);
        AgentId consumer = kernel.Spawn(new Puppet(), core: 0);
        StreamCapability<int, long> from = kernel.GrantStreamTo<int, long>(consumer, producer);
        kernel.DoAsync(consumer, async context =>
        {
            long last = 0;
            await foreach (long item in context.StreamAsync(from, 0, window))
            {
                if (item != ++last || last == Items)
                {
                    break;
                }
            }

            done.SetResult(last);
        });
        Assert.Equal(Items, await done.Task.WaitAsync(ThreadKernel.Patience));
        ThreadKernel.Until(
            () => kernel.ListAgents().All(static agent => agent.State == AgentState.Idle), "the producer's end");
    }

    [Theory, InlineData(1), InlineData(32)]
    public async Task Stream_ToTheHost_ComesWholeAndInOrder(int window)
    {
        await using Kernel kernel = ThreadKernel.Start();
        StreamCapability<int, long> from = kernel.GrantStream<int, long>(
            kernel.Spawn(new Producer<int, long>(static (_, _, token) => Count(token)), core: 1));
        long[] last = await Task.WhenAll(Enumerable.Range(0, 3).Select(_ => Task.Run(async () =>
        {
            long last = 0;
            await foreach (long item in from.StreamAsync(0, window, ThreadKernel.Patience))
            {
                if (item != ++last || last == Items / 20)
                {
                    break;
                }
            }

            return last;
        }))).WaitAsync(ThreadKernel.Patience);
        Assert.All(last, static one => Assert.Equal(Items / 20, one));
    }

    [Theory, InlineData(0, 1), InlineData(0, 32), InlineData(1, 1), InlineData(1, 32)]
    public void Item_AllocatesNothing(int core, int window)
    {
        using var world = new StepKernel();
        AgentId producer = world.Kernel.Spawn(
            new Producer<int, long>(static (_, _, token) => Count(token)), core);
        AgentId consumer = world.Kernel.Spawn(new Puppet(), core: 0);
        StreamCapability<int, long> from = world.Kernel.GrantStreamTo<int, long>(consumer, producer);
        long taken = 0;
        world.Kernel.DoAsync(consumer, async (context, token) =>
        {
            await foreach (long item in context.StreamAsync(from, 0, window).WithCancellation(token))
            {
                taken = item;
            }
        });
        StepUntil(20_000);
        long before = GC.GetAllocatedBytesForCurrentThread();
        StepUntil(40_000);
        Assert.Equal(0, GC.GetAllocatedBytesForCurrentThread() - before);
        _ = world.Kernel.StopAgentAsync(consumer);
        world.Run();

        void StepUntil(long target)
        {
            for (int steps = 0; taken < target; steps++)
            {
                Assert.True(steps < 10_000_000, "nothing moves");
                world.Step();
            }
        }
    }
}
