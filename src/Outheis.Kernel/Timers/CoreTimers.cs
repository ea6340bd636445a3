using System.Numerics;

namespace Outheis;

/// <summary>
/// The timers of one core's agents. What a timer says waits in a cell of its own; when it is due that cell, or a copy
/// of it, goes into the agent's inbox, outside the channel's bound: at most one of each timer is there, and what falls
/// due meanwhile is counted in it (GC-16). The core only.
/// </summary>
/// <remarks>
/// A message of a timer is journaled when its agent takes it, with the count that it then has; from then on it is a
/// message like any other. Until then nothing came of it, and no later run is to be told of it.
/// </remarks>
internal sealed unsafe partial class CoreTimers
{
    private readonly Core _core;
    private readonly TimerWheel _wheel = new();
    private readonly WallTimers _wall = new();
    private readonly long _origin;              // of the wheel, on the kernel's clock
    private readonly long _clockPerTick;
    private Entry[] _entries = [];
    private int _free = TimerWheel.None;
    private int _used;

    public CoreTimers(Core core)
    {
        _core = core;
        _origin = core.Time.GetTimestamp();
        _clockPerTick = Math.Max(1, ClockOf(Limits.TimerTick));
    }

    /// <summary>Timers that are neither over nor cancelled.</summary>
    public int Count { get; private set; }

    /// <summary>Cells that hold what timers will say.</summary>
    public int CellsHeld { get; private set; }

    /// <summary>How long nothing falls due, as of a time of the kernel's clock, in whole milliseconds, since that is
    /// how long a thread can sleep; null: nothing ever will.</summary>
    public TimeSpan? DueIn(long now)
    {
        if (_core.Tap is { HasRoom: false } tap)
        {
            return tap.Refuses ? null : Limits.PollPeriod;      // nothing is said meanwhile
        }

        TimeSpan? due = _wheel.Next is not { } next ? null
            : _core.Time.GetElapsedTime(now, Math.Max(now, _origin + (next * _clockPerTick)));
        if (_wall.Next is { } wall)
        {
            // The wall clock may be set meanwhile.
            var ahead = new TimeSpan(Math.Max(0, wall - _core.Time.GetUtcNow().UtcTicks));
            TimeSpan look = ahead < Limits.WallClockLook ? ahead : Limits.WallClockLook;
            due = due < look ? due : look;
        }

        return due is not { } time ? null : TimeSpan.FromMilliseconds(Math.Ceiling(time.TotalMilliseconds));
    }

    /// <summary>Starts a timer on the kernel's clock.</summary>
    /// <param name="agent">Whose, in its turn.</param>
    /// <param name="delay">Until it is due first. Not positive: at once.</param>
    /// <param name="period">Between two times; zero: it is due once.</param>
    /// <param name="leeway">How much later it may be; null: see <see cref="LeewayFor"/>.</param>
    /// <param name="message">What it says.</param>
    public AgentTimer Start<T>(AgentCell agent, TimeSpan delay, TimeSpan period, TimeSpan? leeway, in T message)
    {
        int index = Rent(agent, in message);
        Schedule(index, delay < TimeSpan.Zero ? TimeSpan.Zero : delay, period, leeway);
        return NameOf(index);
    }

    // A delay below zero: what was due meanwhile counts.
    private void Schedule(int index, TimeSpan delay, TimeSpan period, TimeSpan? leeway)
    {
        ref Entry entry = ref _entries[index];
        entry.Period = ClockOf(period);
        entry.Due = _core.Time.GetTimestamp() - _origin + ClockOf(delay) - ClockOf(-delay);
        long most = ClockOf(leeway ?? LeewayFor(period == TimeSpan.Zero ? delay : period)) / _clockPerTick;
        entry.Leeway = Math.Min(most, entry.Period / 2 / _clockPerTick);      // GC-18
        _wheel.Put(index, Within(TickAt(entry.Due), delay <= TimeSpan.Zero ? 0 : most));
    }

