using System.CommandLine;
using System.Globalization;
using System.Text;

namespace Outheis.Cli;

/// <summary>outheis journal cat: what was exchanged, message by message.</summary>
internal static class JournalCommand
{
    private static readonly Option<bool> AllOption = new("--all")
    {
        Description = "Also what the kernel notes for itself: types, ticks, what was consumed.",
    };

    public static Command Create()
    {
        const string description = "Prints the journal, message by message.";
        var cat = new Command("cat", description) { Options.Journal, AllOption };
        cat.SetAction((parsed, _) =>
            Task.FromResult(Cat(parsed.GetRequiredValue(Options.Journal), parsed.GetValue(AllOption))));
        return new Command("journal", "Reads the journal.") { cat };
    }

    private static int Cat(string directory, bool all)
    {
        try
        {
            var utf8 = new UTF8Encoding(encoderShouldEmitUTF8Identifier: false);
            using var output = new StreamWriter(Console.OpenStandardOutput(), utf8, bufferSize: 1 << 16);
            using JournalReader journal = JournalReader.Open(directory);
            foreach (JournalEntry entry in journal.Read())
            {
                if (all || !IsBookkeeping(entry.Kind)) output.WriteLine(Line(entry));
            }

            output.Flush();
            return ReportEnds(journal);
        }
        catch (JournalException failure)
        {
            Console.Error.WriteLine(failure.Message);
            return ExitCode.BadInput;
        }
    }

    private static bool IsBookkeeping(JournalKind kind) =>
        kind is JournalKind.Tick or JournalKind.Schema or JournalKind.Consumed;

    private static int ReportEnds(JournalReader journal)
    {
        bool whole = true;
        foreach (LaneEnd end in journal.Ends.Where(static end => end.Kind != LaneEndKind.End))
        {
            whole = false;
            Console.Error.WriteLine(string.Create(CultureInfo.InvariantCulture,
                $"Lane {end.Lane} ends early, at {Place(end.Position)}: {end.Reason}."));
        }

        return whole ? ExitCode.Done : ExitCode.DoneInPart;
    }

    private static string Line(JournalEntry entry)
    {
        string what = VerbOf(entry) is { } verb ? Message(entry, verb) : Fact(entry);
        return Printable(string.Create(CultureInfo.InvariantCulture,
            $"{entry.Time:yyyy-MM-dd HH:mm:ss.fff} {Place(entry.Position)} {what}"));
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
        return $"{Sender(entry)} {verb}{target} {entry.TypeName ?? "?"}{ask}{Content(entry)}";
    }

    private static string Fact(JournalEntry entry)
    {
        var fact = new StringBuilder(entry.Kind.ToString().ToLowerInvariant());
        if (entry.Target.Value != 0) fact.Append(' ').Append(Target(entry));
        if (IsAboutType(entry.Kind) && entry.TypeName is { } type) fact.Append(' ').Append(type);
        if (entry.Detail.Length > 0) fact.Append(": ").Append(entry.Detail);
        if (entry.Consumed.Count > 0) fact.Append(": ").AppendJoin(", ", entry.Consumed.Select(ConsumedBy));
        return fact.ToString();
    }

    /// <summary>It travels as a message to the core, which knows by the correlation who asked.</summary>
    private static bool IsReplyToAnotherCore(JournalEntry entry) =>
        entry.Kind == JournalKind.Sent && entry.Correlation != 0 && entry.Target == AgentId.Host;

    private static bool IsAboutType(JournalKind kind) => kind is JournalKind.Granted or JournalKind.Derived
        or JournalKind.Revoked or JournalKind.DeadLetter or JournalKind.TimedOut or JournalKind.Schema;

    private static string Content(JournalEntry entry) => entry.Encoding switch
    {
        _ when entry.Payload.Length == 0 => "",
        PayloadEncoding.Json => " " + Encoding.UTF8.GetString(entry.Payload.Span),
        _ => " 0x" + Convert.ToHexStringLower(entry.Payload.Span),
    };

    private static string ConsumedBy(ConsumedMessage message) =>
        string.Create(CultureInfo.InvariantCulture, $"{Place(message.Position)} by #{message.Target.Value}");

    /// <summary>The lane and the place in it.</summary>
    private static string Place(long position) =>
        string.Create(CultureInfo.InvariantCulture, $"{position >> 56}/{position & ((1L << 56) - 1)}");

    private static string Sender(JournalEntry entry) => Name(entry.SenderName, entry.Sender);

    private static string Target(JournalEntry entry) => Name(entry.TargetName, entry.Target);

    private static string Name(string? name, AgentId id) =>
        name ?? (id.Value == 0 ? "host" : string.Create(CultureInfo.InvariantCulture, $"#{id.Value}"));

    /// <summary>What an agent was called or said must not reach the terminal as an escape code.</summary>
    private static string Printable(string line) =>
        string.Concat(line.Select(static c => char.IsControl(c) ? '\uFFFD' : c));
}
