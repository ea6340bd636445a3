namespace Outheis;

/// <summary>
/// Threads for work that may block, so that no core does (GC-24). A piece of work goes to a worker that rests; where
/// none does it waits, and a watch looks at the workers: it begins one more while there are fewer than processors, or
/// when two looks in a row found fewer runnable than processors. One that has rested for long ends. Nobody looks while
/// nothing waits.
/// </summary>
/// <remarks>Everything is under one lock, held for a few steps and never while somebody's code runs, a thread begins or
/// the system is asked, but for the wake of a core that work goes home to. Cores take it to put work in; so what a
/// worker came to reaches a core by its control queue.
/// </remarks>
internal sealed class OffloadPool
{
    private readonly Kernel _kernel;
    private readonly HostThreads _threads;
    private readonly int _workersMost;
    private readonly int _queueMost;
    private readonly TimeSpan _idleMost;
    private readonly IWorker _watch;
    private readonly List<OffloadWorker> _looked = [];      // the watch's
    private readonly Lock _lock = new();
    private readonly List<OffloadWorker> _workers = [];     // these: the lock's
    private OffloadQueue _queue;
    private OffloadWorker? _idle;                           // that rested last is first
    private int _coming;                                    // of the workers: are to go on, and not yet at work
    private int _running;
    private int _workersSeen;
    private long _done;
    private long _refused;
    private int _blockedLooks;                              // the watch's
    private bool _isWatched;
    private bool _isClosed;

    public OffloadPool(Kernel kernel)
    {
        _kernel = kernel;
        _threads = kernel.Platform.Host;
        _workersMost = kernel.Options.OffloadWorkers;
        _queueMost = kernel.Options.OffloadQueue;
        _queue = new OffloadQueue(kernel.Options.FairShare);
        _idleMost = kernel.Options.OffloadIdle;
        _watch = _threads.StartWorker("outheis offload watch", Watch);      // its thread begins with the first signal
    }

    /// <summary>Any thread: how it stands.</summary>
    public OffloadInfo Describe()
    {
        lock (_lock)
        {
            return new OffloadInfo(_workers.Count, _workersSeen, _running, _queue.Count, _done, _refused);
        }
    }

    /// <summary>A core: takes the work, or says why not and has changed nothing.</summary>
    public OffloadResult TryPut(OffloadJob job)
    {
        OffloadWorker? woken;
        bool isToBeWatched;
        lock (_lock)
        {
            if (_isClosed || _queue.Count >= _queueMost)
            {
                _refused++;
                return _isClosed ? OffloadResult.Stopped : OffloadResult.Full;
            }

            _queue.Put(job);
            woken = TakeIdle();
            isToBeWatched = woken is null && !_isWatched && _workers.Count < _workersMost;
            _isWatched |= isToBeWatched;
        }

        woken?.Thread!.Signal();
        if (isToBeWatched)
        {
            _watch.Signal();
        }

        return OffloadResult.Accepted;
    }

    /// <summary>A worker: what it is to do next.</summary>
    public PoolStep Take(OffloadWorker worker, out OffloadJob? job)
    {
        lock (_lock)
        {
            if (worker.IsComing)
            {
                worker.IsComing = false;
                _coming--;
            }

            if (worker.IsIdle)
            {
                Unlink(worker);      // a signal came late: it had gone on by itself, and rested again
            }

            job = _queue.Take();
            if (job is not null)
            {
                (worker.Job, worker.Since) = (job, _kernel.Options.Time.GetTimestamp());
                _running++;
                return PoolStep.Again;
            }

            if (_isClosed)
            {
                _workers.Remove(worker);
                return PoolStep.Leave;
            }

            (worker.IsIdle, worker.NextIdle, _idle) = (true, _idle, worker);
            return PoolStep.Rest;
        }
    }

    /// <summary>A worker: its work is done; it goes home, unless the kernel has stopped meanwhile.</summary>
    public void Finish(OffloadWorker worker, OffloadJob job)
    {
        lock (_lock)
        {
            worker.Job = null;
            _running--;
            if (job.IsAbandoned)
            {
                return;
            }

            _done++;
            job.GoHome();      // under the lock: a stop that closes comes after it
        }
    }

