namespace Outheis.Testing;

/// <summary>Who can do something now, and drawing one of them.</summary>
internal sealed class Moves
{
    private const int SlowCore = 24;      // a slow core is passed over this many times out of one more

    private static readonly TimeSpan LeapMost = TimeSpan.FromSeconds(30);      // of time, with work at hand

    private readonly Simulation _simulation;
    private readonly SimulationOptions _options;
    private readonly List<Actor> _actors = [];
    private readonly List<(Kind Kind, int Index)> _able = [];
    private readonly bool[] _isSlow;

    public Moves(Simulation simulation, SimulationOptions options)
    {
        (_simulation, _options) = (simulation, options);
        _isSlow = new bool[options.Cores];
        for (int i = 0; i < options.Cores && options.UnevenCores; i++)
        {
            _isSlow[i] = simulation.Choices.Chance(3);
        }
    }

    private enum Kind
    {
        Core,
        Host,
        Actor,
    }

    public void AddActor(string name, Func<bool> act) => _actors.Add(new Actor(name, act));

    /// <summary>One move at the top. False when nobody can move at this time.</summary>
    public bool One()
    {
        Choices choices = _simulation.Choices;
        Gather(within: false);
        if (_able.Count == 0)
        {
            return false;      // whoever runs the simulation says how far time goes then
        }

        if (choices.Chance(_options.Faults.ClockJumpOneIn))
        {
            JumpClock();
        }

        if (choices.Chance(_options.TimeMovesOneIn) && NextEvent() is { } next
            && next - _simulation.Time.Now < LeapMost && next <= _simulation.TimeEnd)
        {
            _simulation.MoveTimeOn(next);
            Gather(within: false);
        }

        if (_able.Count == 0)
        {
            return true;      // a timer's code did what there was to do
        }

        Do(Draw(), depth: 0);
        return true;
    }

    /// <summary>One move in the middle of another: of a core that is not in the middle of its own, or of an
    /// actor.</summary>
    public void Within(int depth)
    {
        Gather(within: true);
        if (_able.Count > 0)
        {
            Do(Draw(), depth);
        }
    }

    /// <summary>When something will happen by itself, on the kernel's clock; null: never.</summary>
    public TimeSpan? NextEvent()
    {
        TimeSpan? next = Earlier(
            _simulation.Time.NextDue,
            _simulation.ApplicationTime.NextDue - _simulation.ApplicationTime.Now + _simulation.Time.Now);
        foreach (VirtualCore core in _simulation.SimulatedCores.Cores)
        {
            // Timestamps begin at 1.
            next = Earlier(next, core.WakesAt is { } ticks ? new TimeSpan(ticks - 1) : null);
        }

        return next;
    }

    private static TimeSpan? Earlier(TimeSpan? left, TimeSpan? right) => left is null || right < left ? right : left;

    private void Gather(bool within)
    {
        _able.Clear();
        IReadOnlyList<VirtualCore> cores = _simulation.SimulatedCores.Cores;
        for (int i = 0; i < cores.Count; i++)
        {
            if (cores[i].CanStep)
            {
                _able.Add((Kind.Core, i));
            }
        }

        for (int i = 0; i < _actors.Count; i++)
        {
            if (!_actors[i].IsBusy)
            {
                _able.Add((Kind.Actor, i));
            }
        }

        // What waits on the host's side may be the stop of the kernel, which joins cores: never in the middle of one.
        for (int i = 0; i < _simulation.Host.Count && !within; i++)
        {
            _able.Add((Kind.Host, i));
        }
    }

    private (Kind Kind, int Index) Draw()
    {
        (Kind Kind, int Index) drawn = _able[_simulation.Choices.Draw(_able.Count)];
        if (drawn.Kind == Kind.Core && _isSlow[_simulation.SimulatedCores.Cores[drawn.Index].Core.Index]
            && _simulation.Choices.Draw(SlowCore) != 0)
        {
            drawn = _able[_simulation.Choices.Draw(_able.Count)];
        }

        return drawn;
    }

    private void Do((Kind Kind, int Index) move, int depth)
    {
        switch (move.Kind)
        {
            case Kind.Core:
                VirtualCore core = _simulation.SimulatedCores.Cores[move.Index];
                _simulation.Trace.Add(_simulation.Steps, depth, "core ", core.Core.Index);
                core.Step();
                break;
            case Kind.Host:
                _simulation.Trace.Add(_simulation.Steps, depth, "host ", move.Index);
                _simulation.Host.RunOne(move.Index);
                break;
            default:
                Act(_actors[move.Index], depth);
                break;
        }
    }

    private void Act(Actor actor, int depth)
    {
        _simulation.Trace.Add(_simulation.Steps, depth, "actor", 0, actor.Name);
        Core? interrupted = Core.OfThisThread;
        SynchronizationContext? context = SynchronizationContext.Current;
        Core.Leave();
        SynchronizationContext.SetSynchronizationContext(_simulation.Host.Context);
        actor.IsBusy = true;
        try
        {
            if (!actor.Act())
            {
                _actors.Remove(actor);
            }
        }
        finally
        {
            actor.IsBusy = false;
            interrupted?.Enter();
            SynchronizationContext.SetSynchronizationContext(context);
        }
    }

    private void JumpClock()
    {
        TimeSpan by = TimeSpan.FromMinutes(_simulation.Choices.Draw(121) - 60);
        _simulation.Trace.Add(_simulation.Steps, 0, "the wall clock jumps by ", (long)by.TotalMinutes, "min");
        _simulation.Time.JumpWallClock(by);
        _simulation.ApplicationTime.JumpWallClock(by);
    }

    private sealed class Actor(string name, Func<bool> act)
    {
        public string Name => name;

        public bool IsBusy { get; set; }

        public bool Act() => act();
    }
}
