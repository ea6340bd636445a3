namespace Outheis.Cli;

/// <summary>The content of a message for the eye. The one place that decides how a payload looks.</summary>
internal static class PayloadWords
{
    /// <summary>Empty when there is none.</summary>
    public static string Of(JournalEntry entry) =>
        entry.Payload.Length == 0 ? ""
        : entry.PayloadText ?? "0x" + Convert.ToHexStringLower(entry.Payload.Span);
}
