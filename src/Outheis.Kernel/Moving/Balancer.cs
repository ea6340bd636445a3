namespace Outheis;

/// <summary>
/// Evens out what the cores have to do: looks at how busy each was, every <see cref="Limits.BalancePeriod"/> while any
/// of them is awake, and has a core that was busy throughout give half of what waits there to one that was not; if it
/// may, it also closes cores that are not needed, whose agents leave when they have had a turn, and opens them again
/// under load. The watch's thread. Moves nobody who is pinned.
/// </summary>
internal sealed class Balancer
{
    private readonly Kernel _kernel;
    private readonly bool _mayClose;
    private readonly BalancePlan _plan;
    private readonly long[] _idle;
    private readonly double[] _busy;
    private long _lastLook;
    private int _open;

    public Balancer(Kernel kernel, CoreBalance balance)
    {
        _kernel = kernel;
        _mayClose = balance == CoreBalance.SpreadAndGather;
        _plan = new BalancePlan(kernel.Cores.Length);
        _idle = new long[kernel.Cores.Length];
        _busy = new double[kernel.Cores.Length];
        _open = kernel.Cores.Length;
    }

    /// <summary>Cores that agents are spread over, from 0. Any thread.</summary>
    public int Open => Volatile.Read(ref _open);

    /// <summary>One look, if it is time for it.</summary>
    /// <param name="now">By the clock of <see cref="CoreThreads"/>.</param>
    public void Look(long now)
    {
        TimeProvider clock = _kernel.Platform.Threads.Clock;
        TimeSpan since = clock.GetElapsedTime(_lastLook, now);
        if (since < Limits.BalancePeriod)
        {
            return;
        }

        bool isFresh = since < 2 * Limits.BalancePeriod;      // else everybody slept, or this thread got no processor
        for (int i = 0; i < _busy.Length; i++)
        {
            long idle = _kernel.Cores[i].Counters.Idle.Read(clock);
            _busy[i] = Math.Clamp(1 - (clock.GetElapsedTime(_idle[i], idle) / since), 0, 1);
            _idle[i] = idle;
        }

        _lastLook = now;
        if (isFresh && !_kernel.IsStopping)
        {
            Follow(_plan.Next(_busy, _mayClose));
        }
    }

    private void Follow(BalanceStep step)
    {
        Volatile.Write(ref _open, _plan.Open);
        if (step.Closes is { } closed)
        {
            _kernel.Cores[closed].Post(new Gather(_kernel.Cores[step.To]));
        }

        if (step.Opens is { } opened)
        {
            _kernel.Cores[opened].Post(new Gather(null));
        }

        if (step.From is { } from)
        {
            _kernel.Cores[from].Post(new Shed(_kernel.Cores[step.To]));
        }
    }

    private sealed class Shed(Core to) : KernelOp
    {
        public override void Run(Core core) => core.GiveHalf(to);
    }

    private sealed class Gather(Core? to) : KernelOp
    {
        public override void Run(Core core) => core.GathersTo = to;
    }
}

/// <summary>What to do about the cores' load, decided from how busy each was alone.</summary>
/// <remarks>
/// Overloaded: busy for <see cref="Limits.BalanceBusy"/> of two periods in a row. It gives to the least busy open core
/// if that has a quarter of a core less to do, else to the next closed one, which is opened. Not needed: for a second
/// all open cores together had less to do than a third of what one fewer could; then the last of them is closed.
/// </remarks>
internal sealed class BalancePlan
{
    private const double Difference = 0.25;
    private const double Calm = 1.0 / 3;

    private readonly int[] _overloaded;      // periods in a row
    private int _calm;                       // likewise

    public BalancePlan(int cores)
    {
        _overloaded = new int[cores];
        Open = cores;
    }

    /// <summary>Cores that are open, from 0.</summary>
    public int Open { get; private set; }

    /// <summary>The step for the period that is over.</summary>
    /// <param name="busy">Of each core, from 0 to 1.</param>
    /// <param name="mayClose">Whether cores may be closed.</param>
    public BalanceStep Next(ReadOnlySpan<double> busy, bool mayClose)
    {
        int? hottest = null;
        int coolest = 0;
        double all = 0;
        for (int i = 0; i < busy.Length; i++)
        {
            all += busy[i];
            _overloaded[i] = busy[i] >= Limits.BalanceBusy ? _overloaded[i] + 1 : 0;
            bool isHotter = _overloaded[i] > 1 && (hottest is not { } hot || busy[i] > busy[hot]);
            hottest = isHotter ? i : hottest;
            coolest = i < Open && busy[i] < busy[coolest] ? i : coolest;
        }

        _calm = all < Calm * (Open - 1) ? _calm + 1 : 0;
        if (hottest is { } from)
        {
            return Relieve(from, coolest, busy);
        }

        if (!mayClose || Open == 1 || _calm < Limits.BalanceCalm)
        {
            return default;
        }

        _calm = 0;
        Open--;
        return new BalanceStep { Closes = Open, To = LeastBusy(busy) };
    }

    private BalanceStep Relieve(int from, int coolest, ReadOnlySpan<double> busy)
    {
        if (busy[coolest] <= busy[from] - Difference)
        {
            _overloaded[from] = 0;
            return new BalanceStep { From = from, To = coolest };
        }

        if (Open == busy.Length)
        {
            return default;
        }

        _overloaded[from] = 0;
        int opened = Open++;
        return new BalanceStep { Opens = opened, From = from == opened ? null : from, To = opened };
    }

    private int LeastBusy(ReadOnlySpan<double> busy)
    {
        int least = 0;
        for (int i = 1; i < Open; i++)
        {
            least = busy[i] < busy[least] ? i : least;
        }

        return least;
    }
}

/// <summary>What <see cref="BalancePlan"/> wants: some of the agents of a core to another one, or a core closed, its
/// agents to go there, or opened.</summary>
internal readonly record struct BalanceStep
{
    public int? From { get; init; }

    public int? Closes { get; init; }

    public int? Opens { get; init; }

    public int To { get; init; }
}
