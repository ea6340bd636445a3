using System.Diagnostics;

namespace Outheis.Bench.Latency;

/// <summary>
/// When each message is to be sent, whatever the system does: a message that is sent late is late. The sender's side;
/// one thread at a time.
/// </summary>
internal sealed class Schedule(LatencyOptions options)
{
    private static readonly long Lead = Stopwatch.Frequency / 1000;      // so that the first one is not late already

    private readonly double _interval = (double)Stopwatch.Frequency / options.Rate;
    private long _start;
    private long _sent;
    private long _next;

    public bool IsOver => _sent == options.Messages;

    /// <summary>When the first message that counts is due.</summary>
    public long FirstCounted => At(options.Warm);

    public void Start() => _next = _start = Stopwatch.GetTimestamp() + Lead;

    /// <summary>Whether the next message's time has come. Reads the clock.</summary>
    public bool IsDue(out long intended)
    {
        intended = _next;
        return !IsOver && Stopwatch.GetTimestamp() >= intended;
    }

    /// <summary>That message is sent.</summary>
    public void Advance() => _next = At(++_sent);

    private long At(long index) => _start + (long)(index * _interval);
}

/// <summary>The receiver's side: how late each message came, against its intended time. One thread at a time.</summary>
internal sealed class Receipts(LatencyOptions options) : IDisposable
{
    private readonly ManualResetEventSlim _done = new();
    private long _count;
    private long _last = long.MinValue;
    private long _disorder;

    public Histogram Histogram { get; } = new();

    /// <summary>When the last one came.</summary>
    public long Ended { get; private set; }

    public void Receive(long intended)
    {
        long now = Stopwatch.GetTimestamp();
        if (intended < _last) _disorder++;
        _last = intended;
        if (_count++ >= options.Warm) Histogram.Record(now - intended);
        if (_count != options.Messages) return;
        Ended = now;
        _done.Set();
    }

    public void Dispose() => _done.Dispose();

    public void Complete(string who, TimeSpan deadline)
    {
        bool isOver = _done.Wait(deadline);
        string? wrong = !isOver ? $"{Volatile.Read(ref _count)} of {options.Messages} messages received."
            : _disorder != 0 ? $"{_disorder} messages out of order."
            : null;
        if (wrong is not null) throw new WrongResultException($"latency of {who}: {wrong}", null);
    }
}
