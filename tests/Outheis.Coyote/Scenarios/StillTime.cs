namespace Outheis.Coyote;

/// <summary>A clock that a scenario sets, and the one timer on it, which a scenario fires.</summary>
internal sealed class StillTime : TimeProvider, ITimer
{
    private long _now = 1;
    private int _isOn;
    private Action _due = static () => { };

    public override long TimestampFrequency => TimeSpan.TicksPerSecond;

    public bool IsTimerOn => Volatile.Read(ref _isOn) != 0;

    public override long GetTimestamp() => Volatile.Read(ref _now);

    public override DateTimeOffset GetUtcNow() => new(2030, 1, 1, 0, 0, 0, TimeSpan.Zero);

    public void Set(long now) => Volatile.Write(ref _now, now);

    /// <summary>The timer is due, if it is on.</summary>
    public void Fire()
    {
        if (IsTimerOn)
        {
            _due();
        }
    }

    public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period)
    {
        _due = () => callback(state);
        Change(dueTime, period);
        return this;
    }

    public bool Change(TimeSpan dueTime, TimeSpan period)
    {
        Volatile.Write(ref _isOn, dueTime == Timeout.InfiniteTimeSpan ? 0 : 1);
        return true;
    }

    public void Dispose()
    {
    }

    public ValueTask DisposeAsync() => ValueTask.CompletedTask;
}
