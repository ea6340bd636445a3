namespace Outheis.Tests;

/// <summary>A clock that moves only when a test says so; timers fire on the thread that moves it.</summary>
internal sealed class ManualTime : TimeProvider
{
    private static readonly DateTimeOffset Epoch = new(2030, 1, 1, 0, 0, 0, TimeSpan.Zero);

    private readonly Lock _lock = new();
    private readonly List<ManualTimer> _timers = [];
    private long _now = 1;

    public override long TimestampFrequency => TimeSpan.TicksPerSecond;

    public override long GetTimestamp() => Volatile.Read(ref _now);

    public override DateTimeOffset GetUtcNow() => Epoch.AddTicks(GetTimestamp());

    public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period)
    {
        var timer = new ManualTimer(this, callback, state);
        timer.Change(dueTime, period);
        return timer;
    }

    /// <summary>Moves time on and fires what is due, timer after timer.</summary>
    public void Advance(TimeSpan by)
    {
        long to = GetTimestamp() + by.Ticks;
        while (NextDue(to) is { } timer)
        {
            timer.Fire();
        }

        Volatile.Write(ref _now, to);
    }

    /// <summary>Moves time on to the next timer, if that is due soon: then somebody waits for it.</summary>
    public void AdvanceToNext(TimeSpan within)
    {
        long next;
        lock (_lock)
        {
            next = _timers.Count == 0 ? long.MaxValue : _timers.Min(timer => timer.Due);
        }

        long wait = next - GetTimestamp();
        if (wait <= within.Ticks)
        {
            Advance(TimeSpan.FromTicks(Math.Max(0, wait)));
        }
    }

    private ManualTimer? NextDue(long to)
    {
        lock (_lock)
        {
            ManualTimer? next = _timers.Where(timer => timer.Due <= to).MinBy(timer => timer.Due);
            if (next is null)
            {
                return null;
            }

            Volatile.Write(ref _now, Math.Max(_now, next.Due));
            next.Rearm();
            return next;
        }
    }

    private sealed class ManualTimer(ManualTime time, TimerCallback callback, object? state) : ITimer
    {
        private TimeSpan _period;

        public long Due { get; private set; } = long.MaxValue;

        public bool Change(TimeSpan dueTime, TimeSpan period)
        {
            lock (time._lock)
            {
                time._timers.Remove(this);
                Due = dueTime == Timeout.InfiniteTimeSpan ? long.MaxValue : time.GetTimestamp() + dueTime.Ticks;
                _period = period;
                if (Due != long.MaxValue)
                {
                    time._timers.Add(this);
                }
            }

            return true;
        }

        /// <summary>Under the clock's lock: what comes after this firing.</summary>
        public void Rearm()
        {
            bool again = _period > TimeSpan.Zero;
            Due = again ? Due + _period.Ticks : long.MaxValue;
            if (!again)
            {
                time._timers.Remove(this);
            }
        }

        public void Fire() => callback(state);

        public void Dispose() => Change(Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);

        public ValueTask DisposeAsync()
        {
            Dispose();
            return ValueTask.CompletedTask;
        }
    }
}
