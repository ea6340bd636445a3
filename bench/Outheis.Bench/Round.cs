using System.Diagnostics;

namespace Outheis.Bench;

/// <summary>
/// One load, armed by the runner and reported by the receivers. The clock stops at the last report, so waking
/// the runner's thread is not part of a measurement. Armed only between loads: parties read it, they never
/// race with Arm.
/// </summary>
internal sealed class Round(Shape shape) : IDisposable
{
    private const int IndexBits = 40;     // a packed start: how many started above, the sum of indexes below

    private readonly ManualResetEventSlim _done = new(false);
    private long _count;
    private long _checksum;
    private long _disorder;
    private long _starts;
    private int _missing;
    private long _beganTicks;
    private long _endedTicks;
    private long _beganBytes;
    private long _endedBytes;                     // 0: nobody called Stop
    private Exception? _failure;

    public Shape Shape => shape;

    public long Operations { get; private set; }

    public long Laps { get; private set; }

    public TimeSpan Elapsed => Stopwatch.GetElapsedTime(_beganTicks, _endedTicks);

    /// <summary>
    /// Managed bytes that the process allocated; to be asked for once, when the round is complete.
    /// </summary>
    public long TakeAllocatedBytes() =>
        (_endedBytes == 0 ? GC.GetTotalAllocatedBytes(precise: true) : _endedBytes) - _beganBytes;

    public void Arm(long operations)
    {
        _done.Reset();
        _count = _checksum = _disorder = _starts = _endedTicks = 0;
        _missing = shape.Reporters;
        _failure = null;
        Operations = operations;
        Laps = shape.Kind == ShapeKind.Ring ? shape.Laps(operations) : 0;
        _endedBytes = 0;
        _beganBytes = GC.GetTotalAllocatedBytes(precise: true);
        _beganTicks = Stopwatch.GetTimestamp();
    }

    /// <summary>
    /// Stops the clock, and the count of bytes, before the checking of what is not checked on the way.
    /// </summary>
    public void Stop()
    {
        _endedTicks = Stopwatch.GetTimestamp();
        _endedBytes = GC.GetTotalAllocatedBytes(precise: true);
    }

    /// <summary>Any thread, once per party and round, after it has seen its last message.</summary>
    public void Report(long count, long checksum, long disorder)
    {
        Interlocked.Add(ref _count, count);
        Interlocked.Add(ref _checksum, checksum);
        Interlocked.Add(ref _disorder, disorder);
        if (Interlocked.Decrement(ref _missing) == 0) End();
    }

    /// <summary>
    /// Any thread: agent number <paramref name="index"/> has started. One atomic, as it is timed.
    /// </summary>
    public void Started(long index)
    {
        long starts = Interlocked.Add(ref _starts, (1L << IndexBits) + index);
        if (starts >> IndexBits != Operations) return;
        _count = starts >> IndexBits;
        _checksum = starts & ((1L << IndexBits) - 1);
        End();
    }

    public void Fail(Exception failure)
    {
        _failure = failure;
        _done.Set();
    }

    /// <summary>
    /// Waits for all reports and checks them. Returns the checksum, or throws what was wrong.
    /// </summary>
    public long Complete(string who, TimeSpan deadline)
    {
        if (!_done.Wait(deadline))
        {
            int missing = Volatile.Read(ref _missing);
            throw Wrong($"not over after {deadline.TotalSeconds:0} s; "
                + $"{missing} of {shape.Reporters} receivers have not reported.");
        }
        long count = shape.ExpectedCount(Operations), checksum = shape.ExpectedChecksum(Operations);
        if (_failure is not null) throw Wrong(_failure.Message);
        if (_count != count) throw Wrong($"{_count} messages received, {count} sent.");
        if (_disorder != 0) throw Wrong($"{_disorder} messages out of order.");
        if (_checksum != checksum) throw Wrong($"checksum {_checksum}, expected {checksum}.");
        return _checksum;

        WrongResultException Wrong(string what) => new($"{shape.Name} on {who}: {what}", _failure);
    }

    public void Dispose() => _done.Dispose();

    private void End()
    {
        if (_endedTicks == 0) _endedTicks = Stopwatch.GetTimestamp();
        _done.Set();
    }
}

/// <summary>What a system delivered is not what was sent.</summary>
internal sealed class WrongResultException(string message, Exception? inner) : Exception(message, inner);
