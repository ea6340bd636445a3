using Xunit;

namespace Outheis.Tests;

/// <summary>The two lock-free lists: ops for a core, and who waits for room.</summary>
[Collection(OnThreads.Name)]
public sealed class ListTests
{
    private sealed class Op(int thread, int number) : KernelOp
    {
        public int Thread => thread;

        public int Number => number;

        public override void Run(Core core)
        {
        }
    }

    private sealed class Sleeper(List<int>? woken = null, int number = 0) : Waiter
    {
        public int Wakes;

        public override void Wake()
        {
            Interlocked.Increment(ref Wakes);
            woken?.Add(number);
        }

        public override void Run(Core core)
        {
        }
    }

    private sealed class Lists
    {
        public ControlQueue Control;
        public WaitList Waiters;
    }

    [Fact]
    public void TakeAll_SomePushed_OldestFirstAndEmptyAfterwards()
    {
        var control = new ControlQueue();
        Assert.True(control.IsEmpty);
        for (int i = 0; i < 5; i++)
        {
            control.Push(new Op(0, i));
        }

        Assert.False(control.IsEmpty);
        Assert.Equal([0, 1, 2, 3, 4], Numbers(control.TakeAll()).Select(op => op.Number));
        Assert.True(control.IsEmpty);
        Assert.Null(control.TakeAll());
    }

    [Fact]
    public void Push_ManyThreads_EachOpOnceInOrderOfItsThread()
    {
        const int Threads = 4, Each = 20_000;
        var lists = new Lists();
        int[] seen = new int[Threads];
        Action[] pushers = [.. Enumerable.Range(0, Threads).Select(t => (Action)(() =>
        {
            for (int i = 0; i < Each; i++)
            {
                lists.Control.Push(new Op(t, i));
            }
        }))];
        ThreadKernel.Together([.. pushers, () =>
        {
            while (seen.Sum() < Threads * Each)
            {
                foreach (Op op in Numbers(lists.Control.TakeAll()))
                {
                    Assert.Equal(seen[op.Thread]++, op.Number);
                }
            }
        }]);
        Assert.True(lists.Control.IsEmpty);
    }

    [Fact]
    public void WakeAll_SomeWait_WakesEachOnceInOrder()
    {
        var waiters = new WaitList();
        List<int> woken = [];
        Assert.False(waiters.Any);
        for (int i = 0; i < 4; i++)
        {
            waiters.Add(new Sleeper(woken, i));
        }

        Assert.True(waiters.Any);
        waiters.WakeAll();
        Assert.Equal([0, 1, 2, 3], woken);
        Assert.False(waiters.Any);
        waiters.WakeAll();
        Assert.Equal(4, woken.Count);
    }

    [Fact]
    public void WakeAll_WhileOthersAdd_EachIsWokenExactlyOnce()
    {
        var lists = new Lists();
        Sleeper[][] sleepers = [.. Enumerable.Range(0, 3).Select(_ =>
            Enumerable.Range(0, 20_000).Select(_ => new Sleeper()).ToArray())];
        int adding = sleepers.Length;
        Action[] adders = [.. sleepers.Select(mine => (Action)(() =>
        {
            foreach (Sleeper sleeper in mine)
            {
                lists.Waiters.Add(sleeper);
            }

            Interlocked.Decrement(ref adding);
        }))];
        ThreadKernel.Together([.. adders, () =>
        {
            while (Volatile.Read(ref adding) > 0)
            {
                lists.Waiters.WakeAll();
            }
        }]);
        lists.Waiters.WakeAll();
        Assert.All(sleepers.SelectMany(mine => mine), sleeper => Assert.Equal(1, sleeper.Wakes));
    }

    private static IEnumerable<Op> Numbers(KernelOp? op)
    {
        for (; op is not null; op = op.NextOp)
        {
            yield return (Op)op;
        }
    }
}
