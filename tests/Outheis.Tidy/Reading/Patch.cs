namespace Outheis.Tidy.Reading;

/// <summary>A unified diff against one file, with lines of the form "Bug: why" before it.</summary>
internal sealed class Patch
{
    private const string TargetMark = "+++ b/";

    private readonly string[] _heading;

    public Patch(SourceFile file)
    {
        int body = Array.FindIndex(file.Lines, static l => l.StartsWith("--- ", StringComparison.Ordinal));
        _heading = file.Lines[..Math.Max(body, 0)];
        int target = Array.FindIndex(file.Lines, static l => l.StartsWith(TargetMark, StringComparison.Ordinal));
        Target = target < 0 ? "" : file.Lines[target][TargetMark.Length..];
        Hunks = [.. HunksIn(file.Lines, target + 1)];
    }

    /// <summary>The file that it changes; empty if it does not say.</summary>
    public string Target { get; }

    public IReadOnlyList<Hunk> Hunks { get; }

    /// <summary>What its heading says under a name; empty if nothing.</summary>
    public string Field(string name) =>
        _heading.FirstOrDefault(l => l.StartsWith(name + ":", StringComparison.Ordinal))?[(name.Length + 1)..].Trim()
        ?? "";

    private static IEnumerable<Hunk> HunksIn(string[] lines, int first)
    {
        for (int i = first; i < lines.Length; i++)
        {
            if (lines[i].StartsWith("@@", StringComparison.Ordinal))
            {
                string[] body = [.. lines.Skip(i + 1).TakeWhile(static l => l.Length > 0 && l[0] is ' ' or '-' or '+')];
                yield return new Hunk(i + 1, [.. body.Where(static l => l[0] != '+').Select(static l => l[1..])])
                {
                    ChangesSomething = body.Any(static l => l[0] != ' '),
                };
            }
        }
    }

    /// <param name="Line">Where it stands in the patch.</param>
    /// <param name="Before">What must stand in the file: the lines that it keeps or takes out.</param>
    internal sealed record Hunk(int Line, string[] Before)
    {
        public bool ChangesSomething { get; init; }

        /// <summary>How many places of a file it fits into.</summary>
        public int Fits(string[] lines)
        {
            int places = 0;
            for (int i = 0; i + Before.Length <= lines.Length; i++)
            {
                places += lines.AsSpan(i, Before.Length).SequenceEqual(Before) ? 1 : 0;
            }

            return places;
        }
    }
}
