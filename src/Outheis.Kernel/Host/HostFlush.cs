using Microsoft.Extensions.ObjectPool;

namespace Outheis;

/// <summary>Somebody on the host's side who waits for a flush.</summary>
internal interface IAwaitsFlush
{
    /// <summary>Once. Null: durable.</summary>
    void Flushed(JournalException? failure);
}

/// <summary>
/// Brings the host's wish for durability to where it can be fulfilled: to each core whose ingress may hold what is
/// meant, until that core has journaled it, then to the flusher.
/// </summary>
internal sealed class HostFlush : FlushGuest
{
    private static readonly ObjectPool<HostFlush> Pool = new DefaultObjectPool<HostFlush>(new Policy(), 1024);

    private IAwaitsFlush _owner = null!;
    private Kernel _kernel = null!;
    private int _last;       // core to visit
    private long _until;     // ingress position to wait for at the present core; -1: has just arrived there

    /// <summary>What came through this core's ingress so far.</summary>
    public static void Start(Core core, IAwaitsFlush owner) => Start(core.Kernel, core.Index, core.Index, owner);

    /// <summary>What came through any ingress so far.</summary>
    public static void Start(Kernel kernel, IAwaitsFlush owner) => Start(kernel, 0, kernel.Cores.Length - 1, owner);

    /// <summary>What is in the lanes already.</summary>
    public static void StartWritten(Kernel kernel, IAwaitsFlush owner)
    {
        if (TryBegin(kernel, owner) is { } flush)
        {
            kernel.Flusher!.Add(flush);
        }
    }

    public override void Run(Core core)
    {
        if (_until < 0)
        {
            _until = core.Ingress.Claimed;
        }

        if (core.Ingress.Drained < _until || core.HasUnentered)
        {
            core.Defer(this);
        }
        else
        {
            core.Tap!.Flush();
            GoOn(core);
        }
    }

    private void GoOn(Core core)
    {
        if (core.Index < _last)
        {
            _until = -1;
            _kernel.Cores[core.Index + 1].Post(this);
        }
        else
        {
            _kernel.Flusher!.Add(this);
        }
    }

    public override void Complete(JournalException? failure)
    {
        IAwaitsFlush owner = _owner;
        (_owner, _kernel) = (null!, null!);
        Pool.Return(this);
        owner.Flushed(failure);
    }

    // Never pooled again.
    public override void TellEnd(JournalException? failure) => _owner.Flushed(failure);

    private static void Start(Kernel kernel, int first, int last, IAwaitsFlush owner)
    {
        if (TryBegin(kernel, owner) is { } flush)
        {
            flush._last = last;
            kernel.Cores[first].Post(flush);
        }
    }

    // Null: the kernel has ended, and the owner been told.
    private static HostFlush? TryBegin(Kernel kernel, IAwaitsFlush owner)
    {
        HostFlush flush = Pool.Get();
        (flush._owner, flush._kernel, flush._until) = (owner, kernel, -1);
        if (kernel.Flusher!.TryAdmit(flush, out JournalException? ending))
        {
            return flush;
        }

        owner.Flushed(ending);
        return null;
    }

    private sealed class Policy : PooledObjectPolicy<HostFlush>
    {
        public override HostFlush Create() => new();

        public override bool Return(HostFlush obj) => true;
    }
}

/// <summary>A flush for its own sake.</summary>
internal sealed class HostFlushed(HostThreads threads) : IAwaitsFlush, IThreadPoolWorkItem
{
    private readonly TaskCompletionSource _done = new();
    private JournalException? _failure;

    public Task Task => _done.Task;

    public void Flushed(JournalException? failure)
    {
        _failure = failure;
        threads.Queue(this);      // what awaits it must keep neither a core nor others whom the same flush was for
    }

    void IThreadPoolWorkItem.Execute()
    {
        if (_failure is { } failure)
        {
            _done.TrySetException(failure);
        }
        else
        {
            _done.TrySetResult();
        }
    }
}

/// <summary>Tells a core that no message can be durable any more, where all are to be.</summary>
internal sealed class RefuseMessages : KernelOp
{
    public override void Run(Core core) => core.Tap!.RefuseMessages();
}
