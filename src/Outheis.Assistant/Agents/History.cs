using System.Text.Json;

namespace Outheis.Assistant;

/// <summary>The exchanges of the past, read from the journal; nothing can be written through it.</summary>
/// <param name="journalDirectory">The journal; null when nothing is journaled.</param>
internal sealed class History(string? journalDirectory)
{
    /// <summary>What was exchanged before the message at <paramref name="position"/>, oldest first. Reads
    /// files.</summary>
    public IEnumerable<Exchanged> Before(long position)
    {
        if (journalDirectory is null) yield break;
        using JournalReader journal = JournalReader.Open(journalDirectory);
        foreach (JournalEntry entry in journal.Read())
        {
            if (entry.Position == position) yield break;
            bool isExchange = entry.Kind == JournalKind.Sent && entry.Encoding == PayloadEncoding.Json
                && (entry.TypeName == nameof(Exchanged) || entry.TypeName == typeof(Exchanged).FullName);
            if (isExchange && Parse(entry.Payload.Span) is { } exchange) yield return exchange;
        }
    }

    private static Exchanged? Parse(ReadOnlySpan<byte> payload)
    {
        try
        {
            return JsonSerializer.Deserialize(payload, MessageJson.Default.Exchanged);
        }
        catch (JsonException)
        {
            return null;        // written by a version that called something else an exchange
        }
    }
}
