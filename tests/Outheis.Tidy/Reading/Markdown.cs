using System.Text.RegularExpressions;

namespace Outheis.Tidy.Reading;

/// <summary>As much of Markdown as the rules need: headings, links, fenced blocks, table rows.</summary>
internal static partial class Markdown
{
    public readonly record struct Link(string Target, int Line);

    public readonly record struct Block(string Language, string Text, int Line);

    /// <param name="Cells">Trimmed, without the outer bars.</param>
    /// <param name="Header">The cells of the table's first row.</param>
    /// <param name="Line">From 1.</param>
    public readonly record struct Row(string[] Cells, string[] Header, int Line);

    public static IEnumerable<Link> Links(SourceFile file) =>
        from line in Prose(file)
        let text = CodeSpan().Replace(line.Text, static m => new string(' ', m.Length))
        from Match match in LinkTarget().Matches(text)
        select new Link(match.Groups[1].Success ? match.Groups[1].Value : match.Groups[2].Value, line.Number);

    /// <summary>The anchors of the headings, as web views of repositories make them.</summary>
    public static IReadOnlySet<string> Anchors(SourceFile file)
    {
        var anchors = new HashSet<string>();
        foreach ((string text, _) in Prose(file))
        {
            if (Heading().Match(text) is not { Success: true } heading)
            {
                continue;
            }

            string plain = LinkText().Replace(heading.Groups[1].Value, "$1").Trim().ToLowerInvariant();
            string slug = NotInAnchor().Replace(plain, "").Replace(' ', '-');
            string anchor = slug;
            for (int i = 1; !anchors.Add(anchor); i++)
            {
                anchor = $"{slug}-{i}";
            }
        }

        return anchors;
    }

    public static IEnumerable<Block> Blocks(SourceFile file)
    {
        int start = -1;
        for (int i = 0; i < file.Lines.Length; i++)
        {
            if (!Fence().IsMatch(file.Lines[i]))
            {
                continue;
            }

            if (start >= 0)
            {
                string language = file.Lines[start].Trim().TrimStart('`');
                yield return new Block(language, string.Join('\n', file.Lines[(start + 1)..i]), start + 1);
                start = -1;
            }
            else
            {
                start = i;
            }
        }
    }

    /// <summary>The rows of all tables below their rule.</summary>
    public static IEnumerable<Row> Rows(SourceFile file)
    {
        string[]? header = null;
        bool isBody = false;
        foreach ((string text, int number) in Prose(file))
        {
            string trimmed = text.Trim();
            if (!trimmed.StartsWith('|'))
            {
                (header, isBody) = (null, false);
                continue;
            }

            string[] cells = [.. trimmed.Trim('|').Split('|').Select(static c => c.Trim())];
            if (header is null)
            {
                header = cells;
            }
            else if (!isBody)
            {
                isBody = true;
            }
            else
            {
                yield return new Row(cells, header, number);
            }
        }
    }

    private static IEnumerable<(string Text, int Number)> Prose(SourceFile file)
    {
        bool isBlock = false;
        for (int i = 0; i < file.Lines.Length; i++)
        {
            bool isFence = Fence().IsMatch(file.Lines[i]);
            if (!isFence && !isBlock)
            {
                yield return (file.Lines[i], i + 1);
            }

            isBlock ^= isFence;
        }
    }

    [GeneratedRegex(@"^\s*```")]
    private static partial Regex Fence();

    [GeneratedRegex("`[^`]*`")]
    private static partial Regex CodeSpan();

    [GeneratedRegex(@"\]\(([^)\s]+)(?:\s+""[^""]*"")?\)|^\[[^\]]+\]:\s*(\S+)")]
    private static partial Regex LinkTarget();

    [GeneratedRegex(@"^#{1,6}\s+(.+?)\s*#*$")]
    private static partial Regex Heading();

    [GeneratedRegex(@"\[([^\]]*)\]\([^)]*\)")]
    private static partial Regex LinkText();

    [GeneratedRegex(@"[^\p{L}\p{N}\s_-]")]
    private static partial Regex NotInAnchor();
}
