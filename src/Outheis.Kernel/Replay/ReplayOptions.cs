namespace Outheis;

/// <summary>What to replay, and how.</summary>
public sealed class ReplayOptions
{
    /// <summary>The agents to replay, by name; null: all. The others are not run at all: what they sent is in the
    /// journal.</summary>
    public IReadOnlyCollection<string>? Only { get; init; }

    /// <summary>Agents that are not to be replayed, by name, and why: such as act on the world outside without <see
    /// cref="AgentContext.EffectAsync{T}"/>. They are listed in the report.</summary>
    public IReadOnlyDictionary<string, string> Leave { get; init; } = new Dictionary<string, string>();

    /// <summary>How messages are read: as the program's <see cref="KernelOptions.Codecs"/>.</summary>
    public MessageCodecs Codecs { get; init; } = new();

    /// <summary>Whether each snapshot of a durable agent is compared with the state that the replay came to
    /// (ES-03).</summary>
    public bool CompareSnapshots { get; init; } = true;

    /// <summary>Where segments may be that the journal has given up; as <see cref="JournalQuery.Archive"/>.</summary>
    public string? Archive { get; init; }
}

/// <summary>One turn of a replay: a message that was handled once more, or an incarnation that began.</summary>
/// <param name="Position">Of the message; of the Started or Restarted record, if an incarnation began.</param>
/// <param name="Run">The run of the kernel that it was in.</param>
/// <param name="Agent">Who.</param>
/// <param name="Incarnation">In which incarnation.</param>
/// <param name="TypeName">Of the message; null: an incarnation began.</param>
/// <param name="Time">Wall time when it was taken, to the newest tick of the journal.</param>
public sealed record ReplayStep(
    long Position, long Run, string Agent, uint Incarnation, string? TypeName, DateTimeOffset Time);

/// <summary>How far a replay came.</summary>
/// <param name="Records">Read so far.</param>
/// <param name="Turns">Messages handled so far.</param>
/// <param name="Agents">Messages handled by each replayed agent, by name.</param>
/// <param name="NotReplayed">Agents that are not replayed, or not to their end, by name, and why.</param>
/// <param name="Divergence">Where it first differs from the journal; null: nowhere so far.</param>
public sealed record ReplayReport(
    long Records, long Turns, IReadOnlyDictionary<string, long> Agents, IReadOnlyDictionary<string, string> NotReplayed,
    ReplayDivergence? Divergence);
