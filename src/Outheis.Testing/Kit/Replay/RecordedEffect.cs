namespace Outheis.Testing;

/// <summary>What an agent did that the journal knows of.</summary>
internal enum EffectKind : byte
{
    Sent,
    Asked,
    Replied,
    Failed,
}

/// <summary>One thing that an agent did, as the journal tells it.</summary>
internal sealed class RecordedEffect(EffectKind kind, JournalEntry entry)
{
    public EffectKind Kind => kind;

    public JournalEntry Entry => entry;

    /// <summary>Of an ask: the Replied or TimedOut record that ended it; null if none did.</summary>
    public JournalEntry? End { get; set; }

    /// <summary>Of a failure: the reason, as the Exited record has it.</summary>
    public string Reason { get; set; } = "";

    /// <summary>What an entry says that an agent did; null if it says nothing of that kind. The kernel's own signals,
    /// which go out without a capability, are none.</summary>
    public static RecordedEffect? Of(JournalEntry entry, AgentId agent) => entry.Kind switch
    {
        JournalKind.Sent when entry.Sender == agent && entry.Capability != 0 =>
            new RecordedEffect(entry.Correlation == 0 ? EffectKind.Sent : EffectKind.Asked, entry),
        JournalKind.Replied when entry.Sender == agent && !entry.IsFailure =>
            new RecordedEffect(EffectKind.Replied, entry),
        JournalKind.DeadLetter when entry.Target == agent && ReasonOf(entry) == DeadLetterReason.HandlerFailed =>
            new RecordedEffect(EffectKind.Failed, entry),
        _ => null,
    };

    public static DeadLetterReason? ReasonOf(JournalEntry entry) =>
        entry.Kind == JournalKind.DeadLetter
        && DeadLetterRecord.TryRead(entry.Payload.Span, out DeadLetterRecord letter)
            ? (DeadLetterReason)letter.Reason
            : null;

    /// <summary>The exit of the agent that did all this: the reason of its failure, if that was the last it
    /// did.</summary>
    public static void NoteExit(List<RecordedEffect> effects, JournalEntry entry)
    {
        if (effects is [.., { Kind: EffectKind.Failed } failed]
            && ExitedRecord.TryRead(entry.Payload.Span, out ExitedRecord exited))
        {
            failed.Reason = exited.Message;
        }
    }

    /// <summary>The same act in another run: kind, whom, what. A failure: by the type of its exception.</summary>
    public bool IsSameAs(RecordedEffect other, RecordedTypes types) =>
        Kind == other.Kind
        && (Kind == EffectKind.Failed
            ? TypeOfFailure == other.TypeOfFailure
            : Entry.TypeName == other.Entry.TypeName && Entry.TargetName == other.Entry.TargetName
                && types.AreEqual(Entry, other.Entry));

    public string Describe(RecordedTypes types) => Kind switch
    {
        EffectKind.Failed => $"failed with {Reason}",
        EffectKind.Replied => $"replied {types.Describe(Entry)} to {NameOf(Entry.Target, Entry.TargetName)}",
        EffectKind.Asked => $"asked {NameOf(Entry.Target, Entry.TargetName)} {types.Describe(Entry)}",
        _ => $"sent {types.Describe(Entry)} to {NameOf(Entry.Target, Entry.TargetName)}",
    };

    private string TypeOfFailure => string.Join(':', Reason.Split(':').Take(2));      // kind and type, not the message

    private static string NameOf(AgentId agent, string? name) => name ?? agent.ToString();
}