    /// <summary>A worker that rested for long. False: it was woken at this moment.</summary>
    public bool TryLeave(OffloadWorker worker)
    {
        lock (_lock)
        {
            if (!worker.IsIdle)
            {
                return false;
            }

            Unlink(worker);
            _workers.Remove(worker);
            return true;
        }
    }

    /// <summary>The kernel's drain is over: nothing is taken any more, and whatever waits or is at work is given up.
    /// Returns how much that is. What blocks goes on by itself: nobody can end it.</summary>
    public int Close()
    {
        var left = new List<OffloadJob>();
        var resting = new List<OffloadWorker>();
        lock (_lock)
        {
            _isClosed = true;
            while (_queue.Take() is { } job)
            {
                left.Add(job);
            }

            left.AddRange(_workers.Where(static worker => worker.Job is not null).Select(static worker => worker.Job!));
            left.ForEach(static job => job.IsAbandoned = true);
            while (TakeIdle() is { } worker)
            {
                resting.Add(worker);
            }
        }

        resting.ForEach(static worker => worker.Thread!.Signal());      // they find that it is closed, and leave
        left.ForEach(static job => job.Abandon());
        _watch.Dispose();
        return left.Count;
    }

    /// <summary>The lock's holder: the worker rests no more.</summary>
    private void Unlink(OffloadWorker worker)
    {
        ref OffloadWorker? link = ref _idle;
        while (!ReferenceEquals(link, worker))
        {
            link = ref link!.NextIdle;
        }

        (link, worker.NextIdle) = (worker.NextIdle, null);
        worker.IsIdle = false;
    }

    /// <summary>The lock's holder: the worker that rested last is to go on.</summary>
    private OffloadWorker? TakeIdle()
    {
        OffloadWorker? worker = _idle;
        if (worker is not null)
        {
            (_idle, worker.NextIdle) = (worker.NextIdle, null);
            (worker.IsIdle, worker.IsComing) = (false, true);
            _coming++;
        }

        return worker;
    }

    /// <summary>The watch: begins a worker or rests, and comes again while work waits.</summary>
    private void Watch()
    {
        bool isNeeded;
        lock (_lock)
        {
            _isWatched = !_isClosed && _queue.Count > 0 && _workers.Count < _workersMost;
            if (!_isWatched)
            {
                _blockedLooks = 0;
                return;
            }

            isNeeded = _workers.Count < _threads.Processors && _queue.Count > _coming;
            _looked.Clear();
            if (_coming == 0)
            {
                _looked.AddRange(_workers);
            }
        }

        _blockedLooks = !isNeeded && _looked.Count > 0 && CountRunnable() < _threads.Processors ? _blockedLooks + 1 : 0;
        if (isNeeded || _blockedLooks == Limits.OffloadLooks)
        {
            _blockedLooks = 0;
            Begin();
        }
        else
        {
            _watch.Rest(Limits.OffloadLook);
        }

        _watch.Signal();
    }

    private int CountRunnable()
    {
        TimeProvider time = _kernel.Options.Time;
        long now = time.GetTimestamp();
        int runnable = 0;
        foreach (OffloadWorker worker in _looked)
        {
            // Where the system does not tell, whoever is long at something counts as blocked.
            bool isBlocked = worker.Thread!.IsBlocked
                ?? time.GetElapsedTime(Volatile.Read(ref worker.Since), now) >= Limits.OffloadStall;
            runnable += isBlocked ? 0 : 1;
        }

        return runnable;
    }

    private void Begin()
    {
        var worker = new OffloadWorker(this) { IsComing = true };
        worker.Thread = _threads.MakePoolThread("outheis offload", worker, _idleMost);
        lock (_lock)
        {
            _coming++;
            _workers.Add(worker);
            _workersSeen = Math.Max(_workersSeen, _workers.Count);
        }

        try
        {
            worker.Thread.Start();
        }
        catch (OutOfMemoryException)      // the system has no more threads: those that there are go on
        {
            lock (_lock)
            {
                _coming--;
                _workers.Remove(worker);
            }

            _watch.Rest(Limits.OffloadStall);
        }
    }
}
