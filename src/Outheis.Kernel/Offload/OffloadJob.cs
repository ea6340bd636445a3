namespace Outheis;

/// <summary>
/// One piece of offloaded work: queued, then run by a worker, then an op of its agent's core, where it becomes what the
/// agent hears. Who has it owns it: the queue, the worker, the core; the pool's lock and the control queue hand it on.
/// </summary>
internal abstract class OffloadJob : KernelOp
{
    public OffloadJob? NextJob;            // in the queue
    public OffloadScope Scope = null!;
    public Qos Qos;
    public bool IsAbandoned;               // pool's lock: the kernel stopped; whatever it comes to, it never arrives
    protected Exception? Fault;

    /// <summary>What fires in it.</summary>
    protected abstract CancellationToken Token { get; }

    /// <summary>A worker: runs it, wherever that leads. Whoever waits for it no more is spared.</summary>
    public void Work()
    {
        try
        {
            Token.ThrowIfCancellationRequested();
            if (!IsWanted)
            {
                throw new OperationCanceledException(
                    $"The incarnation of {Scope.Agent.Name} that offloaded it has ended.");
            }

            Execute();
        }
        catch (Exception failure)      // whatever it is: its agent is told
        {
            Fault = failure;
        }
    }

    /// <summary>The kernel stopped while it was queued or at work: tells who waits for it.</summary>
    public abstract void Abandon();

    /// <summary>The pool's lock's holder: what it came to goes where it is waited for.</summary>
    public virtual void GoHome() => Scope.Core.PostUninterrupted(this);

    /// <summary>Whether anybody waits for it.</summary>
    protected virtual bool IsWanted => !Scope.IsOver;

    protected abstract void Execute();
}
