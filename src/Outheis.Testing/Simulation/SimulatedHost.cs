namespace Outheis.Testing;

/// <summary>
/// The threads outside the kernel, of which a simulation has none: what would run on the thread pool, in the background
/// or after an await waits here until the simulation runs it, on its own thread, in an order that it draws.
/// </summary>
internal sealed class SimulatedHost : HostThreads
{
    private readonly Lock _lock = new();      // a foreign thread may hand something in: it is told off, not let loose
    private readonly List<Action> _waiting = [];
    private readonly List<Worker> _workers = [];
    private readonly QueueScheduler _scheduler;
    private readonly int _thread = Environment.CurrentManagedThreadId;

    public SimulatedHost()
    {
        _scheduler = new QueueScheduler(this);
        Context = new HostContext(this);
    }

    public override TaskScheduler Scheduler => _scheduler;

    /// <summary>What code of the host awaits in; brings its continuations here.</summary>
    public SynchronizationContext Context { get; }

    /// <summary>Something came from a thread that the simulation does not know.</summary>
    public bool IsDisturbed { get; private set; }

    /// <summary>Things that can be run now.</summary>
    public int Count
    {
        get
        {
            lock (_lock)
            {
                return _waiting.Count;
            }
        }
    }

    public override void Queue(IThreadPoolWorkItem item) => Add(item.Execute);

    public override IWorker StartWorker(string name, Action work)
    {
        var worker = new Worker(this, work);
        _workers.Add(worker);
        return worker;
    }

    /// <summary>As many as the smallest machine has, so that a seed does the same everywhere.</summary>
    public override int Processors => 2;

    public override IPoolThread MakePoolThread(string name, IPoolWork work, TimeSpan restMost) =>
        new PoolThread(this, work);

    /// <summary>Runs the n-th of what waits.</summary>
    public void RunOne(int index)
    {
        Action work;
        lock (_lock)
        {
            work = _waiting[index];
            _waiting.RemoveAt(index);
        }

        work();
    }

    private void Add(Action work)
    {
        lock (_lock)
        {
            IsDisturbed |= Environment.CurrentManagedThreadId != _thread;
            _waiting.Add(work);
        }
    }

    private sealed class Worker(SimulatedHost host, Action work) : IWorker
    {
        private bool _isSignaled;
        private bool _isStopped;

        public void Signal()
        {
            if (!_isSignaled && !_isStopped)
            {
                _isSignaled = true;
                host.Add(Run);
            }
        }

        public void Rest(TimeSpan atMost)
        {
            // one thread, whose time stands still meanwhile
        }

        public void Dispose() => _isStopped = true;

        private void Run()
        {
            _isSignaled = false;
            if (!_isStopped)
            {
                work();
            }
        }
    }

    /// <summary>A step at a time, for ever. Nothing blocks on one thread.</summary>
    private sealed class PoolThread(SimulatedHost host, IPoolWork work) : IPoolThread
    {
        public bool? IsBlocked => false;

        public void Start() => host.Add(Step);

        public void Signal() => host.Add(Step);

        private void Step()
        {
            if (work.Step() == PoolStep.Again)
            {
                host.Add(Step);
            }
        }
    }

    private sealed class HostContext(SimulatedHost host) : SynchronizationContext
    {
        public override void Post(SendOrPostCallback d, object? state) => host.Add(() => d(state));

        public override void Send(SendOrPostCallback d, object? state) => d(state);

        public override SynchronizationContext CreateCopy() => this;
    }

    private sealed class QueueScheduler(SimulatedHost host) : TaskScheduler
    {
        protected override void QueueTask(Task task) => host.Add(() => TryExecuteTask(task));

        protected override bool TryExecuteTaskInline(Task task, bool taskWasPreviouslyQueued) => false;

        protected override IEnumerable<Task> GetScheduledTasks() => [];
    }
}
