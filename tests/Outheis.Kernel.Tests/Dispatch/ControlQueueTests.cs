using FsCheck.Xunit;
using Xunit;

namespace Outheis.Tests;

/// <summary>Ops for a core against a queue. Its order per thread is in <see cref="ListTests"/>.</summary>
[Collection(OnThreads.Name)]
public sealed class ControlQueueTests
{
    private sealed class Op(int number) : KernelOp
    {
        public int Number => number;

        public override void Run(Core core)
        {
        }
    }

    [Property(MaxTest = 200, EndSize = 200)]
    public bool ControlQueue_AnySteps_EqualsAQueue(byte[] steps)
    {
        var control = new ControlQueue();
        var model = new Queue<int>();
        int next = 0;
        foreach (byte step in steps)
        {
            if (step % 4 != 0)
            {
                control.Push(new Op(next));
                model.Enqueue(next++);
            }
            else if (!Drain(control.TakeAll(), model))
            {
                return false;
            }

            if (control.IsEmpty != (model.Count == 0))
            {
                return false;
            }
        }

        return true;

        static bool Drain(KernelOp? op, Queue<int> model)
        {
            while (op is Op taken && model.TryDequeue(out int expected) && taken.Number == expected)
            {
                op = op.NextOp;
            }

            return op is null && model.Count == 0;
        }
    }

    [Fact]
    public void Push_AnOpThatWasTaken_EndsTheNewList()
    {
        var control = new ControlQueue();
        var first = new Op(1);
        control.Push(first);
        control.Push(new Op(2));
        Assert.Same(first, control.TakeAll());
        Assert.NotNull(first.NextOp);
        control.Push(first);      // as an agent's cell that is restarted
        Assert.Same(first, control.TakeAll());
        Assert.Null(first.NextOp);
    }

    private sealed class Shared
    {
        public ControlQueue Control;
        public int Pushed;
    }

    /// <summary>
    /// One pushes, one takes, as close together as they can be, in rounds so that both run at the same time.
    /// </summary>
    [Fact]
    public void Threads_TakeAllAgainstPush_NoOpIsLostNorTakenTwice()
    {
        const int Rounds = 10, Each = 40_000;
        var shared = new Shared();
        Op[] ops = [.. Enumerable.Range(0, Each).Select(i => new Op(i))];
        using var step = new Barrier(2);
        int lost = 0;
        ThreadKernel.Together(
            () => Repeat(Rounds, step, () =>
            {
                foreach (Op op in ops)
                {
                    shared.Control.Push(op);
                }

                Volatile.Write(ref shared.Pushed, 1);
            }),
            () => Repeat(Rounds, step, () =>
            {
                lost += Each - TakeUntilPushed(shared);
                shared.Pushed = 0;
            }));
        Assert.Equal(0, lost);
    }

    /// <summary>One op lies there, another comes at the moment of the taking.</summary>
    [Fact]
    public void Threads_OnePushMeetsOneTake_BothOpsAreThere()
    {
        const int Rounds = 50_000;
        var shared = new Shared();
        var meeting = new Rendezvous(2);
        Op first = new(1), second = new(2);
        int lost = 0;
        ThreadKernel.Together(
            () =>
            {
                var random = new Random(1);
                for (int i = 0; i < Rounds; i++)
                {
                    meeting.Meet(random);
                    shared.Control.Push(second);
                    meeting.Meet(random);
                }
            },
            () =>
            {
                var random = new Random(2);
                for (int i = 0; i < Rounds; i++)
                {
                    shared.Control.Push(first);
                    meeting.Meet(random);
                    int taken = Count(shared.Control.TakeAll());
                    meeting.Meet(random);
                    lost += 2 - taken - Count(shared.Control.TakeAll());
                }
            });
        Assert.Equal(0, lost);

        static int Count(KernelOp? op)
        {
            int ops = 0;
            for (; op is not null; op = op.NextOp)
            {
                ops++;
            }

            return ops;
        }
    }

    private static void Repeat(int rounds, Barrier step, Action action)
    {
        for (int i = 0; i < rounds; i++)
        {
            Assert.True(step.SignalAndWait(ThreadKernel.Patience));
            action();
        }
    }

    private static int TakeUntilPushed(Shared shared)
    {
        int taken = 0;
        bool isLast;
        do
        {
            isLast = Volatile.Read(ref shared.Pushed) != 0;
            for (KernelOp? op = shared.Control.TakeAll(); op is not null; op = op.NextOp)
            {
                taken++;
            }
        }
        while (!isLast);
        return taken;
    }
}
