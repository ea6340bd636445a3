using System.Diagnostics;
using Outheis.Testing;
using Xunit;

namespace Outheis.Tests;

/// <summary>The real kernel on one thread, under a seed, with time that stands still until it is advanced.</summary>
internal sealed class StepKernel : IDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);      // real time; only a hang takes that long

    private readonly StepThreads _threads;
    private bool _isStopped;

    public StepKernel(
        int seed = 1, int cores = 2, int capacity = Limits.ChannelMessages, IJournalDisk? disk = null,
        MessageCodecs? codecs = null, Durability durability = Durability.Buffered,
        int snapshotEvery = Limits.SnapshotEvery, JournalRetention? retention = null, bool recordInputs = false,
        string? directory = null, int offloadWorkers = Limits.OffloadWorkers, int offloadQueue = Limits.OffloadQueue,
        int fairShare = Limits.FairShare)
    {
        Seed = seed;
        _threads = new StepThreads(seed);
        var options = new KernelOptions
        {
            Cores = cores,
            ChannelCapacity = capacity,
            Time = Time,
            Seed = (ulong)seed,
            JournalDirectory = disk is null ? null : directory ?? Journal.Journals.Path,
            SegmentBytes = Journal.Journals.SmallSegment,
            Codecs = codecs ?? new MessageCodecs(),
            Durability = durability,
            SnapshotEvery = snapshotEvery,
            Retention = retention ?? JournalRetention.KeepAll,
            RecordInputs = recordInputs,
            OffloadWorkers = offloadWorkers,
            OffloadQueue = offloadQueue,
            Balance = CoreBalance.Off,
            FairShare = fairShare,
            Unsupervised = Failures.Add,
        };
        Kernel = new Kernel(
            options, new Platform(_threads, SystemHostThreads.Instance, disk ?? SystemJournalDisk.Instance));
    }

    public int Seed { get; }

    public Kernel Kernel { get; }

    public VirtualTime Time { get; } = new();

    /// <summary>Ends of agents that nobody supervises.</summary>
    public List<ExitSignal> Failures { get; } = [];

    /// <summary>Hears which core the watch wants another thread to have, and says whether one has it.</summary>
    public Func<Core, bool> Taking { set => _threads.Taking = value; }

    /// <summary>Which of the cores that are asleep somebody wakes, in that order; all are awake again then.</summary>
    public List<int> WokenBy(Action act, params ReadOnlySpan<int> asleep)
    {
        foreach (int core in asleep)
        {
            CoreAt(core).Parker.Announce();
        }

        _threads.Woken.Clear();
        act();
        foreach (int core in asleep)
        {
            CoreAt(core).Parker.Cancel();
        }

        return [.. _threads.Woken];
    }

    public Core CoreAt(int index) => Kernel.Cores[index];

    /// <summary>One pass of this core and no other.</summary>
    public int Pass(int core) => StepThreads.Pass(CoreAt(core));

    /// <summary>One pass of a random core.</summary>
    public int Step() => _threads.Step();

    /// <summary>Runs until no core has anything to do.</summary>
    public void Run()
    {
        long start = Stopwatch.GetTimestamp();
        while (_threads.StepAll() > 0)
        {
            Assert.True(Stopwatch.GetElapsedTime(start) < Patience, $"never quiet, seed={Seed}");
        }
    }

    /// <summary>Runs until the condition holds, also when it takes other threads to make it so.</summary>
    public void RunUntil(Func<bool> condition, string what = "condition")
    {
        long start = Stopwatch.GetTimestamp();
        while (!condition())
        {
            if (_threads.StepAll() == 0)
            {
                Thread.Yield();
            }

            Assert.True(Stopwatch.GetElapsedTime(start) < Patience, $"{what} never came, seed={Seed}");
        }
    }

    public T Result<T>(ValueTask<T> task) => Result(task.AsTask());

    public T Result<T>(Task<T> task)
    {
        RunUntil(() => task.IsCompleted);
        return task.GetAwaiter().GetResult();
    }

    public void Wait(Task task)
    {
        RunUntil(() => task.IsCompleted);
        task.GetAwaiter().GetResult();
    }

    /// <summary>Time goes by in small steps while the cores run.</summary>
    public void Advance(TimeSpan by)
    {
        TimeSpan grain = TimeSpan.FromMilliseconds(5);
        for (TimeSpan left = by; left > TimeSpan.Zero; left -= grain)
        {
            Time.AdvanceBy(left < grain ? left : grain);
            Run();
        }
    }

    /// <summary>Stops the kernel. Its drain pauses for a millisecond between two looks, and time goes on only then: the
    /// pool threads that it runs on may be slow.</summary>
    public StopReport Stop(TimeSpan? deadline = null)
    {
        return Stopped(Kernel.StopAsync(deadline));
    }

    /// <summary>The end of a stop that has begun.</summary>
    public StopReport Stopped(Task<StopReport> stop)
    {
        _isStopped = true;
        RunUntil(() =>
        {
            if (Time.NextDue is { } next && next - Time.Now <= TimeSpan.FromMilliseconds(1))
            {
                Time.AdvanceTo(next);
            }

            return stop.IsCompleted;
        });
        return stop.Result;
    }

    /// <summary>Lets go of the kernel as a killed process does.</summary>
    public void Abandon()
    {
        _isStopped = true;
        Kernel.Abandon();
    }

    public void Dispose()
    {
        if (!_isStopped)
        {
            Stop();
        }

        Assert.DoesNotContain(Failures, failure => failure.Reason.Exception is Xunit.Sdk.IAssertionException);
    }
}
