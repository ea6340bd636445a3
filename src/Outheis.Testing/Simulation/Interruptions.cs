namespace Outheis.Testing;

/// <summary>
/// What happens in the middle of the kernel's work: others' steps, crashes of agents, handlers that take long,
/// the death of the process. All on the stack of what they interrupt.
/// </summary>
internal sealed class Interruptions(Simulation simulation, SimulationOptions options) : Interference
{
    private readonly Interference? _outer = Current;      // of a simulation around this one, or made before it
    private const int DepthMost = 3;
    private const int SlowSteps = 60;

    private readonly HashSet<AgentId> _doomed = [];
    private int _depth;
    private Exception? _failure;
    private bool _isOver;

    /// <summary>What the disk held at the death of the process.</summary>
    public DiskImage? Killed { get; private set; }

    /// <summary>Nothing comes in between any more, in whatever order simulations end: the thread is left to one that
    /// lives.</summary>
    public void End()
    {
        _isOver = true;
        while (Current is Interruptions { _isOver: true } over)
        {
            Current = over._outer;
        }
    }

    public void CrashNext(AgentId agent) => _doomed.Add(agent);

    /// <summary>A check failed, on whatever stack: the step that is under way will throw it at its end.</summary>
    public void Keep(SimulationFailedException failure) => _failure ??= failure;

    /// <summary>A failure within an interrupting step would be taken for the interrupted agent's: it is kept until
    /// the top of the step.</summary>
    public void ThrowIfFailed()
    {
        if (_failure is { } failure)
        {
            _failure = null;
            throw failure as SimulationFailedException
                ?? new SimulationFailedException("no exception", $"{failure} was thrown.", simulation, failure);
        }
    }

    public DiskImage Kill(bool cutsPower)
    {
        if (Killed is null)
        {
            SimulatedDisk disk = simulation.Disk
                ?? throw new InvalidOperationException("This simulation has no disk that could outlive its process.");
            simulation.Trace.Add(simulation.Steps, _depth, cutsPower ? "the power is cut" : "the process is killed");
            Killed = cutsPower ? disk.PowerCut(simulation.Choices) : disk.Snapshot();
        }

        return Killed;
    }

    /// <summary>The process, or the machine, may end here.</summary>
    public void MayKill()
    {
        bool isAlive = Killed is null && !_isOver;
        if (isAlive && simulation.Disk is not null && simulation.Choices.Chance(options.Faults.KillOneIn))
        {
            Kill(options.Faults.KillCutsPower);
        }
    }

    public override void Happen(Moment moment)
    {
        if (Killed is not null || _isOver)
        {
            return;
        }

        MayKill();
        if (Killed is not null)
        {
            return;
        }

        if (_depth < DepthMost)
        {
            MayHang(moment);
            if (moment is Moment.HandlerBegins or Moment.EffectDone
                && simulation.Choices.Chance(options.Faults.StickOneIn))
            {
                Stick();
            }
            else if (simulation.Choices.Chance(options.InterruptOneIn))
            {
                Interrupt();
            }
        }

        if (moment is Moment.HandlerBegins or Moment.EffectBegins or Moment.EffectDone)
        {
            MayCrash(moment);
        }
    }

    // The others run on: those of the other cores, and, where somebody else drives its core meanwhile, its own too.
    // What an ended incarnation still awaits keeps its core.
    private void Stick()
    {
        if (Core.OfThisThread is { Running.State: AgentState.Running, Replay: null } core
            && simulation.Choices.Chance(2))
        {
            simulation.Trace.Add(simulation.Steps, _depth, "others take over core ", core.Index);
            simulation.SimulatedCores.WithoutItsTurn(core, Interrupts);
        }
        else
        {
            Interrupts();
        }
    }

    private void Interrupts()
    {
        for (int i = 0; i < SlowSteps && _failure is null; i++)
        {
            Interrupt();
        }
    }

    private void Interrupt()
    {
        _depth++;
        try
        {
            simulation.Moves.Within(_depth);
        }
        catch (Exception failure)
        {
            _failure ??= failure;
        }
        finally
        {
            _depth--;
        }
    }

    private void MayHang(Moment moment)
    {
        if (moment == Moment.HandlerBegins && simulation.Choices.Chance(options.Faults.HangOneIn)
            && Core.OfThisThread is { } core)
        {
            simulation.Trace.Add(simulation.Steps, _depth, "a handler never returns on core ", core.Index);
            simulation.SimulatedCores.Hang(core);
        }
    }

    private void MayCrash(Moment moment)
    {
        if (Core.OfThisThread?.Running is not { } agent || simulation.Kernel.IsStopping)
        {
            return;
        }

        bool crashes = _doomed.Remove(agent.Id)
            || (options.Faults.CrashOneIn > 0 && MayCrash(agent)
                && simulation.Choices.Chance(options.Faults.CrashOneIn));
        if (crashes)
        {
            string where = moment switch
            {
                Moment.HandlerBegins => "when it took a message",
                Moment.EffectBegins => "before an effect",
                _ => "after an effect",
            };
            simulation.Trace.Add(simulation.Steps, _depth, "crash of agent ", agent.Id.Value, where);
            throw new SimulatedCrashException(agent.Name, where);
        }
    }

    private bool MayCrash(AgentCell agent) => options.Faults.MayCrash is { } may
        ? may(agent.Describe())
        : agent.Supervisor is not null;
}
