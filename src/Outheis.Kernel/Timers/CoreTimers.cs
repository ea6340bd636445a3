using System.Numerics;

namespace Outheis;

/// <summary>
/// The timers of one core's agents. What a timer says waits in a cell of its own; when it is due that cell, or a copy
/// of it, goes into the agent's inbox, outside the channel's bound: at most one of each timer is there, and what falls
/// due meanwhile is counted in it (GC-16). The core only.
/// </summary>
/// <remarks>
/// A message of a timer is journaled when its agent takes it, with the count that it then has. Until then nothing came
/// of it, and no later run is to be told of it.
/// </remarks>
internal sealed unsafe partial class CoreTimers
{
    private readonly Core _core;
    private readonly TimerWheel _wheel = new();
    private readonly PriorityQueue<AgentTimer, long> _wall = new();      // by UTC ticks; cancelled ones leave when due
    private readonly long _origin;                                       // of the wheel, on the kernel's clock
    private readonly long _clockPerTick;
    private Entry[] _entries = [];
    private int _free = TimerWheel.None;
    private int _used;

    public CoreTimers(Core core)
    {
        _core = core;
        _origin = core.Time.GetTimestamp();
        _clockPerTick = Math.Max(1, (long)(Limits.TimerTick.TotalSeconds * core.Time.TimestampFrequency));
    }

    /// <summary>Timers that are neither over nor cancelled.</summary>
    public int Count { get; private set; }

    /// <summary>How long nothing falls due, as of a time of the kernel's clock; null: nothing ever will.</summary>
    public TimeSpan? DueIn(long now)
    {
        TimeSpan? wheel = _wheel.Next is not { } next ? null
            : _core.Time.GetElapsedTime(now, Math.Max(now, _origin + (next * _clockPerTick)));
        if (_wall.Count == 0)
        {
            return wheel;
        }

        // The wall clock may be set meanwhile.
        TimeSpan look = Limits.WallClockLook;
        return wheel < look ? wheel : look;
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
        ref Entry entry = ref _entries[index];
        long now = _core.Time.GetTimestamp() - _origin;
        entry.Period = period == TimeSpan.Zero ? 0 : Math.Max(1, ClockOf(period) / _clockPerTick);
        entry.Due = CeilingOfTicks(now, delay);
        long most = (leeway ?? LeewayFor(period == TimeSpan.Zero ? delay : period)).Ticks / Limits.TimerTick.Ticks;
        entry.Leeway = entry.Period == 0 ? most : Math.Min(most, entry.Period / 2);      // GC-18
        _wheel.Put(index, Within(entry.Due, most));
        return new AgentTimer(index, entry.Generation);
    }

    /// <summary>Starts a timer that is due once the wall clock shows a time.</summary>
    public AgentTimer StartAt<T>(AgentCell agent, DateTimeOffset when, in T message)
    {
        int index = Rent(agent, in message);
        var timer = new AgentTimer(index, _entries[index].Generation);
        _wall.Enqueue(timer, when.UtcTicks);
        return timer;
    }

    /// <summary>After it no message of the timer is handled any more, not even one that was due before.</summary>
    public void Cancel(AgentCell agent, AgentTimer timer)
    {
        if (IsOf(agent, timer))
        {
            End(timer.Index);
        }
    }

    /// <summary>The incarnation ends.</summary>
    public void CancelAll(AgentCell agent)
    {
        while (agent.FirstTimer != TimerWheel.None)
        {
            End(agent.FirstTimer);
        }
    }

    /// <summary>What falls due from now on is counted and not said (GC-20).</summary>
    public void Suspend(AgentCell agent, AgentTimer timer)
    {
        if (IsOf(agent, timer))
        {
            _entries[timer.Index].Suspended++;
        }
    }

