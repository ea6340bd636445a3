namespace Outheis.Testing;

/// <summary>A timer that somebody has armed on a <see cref="VirtualTime"/>.</summary>
/// <param name="Due">When it fires next, on that clock since its start.</param>
/// <param name="Period">How often after that; null: once.</param>
public readonly record struct PendingTimer(TimeSpan Due, TimeSpan? Period);

/// <summary>
/// A clock that stands still until it is moved. Timers fire on the thread that moves it, in the order in which they are
/// due, each at its own time.
/// </summary>
/// <remarks>Any thread may read it and arm timers; one at a time moves it. Ticks are of 100 ns.</remarks>
public sealed class VirtualTime : TimeProvider
{
    private static readonly DateTimeOffset Epoch = new(2030, 1, 1, 0, 0, 0, TimeSpan.Zero);

    private readonly Lock _lock = new();
    private readonly List<Timer> _armed = [];      // in the order of arming: the tie-break of equal times
    private long _now;
    private long _wallOffset;

    /// <inheritdoc/>
    public override long TimestampFrequency => TimeSpan.TicksPerSecond;

    /// <inheritdoc/>
    public override TimeZoneInfo LocalTimeZone => TimeZoneInfo.Utc;

    /// <summary>Time since the clock's start.</summary>
    public TimeSpan Now => new(Volatile.Read(ref _now));

    /// <summary>Every timer that will fire, the next one first.</summary>
    public IReadOnlyList<PendingTimer> Timers
    {
        get
        {
            lock (_lock)
            {
                return [.. _armed.OrderBy(static timer => timer.Due).Select(static timer => new PendingTimer(
                    new TimeSpan(timer.Due), timer.Period > TimeSpan.Zero ? timer.Period : null))];
            }
        }
    }

    /// <summary>When the next timer fires; null if none is armed.</summary>
    public TimeSpan? NextDue
    {
        get
        {
            lock (_lock)
            {
                return _armed.Count == 0 ? null : new TimeSpan(_armed.Min(static timer => timer.Due));
            }
        }
    }

    // Never 0: the kernel reads 0 as "not yet read".
    /// <inheritdoc/>
    public override long GetTimestamp() => Volatile.Read(ref _now) + 1;

    /// <inheritdoc/>
    public override DateTimeOffset GetUtcNow() =>
        Epoch.AddTicks(Volatile.Read(ref _now) + Volatile.Read(ref _wallOffset));

    /// <inheritdoc/>
    public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period)
    {
        var timer = new Timer(this, callback, state);
        timer.Change(dueTime, period);
        return timer;
    }

    /// <summary>Moves time on and fires what is due on the way.</summary>
    /// <param name="to">Since the clock's start; the past is ignored.</param>
    public void AdvanceTo(TimeSpan to)
    {
        while (TakeDue(to.Ticks) is { } timer)
        {
            timer.Fire();
        }

        Volatile.Write(ref _now, Math.Max(_now, to.Ticks));
    }

    /// <summary>Moves time on and fires what is due on the way.</summary>
    /// <param name="by">0 or more.</param>
    public void AdvanceBy(TimeSpan by) => AdvanceTo(Now + by);

    /// <summary>Time goes by within somebody's code: what is due meanwhile fires when time is moved the next
    /// time.</summary>
    internal void Pass(TimeSpan by) => Interlocked.Add(ref _now, by.Ticks);

    /// <summary>Sets the wall clock forward or back, as an administrator or a time server does. Timers and
    /// timestamps do not notice.</summary>
    /// <param name="by">How far.</param>
    public void JumpWallClock(TimeSpan by) => Interlocked.Add(ref _wallOffset, by.Ticks);

    private Timer? TakeDue(long to)
    {
        lock (_lock)
        {
            Timer? next = _armed.Where(timer => timer.Due <= to).MinBy(static timer => timer.Due);
            if (next is not null)
            {
                Volatile.Write(ref _now, Math.Max(_now, next.Due));
                next.Rearm();
            }

            return next;
        }
    }

    private sealed class Timer(VirtualTime time, TimerCallback callback, object? state) : ITimer
    {
        private bool _isDisposed;      // the clock's lock

        public long Due { get; private set; }

        public TimeSpan Period { get; private set; }

        public bool Change(TimeSpan dueTime, TimeSpan period)
        {
            lock (time._lock)
            {
                if (_isDisposed)
                {
                    return false;
                }

                time._armed.Remove(this);
                Period = period;
                if (dueTime != Timeout.InfiniteTimeSpan)
                {
                    Due = time._now + dueTime.Ticks;
                    time._armed.Add(this);
                }
            }

            return true;
        }

        /// <summary>Under the clock's lock: what comes after this firing.</summary>
        public void Rearm()
        {
            time._armed.Remove(this);
            if (Period > TimeSpan.Zero)
            {
                Due += Period.Ticks;
                time._armed.Add(this);
            }
        }

        public void Fire() => callback(state);

        public void Dispose()
        {
            lock (time._lock)
            {
                time._armed.Remove(this);
                _isDisposed = true;
            }
        }

        public ValueTask DisposeAsync()
        {
            Dispose();
            return ValueTask.CompletedTask;
        }
    }
}
