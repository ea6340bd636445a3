namespace Outheis;

/// <summary>
/// What other threads reach of a core: how to hand it something, and how to wake it. Rarely written, so senders read
/// it from their own cache; what the core's thread works with lies behind the gap.
/// </summary>
internal abstract class CoreFace : IDisposable
{
    public readonly Kernel Kernel;
    public readonly int Index;
    public readonly CoreRing?[] In;           // by source core; null for itself
    public readonly CoreRing?[] Out;          // by target core; null for itself
    public readonly Ingress Ingress = new();
    public readonly Parker Parker;
    public readonly ReplyTable Replies;       // others look whether an ask is still current
    public readonly long Made;                // by the clock of CoreThreads
    public long Wakes;                        // times that somebody had to wake this core
    public ControlQueue Control;
    public WaitList IngressWaiters;
    protected CacheGap Gap;

    private int _isJournalFull;

    protected CoreFace(Kernel kernel, int index, int cores)
    {
        Kernel = kernel;
        Index = index;
        In = new CoreRing?[cores];
        Out = new CoreRing?[cores];
        CoreThreads threads = kernel.Platform.Threads;
        Parker = new Parker(threads.Fence, threads.MakeSleeper());
        Made = threads.Clock.GetTimestamp();
        Replies = new ReplyTable((Core)this);
    }

    /// <summary>The core.</summary>
    protected void TellJournalFull(bool isFull)
    {
        if (IsJournalFull != isFull)
        {
            Volatile.Write(ref _isJournalFull, isFull ? 1 : 0);      // R32. Read by A32.
        }
    }

    /// <summary>Messages, replies and signals that it sent to other cores.</summary>
    public long SentAway => Out.Sum(static ring => ring?.Sent ?? 0);

    /// <summary>Any thread: what stands first in the ingress waits for room in the journal.</summary>
    public bool IsJournalFull => Volatile.Read(ref _isJournalFull) != 0;      // A32

    /// <summary>Any thread: whether something from outside would find a free slot now.</summary>
    public bool CanEnter => !IsJournalFull && Ingress.HasRoom;

    public abstract void Dispose();

    /// <summary>Any thread: hands the core an op and wakes it.</summary>
    public void Post(KernelOp op)
    {
        Control.Push(op);
        Interference.At(Moment.Published);
        Wake();
    }

    /// <summary>As <see cref="Post"/>, for callers that may hold a lock of their own, such as whoever completes what an
    /// agent awaits: nobody's step may come in between.</summary>
    public void PostUninterrupted(KernelOp op)
    {
        Control.Push(op);
        Wake();
    }

    /// <summary>Any thread, after it published something for this core. True if the core slept.</summary>
    public bool Wake()
    {
        bool slept = Parker.Wake();
        if (slept)
        {
            Interlocked.Increment(ref Wakes);
        }

        return slept;
    }
}