    /// <summary>Takes back one <see cref="Suspend"/>. After the last one, what fell due meanwhile is said in one
    /// message.</summary>
    /// <exception cref="InvalidOperationException">It is not suspended.</exception>
    public void Resume(AgentCell agent, AgentTimer timer)
    {
        if (!IsOf(agent, timer))
        {
            return;
        }

        ref Entry entry = ref _entries[timer.Index];
        if (entry.Suspended == 0)
        {
            throw new InvalidOperationException(
                $"{agent.Name} resumed a timer more often than it suspended it: each Resume takes back one Suspend.");
        }

        if (--entry.Suspended == 0 && entry.Missed > 0)
        {
            long missed = entry.Missed;
            entry.Missed = 0;
            Say(timer.Index, missed);
        }
    }

    /// <summary>Says what is due. Returns how much; as much as <see cref="Limits.TimersPerPass"/> says that there may
    /// be more.</summary>
    public int Run(long now)
    {
        int said = 0;
        long tick = (now - _origin) / _clockPerTick;
        if (_core.Tap is { HasRoom: false })
        {
            return 0;      // it is counted meanwhile
        }

        int index;
        while (said < Limits.TimersPerPass && (index = _wheel.TakeDue(tick)) != TimerWheel.None)
        {
            said++;
            FallDue(index, tick);
        }

        return _wall.Count == 0 ? said : said + RunWall();
    }

    /// <summary>An agent takes the message of a timer: journals it. False: the timer was cancelled, and the message was
    /// dropped.</summary>
    public bool TryTake(AgentCell agent, Message* message)
    {
        var timer = new AgentTimer(message->Timer);
        Route route = Route.Of(message->Route);
        if (!IsOf(agent, timer) || _entries[timer.Index].Pending != message)
        {
            Drop(message);
            return false;
        }

        _entries[timer.Index].Pending = null;
        if (_entries[timer.Index].Template == null)
        {
            Return(timer.Index);      // it is due once, and that was it
        }

        if (_core.Tap is { } tap)
        {
            object? reference = message->Has(MessageFlags.Reference) ? _core.Cells.LookAtReference(message) : null;
            if (!route.TryJournal(tap, message, reference))
            {
                message->Position = tap.AppendWithoutContent(message);      // it was due while there was room
            }
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

    private long ClockOf(TimeSpan time)
    {
        double clock = time.TotalSeconds * _core.Time.TimestampFrequency;
        return clock >= long.MaxValue / 2 ? long.MaxValue / 2 : (long)clock;
    }

    // Never early: a tick that has begun does not count.
    private long CeilingOfTicks(long now, TimeSpan delay) =>
        delay <= TimeSpan.Zero ? now / _clockPerTick : (now + ClockOf(delay) + _clockPerTick - 1) / _clockPerTick;

    private void FallDue(int index, long tick)
    {
        ref Entry entry = ref _entries[index];
        long times = 1;
        if (entry.Period > 0)
        {
            times += Math.Max(0, tick - entry.Due) / entry.Period;
            entry.Due += times * entry.Period;
            _wheel.Put(index, Within(entry.Due, entry.Leeway));
        }

        Tell(index, times);
    }

    private int RunWall()
    {
        int said = 0;
        long now = _core.Time.GetUtcNow().UtcTicks;
        while (said < Limits.TimersPerPass && _wall.TryPeek(out AgentTimer timer, out long due) && due <= now)
        {
            _wall.Dequeue();
            if (_entries[timer.Index].Generation == timer.Generation)
            {
                said++;
                Tell(timer.Index, 1);
            }
        }

        return said;
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
        if (entry.Pending != null)
        {
            entry.Pending->Labels += (ulong)times;
            return;
        }

        AgentCell agent = entry.Agent!;
        Message* message = entry.Template;
        if (entry.Period == 0)
        {
            entry.Template = null;
        }
        else
        {
            message = CopyOf(message);
        }

        message->Labels = (ulong)times;
        message->Chain = _core.NextChain();
        entry.Pending = message;
        _core.Put(agent, message);
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
