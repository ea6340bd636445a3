namespace Outheis.Testing;

/// <summary>
/// Virtual cores: the kernel's cores without threads. Each goes through what the real thread does, a pass at a time:
/// runs while there is work, announces its sleep, looks once more, sleeps until somebody wakes it or its time has come.
/// So a wake that is lost here leaves work beside a sleeping core, as it would there.
/// </summary>
internal sealed class SimulatedCores(TimeProvider time) : CoreThreads
{
    private readonly List<VirtualCore> _cores = [];

    public override int Place(KernelOptions options) => options.Cores ?? 2;

    /// <summary>Every core that was started and not stopped.</summary>
    public IReadOnlyList<VirtualCore> Cores => _cores;

    public override void Start(Core core) => _cores.Add(new VirtualCore(core, time));

    /// <summary>One thread: there is nobody to order memory for.</summary>
    public override void Fence()
    {
    }

    public override bool Stop(Core core, TimeSpan atMost)
    {
        VirtualCore? found = _cores.Find(virtualCore => ReferenceEquals(virtualCore.Core, core));
        if (found is { IsOnStack: true } or { Core.DetachedTurns: > 0 })
        {
            return false;
        }

        if (found is not null)
        {
            _cores.Remove(found);
        }

        return found is not { IsStuck: true };
    }

    /// <summary>The core that is on the stack does steps meanwhile, without the turn that it is in, as when its thread
    /// is long in a handler and another one takes it over.</summary>
    public void WithoutItsTurn(Core core, Action steps)
    {
        VirtualCore mine = _cores.Find(virtualCore => ReferenceEquals(virtualCore.Core, core))!;
        DetachedTurn turn = core.Detach();
        mine.LeaveStack();
        try
        {
            steps();
        }
        finally
        {
            mine.ReturnToStack();
            core.Attach(turn);
            Core.FireTokens(turn);
        }
    }

    /// <summary>The core ends the step that it is in, and does none after it.</summary>
    public void Hang(Core core)
    {
        if (_cores.Find(virtualCore => ReferenceEquals(virtualCore.Core, core)) is { } found)
        {
            found.IsStuck = true;
        }
    }

    public override int? ProcessorOf(Core core) => null;

    public override TimeProvider Clock => time;
}

/// <summary>One core and whether it sleeps.</summary>
internal sealed class VirtualCore(Core core, TimeProvider time)
{
    private bool _sleeps;
    private long _sleepsUntil;      // in ticks of the clock

    public Core Core { get; } = core;

    /// <summary>It is in the middle of a step, and somebody else's step came in between.</summary>
    public bool IsOnStack { get; private set; }

    /// <summary>Nobody has woken it, and its time has not come.</summary>
    public bool Sleeps => _sleeps && Core.Parker.IsAnnounced && time.GetTimestamp() < _sleepsUntil;

    public bool CanStep => !IsOnStack && !Sleeps && !IsStuck;

    /// <summary>A handler that does not return holds it, as far as the simulation goes.</summary>
    public bool IsStuck { get; set; }

    /// <summary>When it wakes by itself, in ticks of the clock; null: somebody has to wake it.</summary>
    public long? WakesAt => Sleeps && _sleepsUntil != long.MaxValue ? _sleepsUntil : null;

    /// <summary>One pass, or going to sleep when there was nothing to do. Returns how much was done.</summary>
    public int Step()
    {
        Core? interrupted = Core.OfThisThread;
        SynchronizationContext? context = SynchronizationContext.Current;
        SynchronizationContext.SetSynchronizationContext(null);
        IsOnStack = true;
        Core.Enter();
        try
        {
            WakeUp();
            int done = Core.RunPass();
            if (done == 0)
            {
                Park();
            }

            return done;
        }
        finally
        {
            IsOnStack = false;
            Core.Leave();
            interrupted?.Enter();
            SynchronizationContext.SetSynchronizationContext(context);
        }
    }

    /// <summary>The turn that its step is in was set aside: it may step.</summary>
    public void LeaveStack() => IsOnStack = false;

    /// <summary>That turn is back.</summary>
    public void ReturnToStack()
    {
        IsOnStack = true;
        WakeUp();
    }

    private void WakeUp()
    {
        if (_sleeps)
        {
            _sleeps = false;
            Core.Counters.Awake(time.GetTimestamp());
            Core.Parker.Sleep(TimeSpan.Zero);      // takes the signal, or gives up the announcement
        }
    }

    private void Park()
    {
        Core.Parker.Announce();
        if (Core.HasWork())
        {
            Core.Parker.Cancel();
            return;
        }

        Core.Counters.FallAsleep(time.GetTimestamp());
        TimeSpan atMost = Core.SleepAtMost();
        _sleepsUntil = atMost == Timeout.InfiniteTimeSpan
            ? long.MaxValue
            : time.GetTimestamp() + Math.Max(1, atMost.Ticks);
        _sleeps = true;
    }
}
