namespace Outheis;

/// <summary>Which records of a journal to read. What is not said does not matter; all that is said must hold.
/// </summary>
public sealed class JournalQuery
{
    /// <summary>The archive that the kernel was given: what the journal has given up, also while it is read, is read
    /// there. Null: only what the journal still has.</summary>
    public string? Archive { get; init; }

    /// <summary>Where to begin: in its lane the first record at or after this position; in the other lanes at
    /// <see cref="Since"/>, or, without it, at the time of that record.</summary>
    public long? From { get; init; }

    /// <summary>Only records of this time or later. Found without reading what is older; times are as good as
    /// <see cref="JournalEntry.Time"/>, and where the clock was set back between two segments, what lies before may be
    /// left out.</summary>
    public DateTimeOffset? Since { get; init; }

    /// <summary>Only records before this time. A lane that has come to it is read to the end of a segment at
    /// most.</summary>
    public DateTimeOffset? Until { get; init; }

    /// <summary>At least the last so many bytes of each lane, and not much more.</summary>
    public long? LastBytes { get; init; }

    /// <summary>Only records whose sender or target is this agent, in any run. <see cref="AgentId.Host"/>: what
    /// entered from outside, and replies to it.</summary>
    public AgentId? Agent { get; init; }

    /// <summary>Only records whose sender or target has this name; "host" is the host.</summary>
    public string? AgentName { get; init; }

    /// <summary>Only records of, or about, the message type of this name.</summary>
    public string? TypeName { get; init; }

    /// <summary>Only records of this chain of messages.</summary>
    public uint? Chain { get; init; }

    /// <summary>Only records of these kinds.</summary>
    public IReadOnlyCollection<JournalKind>? Kinds { get; init; }
}
