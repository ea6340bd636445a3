using System.Diagnostics;

namespace Outheis;

/// <summary>
/// Looks at what the cores are at while any of them is awake: ends passes that have gone on for long, and so the turn
/// that each is in, names handlers that do not return, and has the core of one that does not for very long driven by
/// another thread. Twice in a turn's budget, and every <see cref="Limits.TurnLook"/> while a turn goes on. The cores
/// pay nothing for it but a look when they wake, and where every processor has a core, the time of each look.
/// </summary>
internal sealed class TurnWatch : IDisposable
{
    private readonly Kernel _kernel;
    private readonly TimeSpan _budget;
    private readonly TimeSpan _patience;
    private readonly bool _looksAtTurns;
    private readonly TimeSpan _pause;
    private readonly IWorker? _worker;
    private readonly Queue<TurnOverrun> _overruns = new();      // guarded by itself
    private Sight[] _sights = [];
    private long _lastLook;
    private int _isLooking;
    private bool _isOver;

    public TurnWatch(Kernel kernel)
    {
        _kernel = kernel;
        _budget = kernel.Options.TurnBudget;
        _patience = _budget > Limits.TakeOverAfter ? _budget : Limits.TakeOverAfter;
        _looksAtTurns = _budget != Timeout.InfiniteTimeSpan;
        // the balancer looks after whole periods: a rest that ends a little early must not cost it one
        _pause = _looksAtTurns ? PauseOf(_budget) : Limits.BalancePeriod / 4;
        Rest = _pause;
        if (_looksAtTurns || kernel.Options.Balance != CoreBalance.Off)
        {
            _worker = kernel.Platform.Host.StartWorker("outheis watch", Watch);
        }
    }

    /// <summary>Until the next look.</summary>
    public TimeSpan Rest { get; private set; }

    /// <summary>Null: agents stay where they are.</summary>
    public Balancer? Balancer { get; private set; }

    /// <summary>The cores are there, and no thread of theirs yet.</summary>
    public void BeginBalance(CoreBalance how) => Balancer = how == CoreBalance.Off ? null : new Balancer(_kernel, how);

    /// <summary>A core's thread, when its sleep is over.</summary>
    public void NoteAwake()
    {
        Interlocked.MemoryBarrier();      // F14: sleep is over BEFORE the look whether anybody looks. Pairs with F13.
        if (Volatile.Read(ref _isLooking) == 0)
        {
            _worker?.Signal();
        }
    }

    public IReadOnlyList<TurnOverrun> List()
    {
        lock (_overruns)
        {
            return [.. _overruns];
        }
    }

    /// <summary>Between two looks while no turn goes on: half a budget, within bounds.</summary>
    public static TimeSpan PauseOf(TimeSpan budget) =>
        new(Math.Clamp(budget.Ticks / 2, Limits.TurnLook.Ticks, Limits.TurnLookMost.Ticks));

    /// <summary>Returns when the look under way is over; none follows.</summary>
    public void Dispose()
    {
        Volatile.Write(ref _isOver, true);
        _worker?.Dispose();
    }

    private void Watch()
    {
        BeginLooking();
        TimeSpan asleep = TimeSpan.Zero;
        while (!Volatile.Read(ref _isOver))
        {
            asleep = IsAnyAwake() ? TimeSpan.Zero : asleep + Rest;
            if (asleep > Limits.WatchLinger && TryRest())
            {
                return;
            }

            long now = _kernel.Platform.Threads.Clock.GetTimestamp();
            Balancer?.Look(now);
            if (_looksAtTurns)
            {
                Look(now);
            }

            _worker!.Rest(Rest);
        }
    }

    /// <summary>Looks no more, unless a core is awake; it will tell when it wakes.</summary>
    public bool TryRest()
    {
        Volatile.Write(ref _isLooking, 0);
        Interlocked.MemoryBarrier();      // F13: nobody looks BEFORE the last look at the sleepers. Pairs with F14.
        if (!IsAnyAwake())
        {
            return true;
        }

        BeginLooking();
        return false;
    }

    public void BeginLooking() => Volatile.Write(ref _isLooking, 1);

    private bool IsAnyAwake() => Array.Exists(_kernel.Cores, static core => !core.Parker.IsAnnounced);

