namespace Outheis.Testing;

/// <summary>
/// A supervisor that the test looks over the shoulder of: it decides as the one inside it does, and writes down which
/// agents started and ended, and why. From <see cref="SimulationKit.Overseer"/>; name it in
/// <see cref="SpawnOptions.Supervisor"/>.
/// </summary>
public sealed class Overseer
{
    private readonly Simulation _simulation;
    private readonly string _name;
    private readonly List<ExitSignal> _exits = [];
    private readonly List<ChildStarted> _starts = [];
    private readonly HashSet<object> _looked = new(ReferenceEqualityComparer.Instance);

    internal Overseer(Simulation simulation, string name, Func<Agent>? supervisor, SpawnOptions? options)
    {
        (_simulation, _name) = (simulation, name);
        Func<Agent> inner = supervisor ?? (static () => new Restarter());
        Agent = simulation.Kernel.Spawn(name, () => new Shoulder(this, inner()), options);
    }

    /// <summary>Its id.</summary>
    public AgentId Agent { get; }

    /// <summary>Every end that it heard of, in order.</summary>
    public IReadOnlyList<ExitSignal> Exits => _exits;

    /// <summary>Every start and restart that it heard of, in order.</summary>
    public IReadOnlyList<ChildStarted> Starts => _starts;

    /// <summary>Runs the simulation until the child's next end.</summary>
    /// <param name="child">Spawned with this as its supervisor.</param>
    /// <param name="within">Default: 10 s of virtual time.</param>
    public ExitSignal ExpectExit(AgentId child, TimeSpan? within = null) =>
        Next(_exits, exit => exit.Agent == child, $"the end of {Words.NameOf(_simulation, child)}", within);

    /// <summary>Runs the simulation until the child's next end, which has to be such a failure.</summary>
    /// <typeparam name="TException">What it failed with; <see cref="SimulatedCrashException"/> for a crash by
    /// <see cref="Simulation.Crash"/>.</typeparam>
    /// <param name="child">Spawned with this as its supervisor.</param>
    /// <param name="within">Default: 10 s of virtual time.</param>
    public ExitSignal ExpectExit<TException>(AgentId child, TimeSpan? within = null)
        where TException : Exception
    {
        ExitSignal exit = ExpectExit(child, within);
        return exit.Reason.Exception is TException ? exit : throw Words.Failure(
            _simulation, $"{_name}: expected {exit.Name} to fail with {typeof(TException).Name}.", "it ended with:",
            [exit.Reason.ToString()]);
    }

    /// <summary>Runs the simulation until the child's next restart.</summary>
    /// <param name="child">Spawned with this as its supervisor.</param>
    /// <param name="within">Default: 10 s of virtual time.</param>
    /// <returns>With the number of the new incarnation.</returns>
    public ChildStarted ExpectRestart(AgentId child, TimeSpan? within = null) => Next(
        _starts, start => start.Agent == child && start.Incarnation > 1,
        $"a restart of {Words.NameOf(_simulation, child)}", within);

    private TSignal Next<TSignal>(
        List<TSignal> signals, Predicate<TSignal> matches, string what, TimeSpan? within)
        where TSignal : class
    {
        TSignal? found = null;
        bool Found() => (found = signals.Find(signal => matches(signal) && !_looked.Contains(signal))) is not null;
        if (!Words.RunUntil(_simulation, Found, within))
        {
            throw Words.Failure(
                _simulation, $"{_name}: expected {what} within {within ?? Words.Patience}.", "it heard of:",
                signals.Select(static signal => signal.ToString()!));
        }

        _looked.Add(found!);
        return found!;
    }

    private sealed class Shoulder(Overseer overseer, Agent inner) : Agent, IHandle<ChildStarted>, IHandle<ExitSignal>
    {
        private readonly IHandle<ExitSignal> _exits = inner as IHandle<ExitSignal> ?? throw new ArgumentException(
            $"{inner.GetType().Name} is no supervisor: it does not handle {nameof(ExitSignal)}.");

        public void Handle(in ChildStarted message, Context context)
        {
            overseer._starts.Add(message);
            (inner as IHandle<ChildStarted>)?.Handle(in message, context);
        }

        public void Handle(in ExitSignal message, Context context)
        {
            overseer._exits.Add(message);
            _exits.Handle(in message, context);
        }

        protected internal override void OnStart(Context context) => inner.OnStart(context);

        protected internal override void OnStop(ExitReason reason) => inner.OnStop(reason);
    }
}
