namespace Outheis;

/// <summary>Which timers are due at which times of the wall clock, which can be set: so a heap and no wheel. One
/// thread.</summary>
internal sealed class WallTimers
{
    private const int GoneWorthASweep = 64;

    private readonly PriorityQueue<AgentTimer, (long Due, long Number)> _due = new();      // of one time in order
    private long _number;
    private int _gone;      // in the heap, and cancelled

    /// <summary>The earliest time, in UTC ticks, cancelled timers included; null: there is none.</summary>
    public long? Next => _due.TryPeek(out _, out (long Due, long Number) first) ? first.Due : null;

    public void Add(AgentTimer timer, long utcTicks) => _due.Enqueue(timer, (utcTicks, ++_number));

    /// <summary>Takes one that is due by then; it may have been cancelled.</summary>
    public bool TryTake(long utcTicks, out AgentTimer timer) =>
        _due.TryPeek(out timer, out (long Due, long Number) first) && first.Due <= utcTicks
        && _due.TryDequeue(out timer, out _);

    /// <summary>One that was taken had been cancelled.</summary>
    public void NoteGone() => _gone--;

    /// <summary>One that is in was cancelled: when half of them are, they go.</summary>
    public void Cancel(Predicate<AgentTimer> lives)
    {
        if (++_gone < GoneWorthASweep || _gone < _due.Count / 2)
        {
            return;
        }

        (AgentTimer Timer, (long, long) Due)[] left = [.. _due.UnorderedItems.Where(one => lives(one.Element))];
        _due.Clear();
        _due.EnqueueRange(left);
        _gone = 0;
    }
}
