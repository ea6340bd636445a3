namespace Outheis;

/// <summary>
/// What of an agent is the same for life, or changes with an incarnation at most. It lies between what senders read
/// (<see cref="AgentFace"/>) and what changes with each message (<see cref="AgentCell"/>), so that those two share no
/// cache line. Written by its core, or before anybody else knows it; others look.
/// </summary>
/// <remarks>
///   G1  its fields take <see cref="CacheLine.PairedBytes"/> or more
/// </remarks>
internal abstract class AgentRecord(
    Kernel kernel, Core? core, AgentId id, string? name, object? factory, AgentCell? supervisor)
    : AgentFace(kernel, core, id)
{
    public readonly string? GivenName = name;
    public readonly object? Factory = factory;          // Func<Agent>, Func<Endowment, Agent>, SeededFactory, or
                                                        // a right's, if nobody restarts it. Null: a stand-in
    public readonly AgentCell? Supervisor = supervisor;
    public Agent? Instance;
    public DurableFace? Durable;                        // of this incarnation; null: its state ends with it
    public AgentTurns? Turns;                           // of this incarnation, if it is reentrant
    public AgentTerms? Terms;                           // set when it is made; null: the ordinary ones
    public long Birth;                                  // how young it is; set when it is made
    private AgentLeftovers? _leftovers;

    public string Name => GivenName ?? Id.ToString();

    /// <summary>Null: it runs on no budget.</summary>
    public Spending? Spending => Terms?.Spending;

    public Exclusion? Exclusion => Terms?.Exclusion;

    /// <inheritdoc cref="AgentLeftovers.Attempts"/>
    public Dictionary<long, uint>? Attempts
    {
        get => _leftovers?.Attempts;
        set => (_leftovers ??= new()).Attempts = value;
    }

    /// <inheritdoc cref="AgentLeftovers.Effects"/>
    public Dictionary<long, RecordedEffects>? Effects
    {
        get => _leftovers?.Effects;
        set => (_leftovers ??= new()).Effects = value;
    }

    /// <inheritdoc cref="AgentLeftovers.Past"/>
    public AgentPast? Past
    {
        get => _leftovers?.Past;
        set
        {
            if (value is not null || _leftovers is not null)
            {
                (_leftovers ??= new()).Past = value;
            }
        }
    }

    /// <inheritdoc cref="AgentLeftovers.Armed"/>
    public Dictionary<string, DurableTimer>? Armed
    {
        get => _leftovers?.Armed;
        set
        {
            if (value is not null || _leftovers is not null)
            {
                (_leftovers ??= new()).Armed = value;
            }
        }
    }
}
