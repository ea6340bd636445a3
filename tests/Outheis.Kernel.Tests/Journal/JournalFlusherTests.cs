using Outheis.Testing;
using Xunit;

namespace Outheis.Tests.Journal;

/// <summary>Who is told by whom that the disk has it.</summary>
public sealed class JournalFlusherTests
{
    private const int Warmup = 100;
    private const int Measured = 1000;
    private const int RuntimeBytes = 512;

    /// <summary>Does nothing unless it is told to.</summary>
    private sealed class ManualThreads : HostThreads
    {
        private readonly Queue<IThreadPoolWorkItem> _queue = [];
        private Action? _work;

        public override TaskScheduler Scheduler => TaskScheduler.Default;

        public override int Processors => 1;

        public override void Queue(IThreadPoolWorkItem item) => _queue.Enqueue(item);

        public override IWorker StartWorker(string name, Action work)
        {
            _work = work;
            return new Unsignaled();
        }

        public override IPoolThread MakePoolThread(string name, IPoolWork work, TimeSpan restMost) =>
            throw new NotSupportedException();

        public void Work() => _work!();

        public void RunPool()
        {
            while (_queue.TryDequeue(out IThreadPoolWorkItem? item))
            {
                item.Execute();
            }
        }

        private sealed class Unsignaled : IWorker
        {
            public void Signal()
            {
            }

            public void Rest(TimeSpan atMost)
            {
            }

            public void Dispose()
            {
            }
        }
    }

    private sealed class Inside(List<int> told, int number) : FlushWaiter
    {
        public override void Complete(JournalException? failure) => told.Add(number);

        public override void Run(Core core) => throw new NotSupportedException();
    }

    private sealed class Outside : FlushGuest
    {
        public int Told { get; private set; }

        public JournalException? Failure { get; private set; }

        public override void Complete(JournalException? failure)
        {
            Failure = failure;
            Told++;
        }

        public override void TellEnd(JournalException? failure) => Complete(failure);

        public override void Run(Core core) => throw new NotSupportedException();
    }

    private readonly ManualThreads _threads = new();
    private readonly JournalFlusher _flusher;

    public JournalFlusherTests() => _flusher = new JournalFlusher([], _threads, static _ => { });

    [Fact]
    public void Work_SomebodyOutsideIsNotToldYet_TheNextFlushGoesOn()
    {
        var outside = new Outside();
        List<int> told = [];
        _flusher.Add(outside);
        _threads.Work();
        _flusher.Add(new Inside(told, 1));
        _threads.Work();
        Assert.Equal(2, _flusher.Flushes);
        Assert.Equal([1], told);
        Assert.Equal(0, outside.Told);
        _threads.RunPool();
        Assert.Equal(1, outside.Told);
    }

    [Fact]
    public void Work_OfTheCores_ToldInTheOrderInWhichTheyCame()
    {
        List<int> told = [];
        for (int i = 0; i < 10; i++)
        {
            _flusher.Add(new Inside(told, i));
        }

        _threads.Work();
        Assert.Equal(Enumerable.Range(0, 10), told);
        Assert.Equal(1, _flusher.Flushes);
    }

    [Fact]
    public void Work_TwoFlushesForSomebodyOutside_EachIsToldOnce()
    {
        Outside[] outside = [new(), new(), new()];
        _flusher.Add(outside[0]);
        _threads.Work();
        _flusher.Add(outside[1]);
        _flusher.Add(outside[2]);
        _threads.Work();
        _threads.RunPool();
        Assert.All(outside, static one => Assert.Equal(1, one.Told));
    }

    [Fact]
    public void End_AFlushWasForSomebodyWhoIsNotToldYet_HearsWhatBecameOfIt()
    {
        Outside[] outside = [new(), new()];
        Assert.All(outside, one => Assert.True(_flusher.TryAdmit(one, out _)));
        _flusher.Add(outside[0]);
        _threads.Work();
        _flusher.Stop();
        var failure = new JournalException("The end.");
        _flusher.End(failure);
        _threads.RunPool();
        Assert.All(outside, static one => Assert.Equal(1, one.Told));
        Assert.Null(outside[0].Failure);
        Assert.Same(failure, outside[1].Failure);
    }

    [Fact]
    public void Work_TheNextFlushFails_WhoeverIsNotToldOfTheOneBeforeHearsOfThatOne()
    {
        var disk = new SimulatedDisk();
        using JournalDirectory journal = Journals.Open(disk);
        var flusher = new JournalFlusher([journal.Lane(0)], _threads, static _ => { });
        Outside[] outside = [new(), new()];
        journal.Lane(0).Append(0);
        flusher.Add(outside[0]);
        _threads.Work();
        journal.Lane(0).Append(1);
        disk.FailSyncs();
        flusher.Add(outside[1]);
        _threads.Work();
        _threads.RunPool();
        Assert.All(outside, static one => Assert.Equal(1, one.Told));
        Assert.Null(outside[0].Failure);
        Assert.NotNull(outside[1].Failure);
    }

    [Fact]
    public void Work_AgainAndAgain_AllocatesNothing()
    {
        var outside = new Outside();
        Flush(outside, Warmup);
        Assert.InRange(Allocated.Least(() => Flush(outside, Measured)), 0, RuntimeBytes);
    }

    private void Flush(Outside outside, int times)
    {
        for (int i = 0; i < times; i++)
        {
            _flusher.Add(outside);
            _threads.Work();
            _threads.RunPool();
        }
    }
}
