using System.CommandLine;
using System.Globalization;

namespace Outheis.Cli;

/// <summary>The options that say which records of which journal to read.</summary>
internal static class QueryOptions
{
    private static readonly Option<string?> From = Text(
        "--from", "POSITION", "From this record on; in the other lanes from its time on.");
    private static readonly Option<string?> Since = Text(
        "--since", "TIME", "Only what happened then or later: 2026-05-17T14:03:00Z, or 10m, 2h, 3d ago.");
    private static readonly Option<string?> Until = Text("--until", "TIME", "Only what happened before.");
    private static readonly Option<string?> Agent = Text(
        "--agent", "NAME|#ID", "Only what this agent sent, or what was sent to it or is about it.");
    private static readonly Option<string?> TypeName = Text("--type", "NAME", "Only messages of this type.");
    private static readonly Option<string?> Chain = Text("--chain", "N", "Only this chain of messages.");
    private static readonly Option<bool> All = new("--all")
    {
        Description = "Also what the kernel notes for itself: types, ticks, what was consumed.",
    };

    private static readonly JournalKind[] Told =
        [.. Enum.GetValues<JournalKind>().Where(static kind => !EntryLine.IsBookkeeping(kind))];

    /// <summary>All options, for a command that prints lines.</summary>
    public static Option[] ForLines { get; } =
        [.. JournalFolders.Both, From, Since, Until, Agent, TypeName, Chain, All];

    /// <summary>For one that takes every kind of record.</summary>
    public static Option[] ForAll { get; } = [.. JournalFolders.Both, From, Since, Until, Agent, TypeName, Chain];

    /// <summary>Throws a <see cref="BadInputException"/> for what cannot be read.</summary>
    /// <param name="parsed">The command line.</param>
    /// <param name="everything">Whatever --all says.</param>
    /// <param name="lastBytes">Only the end of each lane.</param>
    public static JournalQuery Read(ParseResult parsed, bool everything = false, long? lastBytes = null)
    {
        string? agent = parsed.GetValue(Agent);
        bool isId = agent is ['#', ..];
        return new JournalQuery
        {
            From = parsed.GetValue(From) is { } from ? Place.Parse(from) : null,
            Since = Time(Since, parsed),
            Until = Time(Until, parsed),
            Agent = isId ? new AgentId(Number("--agent", agent![1..])) : null,
            AgentName = isId ? null : agent,
            TypeName = parsed.GetValue(TypeName),
            Chain = parsed.GetValue(Chain) is { } chain ? Number("--chain", chain) : null,
            Kinds = everything || parsed.GetValue(All) ? null : Told,
            LastBytes = lastBytes,
            Archive = JournalFolders.Read(parsed).Archive,
        };
    }

    /// <summary>A point in time, or so long ago. Throws a <see cref="BadInputException"/> for what is
    /// neither.</summary>
    public static DateTimeOffset? ReadTime(Option<string?> option, ParseResult parsed) => Time(option, parsed);

    private static DateTimeOffset? Time(Option<string?> option, ParseResult parsed)
    {
        if (parsed.GetValue(option) is not { } text) return null;
        if (Ago(text) is { } ago) return DateTimeOffset.UtcNow - ago;
        return DateTimeOffset.TryParse(
            text, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out DateTimeOffset time)
            ? time
            : throw new BadInputException(
                $"{option.Name} takes a time, not '{text}'. Write 2026-05-17T14:03:00Z, or 10m, 2h, 3d for "
                + "so long ago.");
    }

    private static TimeSpan? Ago(string text)
    {
        if (text.Length < 2 || !double.TryParse(
            text.AsSpan(0, text.Length - 1), NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture,
            out double number) || number > 100_000)
        {
            return null;
        }

        return text[^1] switch
        {
            's' => TimeSpan.FromSeconds(number),
            'm' => TimeSpan.FromMinutes(number),
            'h' => TimeSpan.FromHours(number),
            'd' => TimeSpan.FromDays(number),
            _ => null,
        };
    }

    private static uint Number(string option, string text) =>
        uint.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out uint number)
            ? number
            : throw new BadInputException($"{option} takes a number, not '{text}'.");

    private static Option<string?> Text(string name, string value, string description) =>
        new(name) { HelpName = value, Description = description };
}
