namespace Outheis.Testing.Tests.Disk;

/// <summary>A journal's preparer without a thread: it works when the test says so, or not before the lane must do the
/// work itself.</summary>
internal sealed class PreparerByHand : HostThreads
{
    private readonly List<Worker> _workers = [];

    public override TaskScheduler Scheduler => throw new NotSupportedException("a journal needs none");

    public override void Queue(IThreadPoolWorkItem item) => throw new NotSupportedException("a journal needs none");

    public override IWorker StartWorker(string name, Action work)
    {
        var worker = new Worker(work);
        _workers.Add(worker);
        return worker;
    }

    /// <summary>Some of those that were signalled do their work now.</summary>
    public void Run(Choices choices)
    {
        _workers.RemoveAll(static worker => worker.IsDisposed);
        foreach (Worker worker in _workers.Where(worker => worker.IsSignalled && choices.Draw(2) == 0))
        {
            worker.Run();
        }
    }

    /// <summary>All that were signalled do their work, until none is.</summary>
    public void RunAll()
    {
        _workers.RemoveAll(static worker => worker.IsDisposed);
        while (_workers.Find(static worker => worker.IsSignalled) is { } worker)
        {
            worker.Run();
        }
    }

    private sealed class Worker(Action work) : IWorker
    {
        public bool IsSignalled { get; private set; }

        public bool IsDisposed { get; private set; }

        public void Signal() => IsSignalled = true;

        public void Dispose() => IsDisposed = true;

        public void Run()
        {
            IsSignalled = false;
            work();
        }
    }
}
