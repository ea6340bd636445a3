namespace Outheis.Testing.Tests.Disk;

/// <summary>A journal's preparer without a thread: it works when the test says so, or not before the lane must do the
/// work itself.</summary>
internal sealed class PreparerByHand : HostThreads
{
    private readonly List<Worker> _workers = [];

    public override TaskScheduler Scheduler => throw new NotSupportedException("a journal needs none");

    public override void Queue(IThreadPoolWorkItem item) => throw new NotSupportedException("a journal needs none");

    public override int Processors => 1;

    public override IPoolThread MakePoolThread(string name, IPoolWork work, TimeSpan restMost) =>
        throw new NotSupportedException("a journal needs none");

    public override IWorker StartWorker(string name, Action work)
    {
        var worker = new Worker(this, work);
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

    /// <summary>The first that was signalled does its work once.</summary>
    public void RunOne() => _workers.Find(static worker => worker.IsSignalled)!.Run();

    /// <summary>All that were signalled do their work, until none is.</summary>
    public void RunAll()
    {
        _workers.RemoveAll(static worker => worker.IsDisposed);
        while (_workers.Find(static worker => worker.IsSignalled) is { } worker)
        {
            worker.Run();
        }
    }

    /// <summary>How long its work left the processor to others.</summary>
    public TimeSpan Rested { get; private set; }

    private sealed class Worker(PreparerByHand host, Action work) : IWorker
    {
        public bool IsSignalled { get; private set; }

        public bool IsDisposed { get; private set; }

        public void Signal() => IsSignalled = true;

        public void Rest(TimeSpan atMost) => host.Rested += atMost;

        public void Dispose() => IsDisposed = true;

        public void Run()
        {
            IsSignalled = false;
            work();
        }
    }
}
