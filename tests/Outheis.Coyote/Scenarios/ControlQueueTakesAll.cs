namespace Outheis.Coyote;

/// <summary>Two threads push ops while the core takes: each op is taken once, in the order of its thread
/// (<see cref="ControlQueue"/>).</summary>
internal sealed class ControlQueueTakesAll : Scenario
{
    private const int Each = 2;

    private ControlQueue _queue;
    private readonly int[] _taken = new int[2];

    public override void Run() => Together(() => Push(0), () => Push(1), () =>
    {
        Take();
        Take();
    });

    public override void Check()
    {
        Take();
        Claim(_queue.IsEmpty, "nothing is left");
        Claim(_taken is [Each, Each], $"{_taken[0]} and {_taken[1]} of {Each} and {Each} ops were taken");
    }

    private void Push(int thread)
    {
        for (int i = 0; i < Each; i++)
        {
            _queue.Push(new Op(thread, i));
        }
    }

    private void Take()
    {
        KernelOp? next;
        for (KernelOp? op = _queue.TakeAll(); op is not null; op = next)
        {
            next = op.NextOp;
            op.NextOp = null;
            var taken = (Op)op;
            int before = _taken[taken.Thread]++;
            Claim(taken.Index == before, $"op {taken.Index} of {taken.Thread} after {before} of it");
        }
    }

    private sealed class Op(int thread, int index) : KernelOp
    {
        public int Thread { get; } = thread;

        public int Index { get; } = index;

        public override void Run(Core core)
        {
        }
    }
}
