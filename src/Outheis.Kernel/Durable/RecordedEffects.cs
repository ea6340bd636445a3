using System.Text;

namespace Outheis;

/// <summary>
/// What earlier attempts at a message did about the world outside. A handler that threw, or ended its process, is told
/// the same when the message comes again: nothing runs twice (ES-05, ES-06).
/// </summary>
internal sealed class RecordedEffects(IEnumerable<JournalEntry> recorded)
{
    private readonly List<JournalEntry> _left = [.. recorded];

    /// <summary>What came of the next effect of this key. False: there was none.</summary>
    /// <param name="codecs">Read its outcome.</param>
    /// <param name="key">Of the effect.</param>
    /// <param name="name">The key that the world outside gets.</param>
    /// <param name="effect">What is told.</param>
    public bool TryRecall<T>(MessageCodecs codecs, string key, string name, out Effect<T> effect)
    {
        bool isThere = TryTake(key, out JournalEntry? ended);
        effect = ended is not null
            ? Read<T>(codecs, ended, name) : new Effect<T>(EffectOutcome.InDoubt, default, name, null);
        return isThere;
    }

    /// <summary>A turn that was cut off has been told some of them, and those are not told again.</summary>
    public void Skip(IEnumerable<JournalEntry> outputs)
    {
        foreach (JournalEntry told in outputs.Where(
            static output => output.Kind == JournalKind.EffectBegun && output.Badge != 0))
        {
            TryTake(Encoding.UTF8.GetString(told.Payload.Span), out _);
        }
    }

    public static bool IsBegun(JournalEntry entry, string key) =>
        entry.Kind == JournalKind.EffectBegun && Encoding.UTF8.GetString(entry.Payload.Span) == key;

    public static bool IsEnd(JournalEntry entry, JournalEntry begun) =>
        entry.Kind == JournalKind.EffectEnded && entry.Correlation == begun.Correlation;

    /// <summary>An outcome as it was told.</summary>
    /// <exception cref="JournalException">It cannot be read as such a value.</exception>
    public static Effect<T> Read<T>(MessageCodecs codecs, JournalEntry ended, string name)
    {
        var outcome = (EffectOutcome)ended.Labels;
        if (outcome != EffectOutcome.Done)
        {
            string? error = outcome == EffectOutcome.Failed ? Encoding.UTF8.GetString(ended.Payload.Span) : null;
            return new Effect<T>(outcome, default, name, error);
        }

        return codecs.Read(ended, out T value) is not { } reason
            ? new Effect<T>(outcome, value, name, null)
            : throw new JournalException(
                $"The outcome of effect {name} at {ended.Position} cannot be read as {typeof(T)}: {reason}.");
    }

    private bool TryTake(string key, out JournalEntry? ended)
    {
        JournalEntry? begun = Take(entry => IsBegun(entry, key));
        ended = begun is null ? null : Take(entry => IsEnd(entry, begun));
        return begun is not null;
    }

    private JournalEntry? Take(Predicate<JournalEntry> isMeant)
    {
        int at = _left.FindIndex(isMeant);
        if (at < 0)
        {
            return null;
        }

        JournalEntry taken = _left[at];
        _left.RemoveAt(at);
        return taken;
    }
}