    /// <summary>Starts a timer that is due once the wall clock shows a time.</summary>
    public AgentTimer StartAt<T>(AgentCell agent, DateTimeOffset when, in T message)
    {
        int index = Rent(agent, in message);
        PutOnWall(index, when.UtcTicks);
        return NameOf(index);
    }

    /// <summary>After it no message of the timer is handled any more, not even one that was due before.</summary>
    public void Cancel(AgentCell agent, AgentTimer timer)
    {
        if (Find(agent, timer) is var index and not TimerWheel.None)
        {
            End(index);
        }
    }

    /// <summary>The incarnation ends.</summary>
    public void CancelAll(AgentCell agent)
    {
        agent.Armed = null;      // the journal has them still
        while (agent.FirstTimer != TimerWheel.None)
        {
            End(agent.FirstTimer);
        }
    }

    /// <summary>What falls due from now on is counted and not said (GC-20).</summary>
    public void Suspend(AgentCell agent, AgentTimer timer)
    {
        if (Find(agent, timer) is var index and not TimerWheel.None)
        {
            _entries[index].Suspended++;
        }
    }

    /// <summary>Takes back one <see cref="Suspend"/>. After the last one, what fell due meanwhile is said in one
    /// message.</summary>
    /// <exception cref="InvalidOperationException">It is not suspended.</exception>
    public void Resume(AgentCell agent, AgentTimer timer)
    {
        int index = Find(agent, timer);
        if (index == TimerWheel.None)
        {
            return;
        }

        ref Entry entry = ref _entries[index];
        if (entry.Suspended == 0)
        {
            throw new InvalidOperationException(
                $"{agent.Name} resumed a timer more often than it suspended it: each Resume takes back one Suspend.");
        }

        if (--entry.Suspended == 0 && entry.Missed > 0)
        {
            Say(index, 0);
        }
    }

    /// <summary>Says what is due. Returns how much; as much as <see cref="Limits.TimersPerPass"/> says that there may
    /// be more. Where the journal has no room, or the kernel stops, it is counted and not said.</summary>
    public int Run(long now)
    {
        int said = 0;
        if (_core.Kernel.IsStopping || _core.Tap is { HasRoom: false })
        {
            return 0;
        }

        int index;
        long tick = (now - _origin) / _clockPerTick;
        while (said < Limits.TimersPerPass && (index = _wheel.TakeDue(tick)) != TimerWheel.None)
        {
            said++;
            FallDue(index, now - _origin);
        }

        long utc = _wall.Next is null ? 0 : _core.Time.GetUtcNow().UtcTicks;
        while (said < Limits.TimersPerPass && _wall.TryTake(utc, out AgentTimer timer))
        {
            said++;
            if (_entries[timer.Index].Generation == timer.Generation)
            {
                _entries[timer.Index].IsWall = false;
                Tell(timer.Index, 1);
            }
            else
            {
                _wall.NoteGone();
            }
        }

        return said;
    }

    /// <summary>An agent takes the message of a timer: journals it. False: it was dropped, since the timer was
    /// cancelled or the journal has no room; then it will be said again.</summary>
    public bool TryTake(AgentCell agent, Message* message)
    {
        if (!IsPending(agent, message))
        {
            Drop(message);
            return false;
        }

        int index = new AgentTimer(message->Timer).Index;
        _entries[index].Pending = null;
        DurableTimer? durable = _entries[index].Durable;
        if (_core.Tap is { } tap)
        {
            object? reference = message->Has(MessageFlags.Reference) ? _core.Cells.LookAtReference(message) : null;
            if (!Route.Of(message->Route).TryJournal(tap, message, reference, durable?.Position ?? 0))
            {
                TakeBack(index, message);
                return false;
            }
        }

        message->Flags &= ~MessageFlags.Timer;      // whatever becomes of it now is told, as of any message
        if (durable is not null)
        {
            NoteTaken(agent, durable, (long)message->Labels);
        }

        if (_entries[index].Template == null)
        {
            Return(index);      // it is due once, and that was it
        }

        return true;
    }

