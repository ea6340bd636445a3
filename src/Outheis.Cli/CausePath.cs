namespace Outheis.Cli;

/// <summary>The causes of a record, back to the one that came from outside. Of a long path only the root and the newest
/// causes are kept.</summary>
/// <param name="Root">The first cause that is there.</param>
/// <param name="Newest">The record asked for and the causes next to it, oldest first; may begin with the root.</param>
/// <param name="Between">Causes between both that were passed and not kept.</param>
/// <param name="Missing">Position of the root's own cause, when that is not in the journal; else 0.</param>
internal sealed record CausePath(
    JournalEntry Root, IReadOnlyList<JournalEntry> Newest, long Between, long Missing)
{
    private const int Kept = 32;
    private static readonly TimeSpan LongestAsk = TimeSpan.FromMinutes(10);

    public static CausePath Of(
        JournalReader journal, JournalFolders folders, JournalEntry asked, CancellationToken token)
    {
        var newest = new LinkedList<JournalEntry>();
        JournalEntry at = asked;
        long between = 0;
        while (true)
        {
            token.ThrowIfCancellationRequested();
            if (newest.Count < Kept) newest.AddFirst(at);
            else between++;
            if (CauseOf(at, folders, token) is not (var cause and not 0)) break;
            if (!journal.TryRead(cause, out JournalEntry? before))
            {
                return new CausePath(at, [.. newest], Math.Max(0, between - 1), cause);
            }

            at = before;
        }

        return new CausePath(at, [.. newest], Math.Max(0, between - 1), 0);
    }

    /// <summary>A failed reply and a timeout name no cause: that is the request of the same correlation.</summary>
    private static long CauseOf(JournalEntry entry, JournalFolders folders, CancellationToken token)
    {
        bool isEndOfAsk = entry.Correlation != 0
            && (entry.Kind == JournalKind.TimedOut || (entry.Kind == JournalKind.Replied && entry.IsFailure));
        if (entry.Cause != 0 || !isEndOfAsk) return entry.Cause;
        var query = new JournalQuery
        {
            Archive = folders.Archive, Since = Before(entry.Time, LongestAsk), Kinds = [JournalKind.Sent],
        };
        using JournalReader reader = JournalReader.Open(folders.Directory, query);
        long request = 0;
        long latest = entry.Time.UtcTicks + LongestAsk.Ticks;
        while (reader.TryRead(out JournalRecord record, token) && record.UtcTicks <= latest)
        {
            token.ThrowIfCancellationRequested();
            bool isBefore = record.Lane != entry.Lane || record.Position < entry.Position;
            bool isRequest = record.Correlation == entry.Correlation && record.Target != AgentId.Host;
            if (isRequest && isBefore && record.Run == entry.Run) request = record.Position;
        }

        return request;
    }

    public static DateTimeOffset Before(DateTimeOffset time, TimeSpan by) =>
        time - DateTimeOffset.MinValue > by ? time - by : DateTimeOffset.MinValue;
}
