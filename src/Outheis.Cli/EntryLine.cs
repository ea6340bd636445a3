using System.Globalization;
using System.Text;

namespace Outheis.Cli;

/// <summary>A record of the journal as one line.</summary>
internal static class EntryLine
{
    /// <summary>Time, place, who sent what to whom.</summary>
    public static string Of(JournalEntry entry) =>
        $"{Colours.Dim(Numbers.Time(entry.Time))} {Colours.Cyan(Place.Of(entry.Position))} {What(entry)}";

    /// <summary>What the kernel notes for itself.</summary>
    public static bool IsBookkeeping(JournalKind kind) =>
        kind is JournalKind.Tick or JournalKind.Schema or JournalKind.Consumed or JournalKind.Observed
            or JournalKind.BuiltOn;

    /// <summary>A reply that travels as a message to another core, which knows by the correlation who asked.</summary>
    public static bool IsReplyToAnotherCore(JournalEntry entry) =>
        entry.Kind == JournalKind.Sent && entry.Correlation != 0 && entry.Target == AgentId.Host;

    private static string What(JournalEntry entry)
    {
        string what = Printable(
            entry.IsTimer ? TimerOf(entry) : entry.IsOffload ? OffloadOf(entry)
                : entry.IsTold ? ToldOf(entry)
                : VerbOf(entry) is { } verb ? Message(entry, verb) : Fact(entry));
        bool isTrouble = entry.IsFailure
            || entry.Kind is JournalKind.DeadLetter or JournalKind.TimedOut or JournalKind.Exited;
        return isTrouble ? Colours.Red(what) : IsBookkeeping(entry.Kind) ? Colours.Dim(what) : what;
    }

    private static string? VerbOf(JournalEntry entry) => entry.Kind switch
    {
        JournalKind.Sent when IsReplyToAnotherCore(entry) => "replies",
        JournalKind.Sent => entry.Correlation != 0 ? "asks" : "sends",
        JournalKind.Replied => entry.IsFailure ? "fails" : "replies",
        _ => null,
    };

    private static string Message(JournalEntry entry, string verb)
    {
        string target = IsReplyToAnotherCore(entry) ? "" : $" {Target(entry)}";
        string ask = entry.Correlation == 0 ? ""
            : string.Create(CultureInfo.InvariantCulture, $" [{entry.Correlation:x}]");
        string content = PayloadWords.Of(entry);
        return $"{Name(entry.SenderName, entry.Sender)} {verb}{target} {entry.TypeName ?? "?"}{ask}"
            + (content.Length == 0 ? "" : " " + content);
    }

    private static string TimerOf(JournalEntry entry)
    {
        string content = PayloadWords.Of(entry);
        return $"a timer of {Target(entry)} says {entry.TypeName ?? "?"}" + (content.Length == 0 ? "" : " " + content)
            + (entry.Labels > 1 ? string.Create(CultureInfo.InvariantCulture, $", due {entry.Labels} times") : "");
    }

    private static string TimerFact(JournalEntry entry)
    {
        string name = Name(entry.SenderName, entry.Sender);
        if (entry.Kind == JournalKind.Disarmed) return $"{name} disarms the timer {entry.Detail}";
        string content = PayloadWords.Of(entry);
        return $"{name} arms the timer {entry.Detail}: {entry.TypeName ?? "?"}"
            + (content.Length == 0 ? "" : " " + content);
    }

    private static string OffloadOf(JournalEntry entry)
    {
        string content = PayloadWords.Of(entry);
        return $"offloaded work of {Target(entry)} gives {entry.TypeName ?? "?"}"
            + (content.Length == 0 ? "" : " " + content);
    }

    private static string ToldOf(JournalEntry entry)
    {
        string content = PayloadWords.Of(entry);
        return $"{Target(entry)} is told {entry.TypeName ?? "?"}" + (content.Length == 0 ? "" : " " + content);
    }

    private static string Fact(JournalEntry entry)
    {
        if (entry.Kind is JournalKind.Armed or JournalKind.Disarmed)
        {
            return TimerFact(entry);
        }

        if (entry.Kind == JournalKind.Supervised)
        {
            return $"{Name(entry.SenderName, entry.Sender)} decides about {Target(entry)}: {entry.Detail}";
        }

        var fact = new StringBuilder(entry.Kind.ToString().ToLowerInvariant());
        if (entry.Target.Value != 0) fact.Append(' ').Append(Target(entry));
        if (IsAboutType(entry.Kind) && entry.TypeName is { } type) fact.Append(' ').Append(type);
        if (entry.Kind is JournalKind.Refused or JournalKind.EffectBegun or JournalKind.EffectEnded)
        {
            fact.Append(' ').Append(Name(entry.SenderName, entry.Sender));
        }

        if (entry.Kind is JournalKind.Attempted or JournalKind.Quarantined or JournalKind.Released
            or JournalKind.Resumed)
        {
            fact.Append(' ').Append(Place.Of(entry.Cause));
        }

        if (entry.Kind is JournalKind.Snapshot or JournalKind.EffectEnded && entry.TypeId != 0)
        {
            fact.Append(' ').Append(PayloadWords.Of(entry));
        }

        if (entry.Detail.Length > 0) fact.Append(": ").Append(entry.Detail);
        if (entry is { Kind: JournalKind.Consumed, Consumed.Count: > 0 })
        {
            fact.Append(": ").AppendJoin(", ", entry.Consumed.Select(ConsumedBy));
        }

        return fact.ToString();
    }

    private static bool IsAboutType(JournalKind kind) => kind is JournalKind.Granted or JournalKind.Derived
        or JournalKind.Revoked or JournalKind.DeadLetter or JournalKind.TimedOut or JournalKind.Schema;

    private static string ConsumedBy(ConsumedMessage message) =>
        string.Create(CultureInfo.InvariantCulture, $"{Place.Of(message.Position)} by #{message.Target.Value}");

    private static string Target(JournalEntry entry) => Name(entry.TargetName, entry.Target);

    private static string Name(string? name, AgentId id) =>
        name ?? (id.Value == 0 ? "host" : string.Create(CultureInfo.InvariantCulture, $"#{id.Value}"));

    /// <summary>What an agent was called or said must not reach the terminal as an escape code.</summary>
    public static string Printable(string line) =>
        string.Concat(line.Select(static c => char.IsControl(c) ? '\uFFFD' : c));
}
