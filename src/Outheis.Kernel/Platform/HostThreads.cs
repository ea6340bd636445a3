namespace Outheis;

/// <summary>Threads that are no cores: where the kernel's own work goes on that must not keep a core.</summary>
internal abstract class HostThreads
{
    /// <summary>What the kernel's asynchronous work is resumed by.</summary>
    public abstract TaskScheduler Scheduler { get; }

    /// <summary>Any thread: runs an item soon, elsewhere.</summary>
    public abstract void Queue(IThreadPoolWorkItem item);

    /// <summary>A worker of its own that runs <paramref name="work"/> whenever it was signalled since.</summary>
    public abstract IWorker StartWorker(string name, Action work);

    /// <summary>Processors that this process may use.</summary>
    public abstract int Processors { get; }

    /// <summary>A thread of a pool: takes steps, rests when there is nothing to do, and ends when a rest was
    /// too long.</summary>
    public abstract IPoolThread MakePoolThread(string name, IPoolWork work, TimeSpan restMost);

    /// <summary>The calling worker's thread gives way to others from here on, where the system can do that.</summary>
    public virtual void GiveWay()
    {
    }

    /// <summary>Begins asynchronous work of the kernel; its awaits resume here.</summary>
    public Task<T> Run<T>(Func<Task<T>> work) => Task.Factory.StartNew(
        work, CancellationToken.None, TaskCreationOptions.DenyChildAttach, Scheduler).Unwrap();
}

/// <summary>Does its work in the background, one run at a time. Dispose returns when the run under way is over; none
/// follows.</summary>
internal interface IWorker : IDisposable
{
    /// <summary>Any thread: there is something to do.</summary>
    void Signal();

    /// <summary>The work itself: leaves the processor to others for a while, or until Dispose.</summary>
    void Rest(TimeSpan atMost);
}

/// <summary>The thread pool, and a thread per worker.</summary>
internal sealed class SystemHostThreads : HostThreads
{
    public static readonly SystemHostThreads Instance = new();

    public override TaskScheduler Scheduler => TaskScheduler.Default;

    public override void Queue(IThreadPoolWorkItem item) =>
        ThreadPool.UnsafeQueueUserWorkItem(item, preferLocal: false);

    public override IWorker StartWorker(string name, Action work) => new Worker(name, work);

    public override int Processors => Environment.ProcessorCount;

    public override IPoolThread MakePoolThread(string name, IPoolWork work, TimeSpan restMost) =>
        new SystemPoolThread(name, work, restMost);

    public override void GiveWay() => LowPriority.Take();

    /// <summary>Its thread begins with the first signal, so a short run never has it.</summary>
    private sealed class Worker(string name, Action work) : IWorker
    {
        private readonly AutoResetEvent _signal = new(false);
        private readonly ManualResetEvent _stop = new(false);
        private readonly Lock _gate = new();
        private Thread? _thread;      // gate to create it
        private bool _isStopping;

        public void Signal()
        {
            if (Volatile.Read(ref _thread) is null)      // A13: pairs with R13 in Begin
            {
                Begin();
            }

            _signal.Set();
        }

        public void Rest(TimeSpan atMost) => _stop.WaitOne(atMost);

        public void Dispose()
        {
            if (Volatile.Read(ref _isStopping))
            {
                return;
            }

            Volatile.Write(ref _isStopping, true);       // R12: read by A12 after the signal
            _stop.Set();
            _signal.Set();
            Thread? thread;
            lock (_gate)
            {
                thread = _thread;
            }

            thread?.Join();      // the events are left to the collector: a late signal must find its own
        }

        private void Begin()
        {
            lock (_gate)
            {
                if (_thread is null && !_isStopping)
                {
                    var thread = new Thread(Run) { IsBackground = true, Name = name };
                    thread.Start();
                    Volatile.Write(ref _thread, thread);      // R13: started. Read by A13.
                }
            }
        }

        private void Run()
        {
            while (true)
            {
                _signal.WaitOne();
                if (Volatile.Read(ref _isStopping))      // A12: pairs with R12 in Dispose
                {
                    return;
                }

                work();
            }
        }
    }
}
