using System.Text;
using System.Text.Unicode;

namespace Outheis.Assistant;

/// <summary>The lines of a note: its text and where each line begins.</summary>
internal sealed class NoteText
{
    private readonly List<int> _lineStarts = [0];

    public NoteText(string text)
    {
        Text = text;
        for (int at = text.IndexOf('\n'); at >= 0; at = text.IndexOf('\n', at + 1)) _lineStarts.Add(at + 1);
        bool endsWithNewline = _lineStarts.Count > 1 && _lineStarts[^1] == text.Length;
        if (endsWithNewline) _lineStarts.RemoveAt(_lineStarts.Count - 1);
    }

    public string Text { get; }

    public int LineCount => _lineStarts.Count;

    /// <summary>Decodes a file's bytes. Nothing is guessed: what is not UTF-8 is refused with the
    /// reason.</summary>
    public static bool TryDecode(ReadOnlySpan<byte> bytes, out NoteText? text, out string reason)
    {
        text = null;
        reason = "";
        if (bytes is [0xEF, 0xBB, 0xBF, ..]) bytes = bytes[3..];
        if (bytes is [0xFF, 0xFE, ..] or [0xFE, 0xFF, ..]) reason = "it is UTF-16, not UTF-8";
        else if (bytes.Contains((byte)0)) reason = "it is binary";
        else if (!Utf8.IsValid(bytes)) reason = "it is not UTF-8";
        else text = new NoteText(Encoding.UTF8.GetString(bytes));
        return text is not null;
    }

    /// <summary>Line <paramref name="index"/>, counted from 0, without its end.</summary>
    public ReadOnlySpan<char> Line(int index)
    {
        int start = _lineStarts[index];
        int end = index + 1 < _lineStarts.Count ? _lineStarts[index + 1] - 1 : Text.Length;
        return Text.AsSpan(start, end - start).TrimEnd("\r\n");
    }

    public bool IsBlank(int index) => Line(index).IsWhiteSpace();

    /// <summary>The line, counted from 0, that holds the character at <paramref name="offset"/>.</summary>
    public int LineAt(int offset)
    {
        int found = _lineStarts.BinarySearch(offset);
        return found >= 0 ? found : ~found - 1;
    }

    /// <summary>The passage of these lines, counted from 0, without blank lines at its ends; null when all
    /// are blank.</summary>
    public Passage? Cut(int first, int last, bool isCode)
    {
        last = Math.Min(last, LineCount - 1);
        while (first <= last && IsBlank(first)) first++;
        while (last >= first && IsBlank(last)) last--;
        if (first > last) return null;

        var text = new StringBuilder();
        for (int line = first; line <= last; line++)
        {
            if (line > first) text.Append('\n');
            text.Append(Line(line));
        }

        return new Passage(first + 1, last + 1, isCode, text.ToString());
    }
}