    /// <summary>One look at all cores. The clock is that of <see cref="CoreThreads"/>.</summary>
    public void Look(long now)
    {
        if (_sights.Length == 0)
        {
            _sights = new Sight[_kernel.Cores.Length];
            _lastLook = now;
        }

        // This thread, too, may have been kept waiting, or the whole process: that is no handler's time.
        TimeSpan since = _kernel.Platform.Threads.Clock.GetElapsedTime(_lastLook, now);
        TimeSpan most = Rest + Limits.TurnLook;
        since = since < most ? since : most;
        (_lastLook, Rest) = (now, _pause);
        if (Debugger.IsAttached)
        {
            return;
        }

        for (int i = 0; i < _sights.Length; i++)
        {
            if (IsInTurn(_kernel.Cores[i], ref _sights[i], since))
            {
                Rest = Limits.TurnLook;
            }
        }
    }

    /// <summary>Whether the core is in the turn that it was in at the last look.</summary>
    private bool IsInTurn(Core core, ref Sight last, TimeSpan since)
    {
        Sight now = Sight.Of(core);
        bool isAsleep = core.Parker.IsAnnounced;
        if (!isAsleep && now.Passes == last.Passes)
        {
            (now.InPass, now.IsNudged) = (last.InPass + since, last.IsNudged);
            NudgeIfDue(core, ref now);
        }

        bool isInTurn = now.Agent is not null && !isAsleep && now.IsTurnOf(in last);
        if (isInTurn && now.Begun == last.Begun)
        {
            (now.InHandler, now.IsNamed) = (last.InHandler + since, last.IsNamed);
            Judge(core, ref now);
        }

        last = now;
        return isInTurn;
    }

    // A turn ends before its next message, a pass before its next turn, where something waits for its core.
    private void NudgeIfDue(Core core, ref Sight sight)
    {
        if (sight.InPass >= _budget && !sight.IsNudged)
        {
            core.Post(new Nudge());
            sight.IsNudged = true;
        }
    }

    // It has been with one message, or with one piece of an asynchronous turn, for so long.
    private void Judge(Core core, ref Sight sight)
    {
        if (sight.InHandler >= _budget && !sight.IsNamed && TryName(core, in sight))
        {
            sight.IsNamed = true;
        }

        if (sight.InHandler >= _patience && _kernel.Platform.Threads.TakeOver(core))
        {
            core.Counters.TakeOvers++;
            sight = default;
        }
    }

    private unsafe bool TryName(Core core, in Sight seen)
    {
        (Type? message, long position) = (null, 0);
        Message* current = core.Current;
        if (current->Route != 0)
        {
            (message, position) = (Route.Of(current->Route).Message, current->Position);
        }

        Interlocked.MemoryBarrier();
        Sight again = Sight.Of(core);
        if (!again.IsTurnOf(in seen) || again.Begun != seen.Begun || current != core.Current)
        {
            return false;      // it was over: what was read may be another's
        }

        core.Counters.Overruns++;
        var overrun = new TurnOverrun(
            seen.Agent!.Id, seen.Agent.Name, message, position, core.Index, seen.InHandler);
        lock (_overruns)
        {
            if (_overruns.Count == Limits.OverrunsKept)
            {
                _overruns.Dequeue();
            }

            _overruns.Enqueue(overrun);
        }

        if (_kernel.Options.TurnOverran is { } hear)
        {
            _kernel.Platform.Host.Queue(new Telling(hear, overrun));      // it may block, or stop the kernel
        }

        return true;
    }

    private sealed class Telling(Action<TurnOverrun> hear, TurnOverrun overrun) : IThreadPoolWorkItem
    {
        public void Execute()
        {
            try
            {
                hear(overrun);
            }
            catch (Exception)
            {
                // The program's callback threw. The list has the overrun.
            }
        }
    }

    /// <summary>What a core was at.</summary>
    private struct Sight
    {
        public AgentCell? Agent;
        public long Passes;
        public long Turns;
        public long Begun;      // messages, and what ran on of those before
        public TimeSpan InPass;
        public TimeSpan InHandler;
        public bool IsNudged;
        public bool IsNamed;

        public static Sight Of(Core core) => new()
        {
            Agent = Volatile.Read(ref core.Running),
            Turns = Volatile.Read(ref core.Counters.Turns),
            Passes = Volatile.Read(ref core.Counters.Passes),
            Begun = Volatile.Read(ref core.Counters.Handled) + Volatile.Read(ref core.Counters.Resumed),
        };

        public readonly bool IsTurnOf(in Sight other) => ReferenceEquals(Agent, other.Agent) && Turns == other.Turns;
    }
}
