namespace Outheis;

/// <summary>Work for a core that is not a message: start, restart or stop an agent, resume an await, a
/// fence.</summary>
internal abstract class KernelOp
{
    internal KernelOp? NextOp;

    /// <summary>Runs on the core's thread, between turns.</summary>
    public abstract void Run(Core core);
}

/// <summary>
/// Ops from any thread to one core, in order per thread. Unbounded by itself: each op belongs to an agent, an
/// ask or a waiting send, and each of those has at most one or two under way.
/// </summary>
internal struct ControlQueue
{
    private KernelOp? _top;

    public readonly bool IsEmpty => Volatile.Read(in _top) is null;

    public void Push(KernelOp op)
    {
        KernelOp? top = Volatile.Read(ref _top);
        while (true)
        {
            op.NextOp = top;
            // R1: the op's fields before the op. Read by A1 in TakeAll.
            KernelOp? seen = Interlocked.CompareExchange(ref _top, op, top);
            if (ReferenceEquals(seen, top))
            {
                return;
            }

            top = seen;
        }
    }

    /// <summary>For looking only, while nobody is at work: the newest of those that nobody has taken.</summary>
    public readonly KernelOp? Newest => _top;

    /// <summary>All ops pushed so far, oldest first, linked by <see cref="KernelOp.NextOp"/>. The core
    /// only.</summary>
    public KernelOp? TakeAll()
    {
        if (IsEmpty)
        {
            return null;
        }

        KernelOp? newest = Interlocked.Exchange(ref _top, null);      // A1: seeing R1 means seeing the op's fields.
        KernelOp? oldest = null;
        while (newest is not null)
        {
            (newest.NextOp, oldest, newest) = (oldest, newest, newest.NextOp);
        }

        return oldest;
    }
}
