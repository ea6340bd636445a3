using System.Text.Json.Serialization;

namespace Outheis.Testing;

/// <summary>One day of a chat room: who said what, in order, and to whom. Does not change.</summary>
internal sealed class ChatLog
{
    private ChatLog(IReadOnlyList<ChatLine> lines) => Lines = lines;

    public IReadOnlyList<ChatLine> Lines { get; }

    /// <summary>Every log in a folder, in the order of their names.</summary>
    public static ChatLog[] ReadAll(string folder) =>
        [.. FilesIn(folder).Order(StringComparer.Ordinal).Select(static file => Parse(File.ReadLines(file)))];

    public static string[] FilesIn(string folder) => Directory.GetFiles(folder, "*.raw.txt");

    /// <summary>Lines like <c>[04:59] &lt;nick&gt; text</c>; joins, parts and actions are no lines.</summary>
    public static ChatLog Parse(IEnumerable<string> text)
    {
        List<(string Nick, string Text)> said = [.. text.Select(Split).OfType<(string, string)>()];
        HashSet<string> nicks = [.. said.Select(static line => line.Nick)];
        return new ChatLog([.. said.Select(
            (line, number) => new ChatLine(number, line.Nick, AddresseeOf(line.Text, line.Nick, nicks), line.Text))]);
    }

    private static (string Nick, string Text)? Split(string line)
    {
        int open = line.IndexOf('<'), close = line.IndexOf("> ", StringComparison.Ordinal);
        return line.StartsWith('[') && open == line.IndexOf(']') + 2 && close > open
            ? (line[(open + 1)..close], line[(close + 2)..])
            : null;
    }

    // "nick: text" or "nick, text", if somebody of that name is there.
    private static string? AddresseeOf(string text, string speaker, HashSet<string> nicks)
    {
        int end = text.AsSpan().IndexOfAny(':', ',', ' ');
        string? word = end > 0 && text[end] != ' ' ? text[..end] : null;
        return word is not null && word != speaker && nicks.Contains(word) ? word : null;
    }
}

/// <summary>One line of a chat.</summary>
/// <param name="Number">In its log.</param>
/// <param name="From">Who speaks.</param>
/// <param name="To">Whom it addresses; null: everybody.</param>
/// <param name="Text">All of it.</param>
internal sealed record ChatLine(int Number, string From, string? To, string Text);

[JsonSerializable(typeof(ChatLine))]
internal sealed partial class ChatLineJson : JsonSerializerContext;
