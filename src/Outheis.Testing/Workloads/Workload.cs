namespace Outheis.Testing;

/// <summary>
/// Something for a simulated kernel to do that checks itself: nothing lost, nothing twice, nothing out of order. Derive
/// from it to run your own agents under thousands of seeds.
/// </summary>
public abstract class Workload
{
    /// <summary>One or a few words, as the tool names it.</summary>
    public abstract string Name { get; }

    /// <summary>What it does and checks, in a sentence.</summary>
    public abstract string Promise { get; }

    /// <summary>Starts simulations, has them run, checks what came of it. Every decision comes from the run's
    /// choices.</summary>
    /// <param name="run">One seed's.</param>
    /// <exception cref="SimulationFailedException">A promise was broken.</exception>
    protected internal abstract void Run(WorkloadRun run);
}

/// <summary>One workload under one seed.</summary>
public sealed class WorkloadRun : IDisposable
{
    private readonly List<Simulation> _simulations = [];
    private readonly SortedDictionary<string, long> _reached = new(StringComparer.Ordinal);

    internal WorkloadRun(Choices choices, bool withFaults) => (Choices, WithFaults) = (choices, withFaults);

    /// <summary>Where every decision comes from.</summary>
    public Choices Choices { get; }

    /// <summary>Whether things are to go wrong.</summary>
    public bool WithFaults { get; }

    /// <summary>How many times somebody moves an agent to another core; one of these is drawn. None: nobody
    /// does.</summary>
    internal int[] MovesDrawn { get; set; } = [0, 0, 20, 200];

    /// <summary>What <see cref="DrawOptions"/> draws at least.</summary>
    internal int CoresLeast { get; set; } = 1;

    /// <summary>Steps of all simulations so far.</summary>
    public long Steps => _simulations.Sum(static simulation => simulation.Steps);

    /// <summary>Of everything that happened in all of them, and of every choice.</summary>
    internal ulong Hash
    {
        get
        {
            ulong hash = 0;
            _simulations.ForEach(simulation => hash = (hash ^ simulation.Trace.Hash) * 1099511628211);
            foreach (int choice in Choices.Drawn)
            {
                hash = (hash ^ (ulong)choice) * 1099511628211;
            }

            return hash;
        }
    }

    /// <summary>The newest simulation.</summary>
    public Simulation? Newest => _simulations.Count == 0 ? null : _simulations[^1];

    /// <summary>The states worth getting into that the run got into, and how often.</summary>
    internal IReadOnlyDictionary<string, long> Reached => _reached;

    /// <summary>One to four cores and everything else as drawn; faults if the run has them.</summary>
    public SimulationOptions DrawOptions() => new()
    {
        Cores = CoresLeast + Choices.Draw(5 - CoresLeast),
        InterruptOneIn = Choices.Pick([0, 40, 12, 5]),
        TimeMovesOneIn = Choices.Pick([0, 64, 16]),
        Faults = !WithFaults ? FaultOptions.None : new FaultOptions
        {
            CrashOneIn = Choices.Pick([0, 200, 40]),
            StickOneIn = Choices.Pick([0, 100]),
            ClockJumpOneIn = Choices.Pick([0, 500]),
        },
    };

    /// <summary>Starts a kernel. It is let go of when the run is over.</summary>
    /// <param name="options">Default: <see cref="DrawOptions"/>.</param>
    public Simulation Start(SimulationOptions? options = null)
    {
        options ??= DrawOptions();
        var simulation = new Simulation(Choices, options);
        _simulations.Add(simulation);
        if (options is { Disk: { } disk, Retention.IsBounded: false } && simulation.Killed is null)
        {
            string? difference = LedgerOracle.Difference(SimulatedDisk.From(disk.Snapshot()));
            simulation.Require(difference is null, "INV-32", $"The ledger differs: {difference}");
        }

        if (options.Cores > 1 && MovesDrawn.Length > 0)
        {
            AddMover(simulation, Choices.Pick(MovesDrawn));
        }

        return simulation;
    }

    /// <summary>Somebody who moves agents to other cores.</summary>
    private void AddMover(Simulation simulation, int moves)
    {
        Kernel kernel = simulation.Kernel;
        if (moves == 0)
        {
            return;
        }

        simulation.AddActor("moves an agent", () =>
        {
            IReadOnlyList<AgentInfo> agents = kernel.ListAgents();
            if (agents.Count > 0)
            {
                Move(kernel, agents[Choices.Draw(agents.Count)].Id, Choices.Draw(kernel.ListCores().Count));
            }

            return --moves > 0;
        });
    }

    private void Move(Kernel kernel, AgentId agent, int core)
    {
        try
        {
            _ = kernel.MoveAgentAsync(agent, core);
            Note("moves");
        }
        catch (InvalidOperationException)
        {
            Note("cannot move");
        }
    }

    /// <summary>Notes that the run got into a state worth getting into: a check that never sees it checks
    /// nothing.</summary>
    internal void Note(string state, long times = 1)
    {
        if (times > 0)
        {
            _reached[state] = _reached.GetValueOrDefault(state) + times;
        }
    }

    /// <summary>Notes how many agents have come to another core.</summary>
    internal void NoteMoved(Simulation simulation) =>
        Note("moved", simulation.Kernel.Cores.Sum(static core => core.Counters.Acquired));

    /// <summary>What is granted, or one that leads nowhere if the holder or the target is dead by now.</summary>
    internal T IfAlive<T>(Func<T> grant)
        where T : struct
    {
        try
        {
            return grant();
        }
        catch (ArgumentException)
        {
            Note("dead before it was granted");
            return default;
        }
    }

    /// <summary>Lets go of every simulation.</summary>
    public void Dispose()
    {
        for (int i = _simulations.Count - 1; i >= 0; i--)
        {
            _simulations[i].Dispose();
        }
    }
}
