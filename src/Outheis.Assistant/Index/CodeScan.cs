namespace Outheis.Assistant;

/// <summary>Says which characters of a passage are code: lines between fences and what stands in
/// backticks.</summary>
internal static class CodeScan
{
    /// <summary>The runs of code in <paramref name="text"/>, in order and apart from one another.</summary>
    public static List<Range> Runs(ReadOnlySpan<char> text, bool allCode)
    {
        var runs = new List<Range>();
        if (allCode)
        {
            runs.Add(..text.Length);
            return runs;
        }

        bool inFence = false;
        int lineStart = 0;
        while (lineStart <= text.Length)
        {
            int length = text[lineStart..].IndexOf('\n');
            int lineEnd = length < 0 ? text.Length : lineStart + length;
            ReadOnlySpan<char> line = text[lineStart..lineEnd];
            bool isFence = line.TrimStart() is ['`', '`', '`', ..] or ['~', '~', '~', ..];
            if (inFence || isFence) runs.Add(lineStart..lineEnd);
            else AddInline(line, lineStart, runs);
            inFence ^= isFence;
            lineStart = lineEnd + 1;
        }

        return runs;
    }

    private static void AddInline(ReadOnlySpan<char> line, int lineStart, List<Range> runs)
    {
        int at = 0;
        while (at < line.Length)
        {
            int open = line[at..].IndexOf('`');
            if (open < 0) return;
            open += at;
            int ticks = line[open..].IndexOfAnyExcept('`');
            if (ticks < 0) return;
            int close = line[(open + ticks)..].IndexOf(line.Slice(open, ticks), StringComparison.Ordinal);
            if (close < 0) return;
            at = open + ticks + close + ticks;
            runs.Add((lineStart + open)..(lineStart + at));
        }
    }
}
