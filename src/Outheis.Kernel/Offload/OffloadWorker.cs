namespace Outheis;

/// <summary>One worker of the pool, for as long as its thread lives. The fields are the pool's, under its
/// lock.</summary>
internal sealed class OffloadWorker(OffloadPool pool) : IPoolWork
{
    public IPoolThread? Thread;
    public OffloadWorker? NextIdle;
    public OffloadJob? Job;          // at which it is
    public long Since;               // on the kernel's clock
    public bool IsIdle;              // on the stack of those that rest
    public bool IsComing;            // begun or signalled, and not yet at work

    public PoolStep Step()
    {
        PoolStep next = pool.Take(this, out OffloadJob? job);
        if (job is not null)
        {
            job.Work();
            pool.Finish(this, job);
        }

        return next;
    }

    public bool TryLeave() => pool.TryLeave(this);
}
