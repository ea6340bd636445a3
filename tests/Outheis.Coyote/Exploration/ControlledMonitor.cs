using Microsoft.Coyote.Runtime;

namespace Outheis.Coyote;

/// <summary>
/// Stands in for <see cref="Monitor"/> in the rewritten kernel (<see cref="Preparation"/>) where it waits for a limited
/// time, which Coyote would take for ever. Time is no part of a schedule: such a wait is always over without a pulse,
/// at any moment. A pulse that comes before that moment is one that came too late.
/// </summary>
public static class ControlledMonitor
{
    public static bool Wait(object monitor, TimeSpan atMost)
    {
        if (atMost == Timeout.InfiniteTimeSpan)
        {
            return Monitor.Wait(monitor);
        }

        Monitor.Exit(monitor);
        SchedulingPoint.Interleave();
        Monitor.Enter(monitor);
        return false;
    }
}
