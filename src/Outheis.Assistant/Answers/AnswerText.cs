using System.Globalization;
using System.Text;

namespace Outheis.Assistant;

/// <summary>Writes an answer for people: each passage under its place, the matched words marked.</summary>
internal static class AnswerText
{
    private const string PathStyle = "\e[36m", TitleStyle = "\e[2m";
    private const string MarkStyle = "\e[1;33m", NoStyle = "\e[0m";

    public static void Write(TextWriter output, Found found, VaultLabel vault, bool ansi)
    {
        for (int i = 0; i < found.Passages.Count; i++)
        {
            FoundPassage passage = found.Passages[i];
            if (i > 0) output.WriteLine();
            string place = string.Create(
                CultureInfo.InvariantCulture, $"{vault.PathOf(passage.Path)}:{passage.FirstLine}");
            string title = TrailOf(passage);
            output.WriteLine(ansi
                ? $"{PathStyle}{Printable(place)}{NoStyle}  {TitleStyle}{Printable(title)}{NoStyle}"
                : $"{Printable(place)}  {Printable(title)}");
            WriteLines(output, passage, ansi);
        }
    }

    /// <summary>Title and headings above a passage.</summary>
    public static string TrailOf(FoundPassage passage) =>
        passage.Heading.Length > 0 ? $"{passage.Title} > {passage.Heading}" : passage.Title;

    /// <summary>The text of a passage with its marks; <paramref name="ansi"/> chooses which.</summary>
    public static string Marked(FoundPassage passage, bool ansi)
    {
        List<Range> code = ansi ? [] : CodeScan.Runs(passage.Text, passage.IsCode);
        (string open, string close) = ansi ? (MarkStyle, NoStyle) : ("**", "**");
        var text = new StringBuilder();
        int at = 0;
        foreach (Mark mark in passage.Marks)
        {
            int end = mark.Start + mark.Length;
            bool isCode = code.Exists(run => run.Start.Value < end && run.End.Value > mark.Start);
            if (isCode) continue;
            text.Append(Printable(passage.Text[at..mark.Start]));
            text.Append(open).Append(Printable(passage.Text[mark.Start..end])).Append(close);
            at = end;
        }

        return text.Append(Printable(passage.Text[at..])).ToString();
    }

    private static void WriteLines(TextWriter output, FoundPassage passage, bool ansi)
    {
        string[] lines = Marked(passage, ansi).Split('\n');
        const int most = VaultLimits.AnswerLinesPerPassage;
        int shown = lines.Length > most + 1 ? most : lines.Length;
        for (int i = 0; i < shown; i++) output.WriteLine(lines[i].Length > 0 ? $"    {lines[i]}" : "");
        if (shown < lines.Length) output.WriteLine($"    ... {lines.Length - shown} more lines");
    }

    /// <summary>Notes are data: an escape code in one must not reach the terminal.</summary>
    private static string Printable(string text)
    {
        if (!text.Any(char.IsControl)) return text;
        return string.Create(text.Length, text, static (printable, source) =>
        {
            for (int i = 0; i < printable.Length; i++)
            {
                bool shown = source[i] is '\n' or '\t' || !char.IsControl(source[i]);
                printable[i] = shown ? source[i] : '\uFFFD';
            }
        });
    }
}