    /// <summary>A tenth of the time, but a millisecond at least and a minute at most (GC-19).</summary>
    private static TimeSpan LeewayFor(TimeSpan time) => time <= Limits.LeewayLeast * 10 ? Limits.LeewayLeast
        : time >= Limits.LeewayMost * 10 ? Limits.LeewayMost : time / 10;

    /// <summary>The roundest time that is early enough: timers that may be due together are (GC-18).</summary>
    private static long Within(long due, long leeway)
    {
        if (leeway <= 0 || due <= 0)
        {
            return due;
        }

        long latest = leeway > long.MaxValue - due ? long.MaxValue : due + leeway;
        int bit = BitOperations.Log2((ulong)((due - 1) ^ latest));
        return latest >> bit << bit;
    }

    // In units of the kernel's clock, never less than the time; what is longer than centuries is cut.
    private long ClockOf(TimeSpan time)
    {
        if (time <= TimeSpan.Zero)
        {
            return 0;
        }

        (long perUnit, long rest) = Math.DivRem(_core.Time.TimestampFrequency, TimeSpan.TicksPerSecond);
        if (rest == 0)
        {
            return time.Ticks > long.MaxValue / 4 / perUnit ? long.MaxValue / 4 : time.Ticks * perUnit;
        }

        Int128 clock = (((Int128)time.Ticks * _core.Time.TimestampFrequency) + TimeSpan.TicksPerSecond - 1)
            / TimeSpan.TicksPerSecond;
        return clock > long.MaxValue / 4 ? long.MaxValue / 4 : (long)clock;
    }

    // Never early: a tick that has begun does not count.
    private long TickAt(long clock) => (clock + _clockPerTick - 1) / _clockPerTick;

    private void FallDue(int index, long now)
    {
        ref Entry entry = ref _entries[index];
        long times = 1;
        if (entry.Period > 0)
        {
            times += Math.Max(0, now - entry.Due) / entry.Period;
            entry.Due += times * entry.Period;
            _wheel.Put(index, Within(TickAt(entry.Due), entry.Leeway));
        }

        Tell(index, times);
    }

    private void Tell(int index, long times)
    {
        ref Entry entry = ref _entries[index];
        if (entry.Suspended > 0)
        {
            entry.Missed += times;
        }
        else
        {
            Say(index, times);
        }
    }

    private void Say(int index, long times)
    {
        ref Entry entry = ref _entries[index];
        times += entry.Missed;
        entry.Missed = 0;
        if (entry.Pending != null)
        {
            entry.Pending->Labels += (ulong)times;
            return;
        }

        Message* message = entry.Template;
        if (entry.Period == 0)
        {
            entry.Template = null;
            CellsHeld--;
        }
        else
        {
            message = CopyOf(message);
        }

        message->Labels = (ulong)times;
        message->Chain = _core.NextChain();
        entry.Pending = message;
        _core.Put(entry.Agent!, message);
    }

    // No room in the journal: what was said has not been. A timer that is due once is due again soon.
    private void TakeBack(int index, Message* message)
    {
        ref Entry entry = ref _entries[index];
        entry.Missed += (long)message->Labels;
        if (entry.Period > 0)
        {
            Drop(message);
            return;
        }

        entry.Missed--;
        entry.Template = message;
        CellsHeld++;
        _wheel.Put(index, _wheel.Now + (Limits.PollPeriod.Ticks / Limits.TimerTick.Ticks) + 1);
    }

    private Message* CopyOf(Message* template)
    {
        Message* copy = _core.Cells.Rent();
        Message.CopyBody(template, copy);
        if (template->Has(MessageFlags.Reference))
        {
            object carried = _core.Cells.LookAtReference(template);
            _core.Cells.PutReference(copy, Route.Of(template->Route).CopyCarried(carried));
        }

        return copy;
    }
}
