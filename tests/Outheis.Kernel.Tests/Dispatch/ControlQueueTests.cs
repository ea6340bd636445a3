using FsCheck.Xunit;
using Xunit;

namespace Outheis.Tests;

/// <summary>Ops for a core against a queue. What threads do to it is in <see cref="ListTests"/>.</summary>
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
}
