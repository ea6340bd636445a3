namespace Outheis;

/// <summary>What an agent is doing. Changed by its home core alone; others only look.</summary>
/// <remarks>
/// <code>
/// Starting ──start──▶ Idle ──message──▶ Ready ──core──▶ Running ──done──▶ Idle
///                                         ▲               │ ├──await──▶ Waiting ──resume──▶ Ready
///                                         └───budget──────┘ └──throw, stop──▶ Ended ──restart──▶ Starting
///                                                                               └──nobody restarts──▶ Dead
/// Idle, Ready, Waiting ──suspend──▶ Suspended ──the last resume──▶ what it would be by now
/// Idle, Ready, Suspended ──give away──▶ Moving ──acquire──▶ Idle, Ready, Suspended, on another core
/// </code>
/// </remarks>
public enum AgentState : byte
{
    /// <summary>Not yet run on its core.</summary>
    Starting,

    /// <summary>Nothing to do.</summary>
    Idle,

    /// <summary>In its core's ready queue.</summary>
    Ready,

    /// <summary>A handler runs.</summary>
    Running,

    /// <summary>A handler awaits; other agents run.</summary>
    Waiting,

    /// <summary>The incarnation ended; the supervisor decides. The channel keeps what it holds and takes
    /// more.</summary>
    Ended,

    /// <summary>Handles nothing until it is resumed as often as it was suspended; whatever it would do otherwise. The
    /// channel takes messages until it is full.</summary>
    Suspended,

    /// <summary>On its way to another core; handles nothing meanwhile, which takes microseconds, or as long as some
    /// core is at a handler that does not return. The channel takes messages.</summary>
    Moving,

    /// <summary>Ended for good. Sends return <see cref="SendResult.Dead"/>.</summary>
    Dead,
}

/// <summary>
/// The kernel's record of one agent: identity, channel, state. It outlives incarnations, so capabilities
/// point at it. Everything is touched by the home core alone, but for what says otherwise. It is its own
/// start op.
/// </summary>
internal sealed class AgentCell : AgentRecord
{
    public AgentCell(Kernel kernel, Core? core, AgentId id, string? name, object? factory,
        AgentCell? supervisor, Qos qos, int capacity)
        : base(kernel, core, id, name, factory, supervisor)
    {
        Qos = EffectiveQos = qos;
        Credits = new Credits(capacity);
    }

    public readonly Qos Qos;
    public AgentContext? Async;                         // of this incarnation; made at its first asynchronous turn
    public OffloadScope? Offloads;                      // of this incarnation; made at its first use
    public CapabilityNode? Held;                        // under a lock of this agent
    public int FirstTimer = TimerWheel.None;            // of those of its core that are this incarnation's
    public ExitReason? StopWanted;                      // set: the incarnation ends when its turn does
    public uint Incarnation = 1;
    public AgentState State;                            // others look at it
    public Qos EffectiveQos;                            // its own, or higher while it owes a reply; others look at it
    public Qos ReadyBand;                               // ReadyQueue's: where it waits
    public int ReadySlot = ReadyQueue.NotWaiting;
    public Overrides? Overrides;                        // made with the first ask of a higher class
    public bool IsPinned;                               // moves at the host's wish alone
    public bool IsGhost;                                // lives in the past only: nothing it holds is told of
    public bool IsBlocked;                              // among those that wait for its owner
    public int Suspends;                                // not taken back so far; others look at it
    public int SuspendsByHost;                          // of those
    public int SuspendsBySupervisor;                    // likewise, or on the way; touched by the supervisor's core
    public bool HasSuspended;                           // some child of its
    public bool IsEndFinal;                             // told to stop for good: nobody is asked to restart it
    public bool HasStarted;                             // OnStart of this incarnation was called
    public Inbox Inbox;
    public Credits Credits;                             // has an any-thread side

    /// <summary>Its turn, if that is under way while others have its core.</summary>
    public DetachedTurn? Detached => Core.DetachedTurns == 0 ? null : Core.FindDetached(this);

    /// <summary>Ends it for good: no new message, and nobody is asked to restart it. True for one of those who
    /// try.</summary>
    public bool TrySetDead()
    {
        if (!TryTellDead())
        {
            return false;
        }

        State = AgentState.Dead;
        return true;
    }

    public override void Run(Core core) => Lifecycle.Start(core, this);

    /// <summary>Runs the factory: host code, for a new incarnation.</summary>
    public Agent Construct() => Adopt(Factory switch
    {
        Func<Agent> bare => bare(),
        SeededFactory seeded => seeded.Make(new Endowment(this)),
        _ => ((Func<Endowment, Agent>)Factory!)(new Endowment(this)),
    });

    /// <summary>What a factory made becomes the agent of a new incarnation.</summary>
    public Agent Adopt(Agent? made)
    {
        Turns = made?.MakeTurns();
        if (Turns is not null && Exclusion is not null)
        {
            throw new InvalidOperationException(
                $"{Name} is reentrant and shares {Exclusion}: it would be in the middle of several things itself. "
                + "Spawn it without SpawnOptions.Exclusion, or leave its class's Reentrancy as it is.");
        }

        return made ?? throw new InvalidOperationException($"The factory of {Name} returned null.");
    }

    /// <summary>The context of an asynchronous turn that starts now with this message.</summary>
    public unsafe AgentContext BeginAsyncTurn(Message* message)
    {
        AgentContext context = (Async ??= new AgentContext(this)).ForTurn();
        context.BeginTurn(message);
        return context;
    }

    /// <summary>As it is at this moment. Any thread.</summary>
    public AgentInfo Describe() => new(
        Id, Name, Qos, Core.Index, State, Incarnation, Inbox.Count, Credits.Capacity, Supervisor?.Id ?? AgentId.Host,
        EffectiveQos)
    {
        Budget = Spending?.Budget.Name,
        IsThrottled = Spending is { IsThrottled: true },
        Suspends = Volatile.Read(ref Suspends),
        IsPinned = IsPinned,
    };

    public override string ToString() => $"{Name} ({Id}, {State})";
}
