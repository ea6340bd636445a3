namespace Outheis;

/// <summary>How much whoever runs on a <see cref="Budget"/> may use in each period (SE-40). What is not named is not
/// limited.</summary>
public sealed record BudgetOptions
{
    /// <summary>How often what may be used is there again, in full; what was not used is not added. Periods follow each
    /// other from the making of the budget on. Default: a second; a millisecond at least.</summary>
    public TimeSpan Period { get; init; } = TimeSpan.FromSeconds(1);

    /// <summary>Time of cores, in turns; several cores add up. A turn that has begun is not cut short: what it takes
    /// beyond is paid back out of the periods that follow.</summary>
    public TimeSpan? CoreTime { get; init; }

    /// <summary>Messages handled. Never exceeded.</summary>
    public long? Messages { get; init; }

    /// <summary>Bytes that turns write into the journal, with what the kernel has to note of them. Paid back as
    /// <see cref="CoreTime"/> is.</summary>
    public long? JournalBytes { get; init; }

    /// <summary>Units of your own, such as tokens or cents, by name: what agents reserve before they use it. At most
    /// <see cref="Limits.BudgetUnits"/>.</summary>
    public IReadOnlyDictionary<string, long> Units { get; init; } = new Dictionary<string, long>();

    /// <summary>What comes of an agent that has something to do and nothing left to do it with.</summary>
    public WhenExhausted WhenExhausted { get; init; }
}

/// <summary>What comes of an agent that finds core time, messages or journal bytes used up. A reservation that is not
/// granted is told to who wanted it, and nobody is throttled by it.</summary>
public enum WhenExhausted : byte
{
    /// <summary>It has no turn until there is something left. Its channel takes messages until it is full.</summary>
    Throttle = 0,

    /// <summary>Likewise, and its supervisor hears of it, once in a period: <see cref="BudgetExhausted"/>.</summary>
    Notify,

    /// <summary>Its incarnation ends with a <see cref="BudgetExhaustedException"/>, once in a period: one that is
    /// restarted in the same period is throttled. One that awaits something is throttled until that turn is over.
    /// </summary>
    Stop,
}
