using System.Globalization;
using System.Text;

namespace Outheis;

/// <summary>
/// The fields of a message type as lines in its Schema record: <c>OFFSET KIND NAME</c>, of an enum with
/// <c>NAME=VALUE,…</c> behind. At most <see cref="JournalLimits.LayoutBytesMax"/>; the rest is given up by whole lines,
/// and a last line of three dots says so.
/// </summary>
internal static class LayoutText
{
    private const string Cut = "...\n";

    public static string Write(IReadOnlyList<MessageField> fields)
    {
        var text = new StringBuilder();
        int bytes = 0;
        for (int i = 0; i < fields.Count; i++)
        {
            int room = JournalLimits.LayoutBytesMax - bytes - (i + 1 < fields.Count ? Cut.Length : 0);
            string line = Line(fields[i], fields[i].Values);
            if (Encoding.UTF8.GetByteCount(line) > room)
            {
                line = Line(fields[i], values: null);
            }

            int lineBytes = Encoding.UTF8.GetByteCount(line);
            if (lineBytes > room)
            {
                return text.Append(Cut).ToString();
            }

            text.Append(line);
            bytes += lineBytes;
        }

        return text.ToString();
    }

    /// <summary>The fields that the lines describe; what is no such line is passed over. Any text will do.</summary>
    public static MessageField[] Read(ReadOnlySpan<char> text)
    {
        var fields = new List<MessageField>();
        foreach (Range range in text.Split('\n'))
        {
            if (TryReadLine(text[range], out MessageField? field))
            {
                fields.Add(field);
            }
        }

        return [.. fields];
    }

    /// <summary>Whether bytes of a recorded layout mean the same by the present one: the same fields at the same
    /// places. An enum may have other values meanwhile, but each name the same number.</summary>
    /// <param name="text">The lines.</param>
    /// <param name="recorded">What <see cref="Read"/> made of them.</param>
    /// <param name="present">Of this program.</param>
    public static bool Fits(
        ReadOnlySpan<char> text, IReadOnlyList<MessageField> recorded, IReadOnlyList<MessageField> present)
    {
        bool isCut = text.EndsWith(Cut, StringComparison.Ordinal);
        return (isCut ? recorded.Count <= present.Count : recorded.Count == present.Count)
            && recorded.Zip(present).All(static pair => IsSame(pair.First, pair.Second));
    }

    private static bool IsSame(MessageField left, MessageField right) =>
        left.Offset == right.Offset && left.Kind == right.Kind && left.Length == right.Length
        && left.Name == right.Name && HaveSameNumbers(left.Values, right.Values);

    private static bool HaveSameNumbers(string? left, string? right)
    {
        if (left is null || right is null || left == right)
        {
            return true;
        }

        Dictionary<string, string> numbers = Numbers(left);
        return Numbers(right).All(value => numbers.GetValueOrDefault(value.Key, value.Value) == value.Value);
    }

    private static Dictionary<string, string> Numbers(string values)
    {
        var numbers = new Dictionary<string, string>(StringComparer.Ordinal);
        foreach (string value in values.Split(','))
        {
            int at = value.IndexOf('=');
            numbers[at < 0 ? value : value[..at]] = value[(at + 1)..];
        }

        return numbers;
    }

    private static string Line(MessageField field, string? values)
    {
        string kind = FieldKinds.Name(field.Kind);
        string length = field.Kind == FieldKind.Bytes ? Invariant($"[{field.Length}]") : "";
        return Invariant($"{field.Offset} {kind}{length} {field.Name}{(values is null ? "" : " ")}{values}\n");
    }

    private static bool TryReadLine(
        ReadOnlySpan<char> line, [System.Diagnostics.CodeAnalysis.NotNullWhen(true)] out MessageField? field)
    {
        field = null;
        Span<Range> parts = stackalloc Range[5];
        int count = line.Split(parts, ' ');
        if (count is not (3 or 4) || line.Contains('\r') || !TryReadNumber(line[parts[0]], out int offset)
            || !TryReadKind(line[parts[1]], out FieldKind kind, out int length) || line[parts[2]].IsEmpty)
        {
            return false;
        }

        field = new MessageField(
            line[parts[2]].ToString(), kind, offset, length, count == 4 ? line[parts[3]].ToString() : null);
        return true;
    }

    private static bool TryReadKind(ReadOnlySpan<char> text, out FieldKind kind, out int length)
    {
        length = 0;
        int open = text.IndexOf('[');
        if (open < 0)
        {
            return FieldKinds.TryFind(text, out kind) && kind != FieldKind.Bytes;
        }

        return FieldKinds.TryFind(text[..open], out kind) && kind == FieldKind.Bytes && text[^1] == ']'
            && TryReadNumber(text[(open + 1)..^1], out length);
    }

    private static bool TryReadNumber(ReadOnlySpan<char> text, out int number) =>
        int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out number);

    private static string Invariant(FormattableString text) => text.ToString(CultureInfo.InvariantCulture);
}
