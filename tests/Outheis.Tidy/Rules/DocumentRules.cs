using System.Text.RegularExpressions;
using Outheis.Tidy.Reading;

namespace Outheis.Tidy.Rules;

/// <summary>Documents say what is there: links lead somewhere, promises name their tests, code is the code
/// that compiles.</summary>
internal static partial class DocumentRules
{
    private const string Semantics = "docs/semantics.md";
    private const int SampleLinesMax = 20;

    public static readonly Rule Links = new("links", static r =>
        from file in r.Ending(".md")
        from link in Markdown.Links(file)
        let problem = Problem(r, file, link.Target)
        where problem is not null
        select file.At(link.Line, $"'{link.Target}' leads nowhere: {problem}"));

    public static readonly Rule Promises = new("promises and tests", static r =>
    {
        if (r.Find(Semantics) is not { } file)
        {
            return [new Finding(
                Semantics, 1, "is missing: what the kernel promises, each row with its test")];
        }

        HashSet<string> tests = [.. TestNames(r)];
        List<Markdown.Row> rows = [.. Markdown.Rows(file)];
        return rows.Count == 0
            ? [file.At(1, "has no table: one row for each promise, with its test")]
            : rows.SelectMany(row => Unproved(file, row, tests));
    });

    public static readonly Rule Samples = new("README code", static r =>
        r.Find("README.md") is not { } readme
            ? [new Finding("README.md", 1, "is missing")]
            : from block in Markdown.Blocks(readme)
              where block.Language is "csharp" or "cs"
              let lines = block.Text.Split('\n').Length
              let isSample = r.Sources("docs/samples").Any(s => s.Text.Trim() == block.Text.Trim())
              where !isSample || lines > SampleLinesMax
              select readme.At(block.Line, isSample
                  ? $"the program has {lines} lines, more than {SampleLinesMax}: make it smaller"
                  : "the code equals no file under docs/samples: copy a whole one, so that it compiles"));

    public static readonly Rule[] All = [Links, Promises, Samples];

    private static string? Problem(Repository repository, SourceFile from, string target)
    {
        if (target.Contains("://", StringComparison.Ordinal)
            || target.StartsWith("mailto:", StringComparison.Ordinal))
        {
            return null;
        }

        string[] parts = target.Split('#', 2);
        string path = parts[0].Length == 0 ? from.Path : Project.Resolve(from.Folder, parts[0]);
        if (repository.Find(path) is not { } file)
        {
            return repository.HasFolder(path) && parts.Length == 1 ? null : $"there is no {path}";
        }

        if (parts.Length == 1 || (LineAnchor().Match(parts[1]) is { Success: true } line
            && int.Parse(line.Groups[1].ValueSpan, null) <= file.LineCount))
        {
            return null;
        }

        return Markdown.Anchors(file).Contains(parts[1]) ? null : $"{path} has no heading '{parts[1]}'";
    }

    private static IEnumerable<Finding> Unproved(SourceFile file, Markdown.Row row, HashSet<string> tests)
    {
        int column = Array.FindIndex(row.Header, static c =>
            c.Contains("test", StringComparison.OrdinalIgnoreCase));
        if (column < 0)
        {
            return [file.At(
                row.Line, "the table has no column 'Test': add one, with a test method in each row")];
        }

        string cell = column < row.Cells.Length ? row.Cells[column] : "";
        List<string> named = [.. CodeSpan().Matches(cell).Select(static m => m.Groups[1].Value)];
        return named.Count == 0
            ? [file.At(row.Line, "the row names no test: write the method that proves it, in backticks")]
            : from name in named
              where !tests.Contains(name)
              select file.At(row.Line, $"there is no test method '{name}' under tests: name one that exists");
    }

    /// <summary>Methods with a test attribute, as Method and as Class.Method.</summary>
    private static IEnumerable<string> TestNames(Repository repository)
    {
        foreach (SourceFile file in repository.Sources("tests"))
        {
            string code = string.Join('\n', file.Code);
            List<string> classes = [.. ClassName().Matches(code).Select(static m => m.Groups[1].Value)];
            foreach (Match method in TestMethod().Matches(code))
            {
                string name = method.Groups[1].Value;
                yield return name;
                foreach (string type in classes)
                {
                    yield return $"{type}.{name}";
                }
            }
        }
    }

    [GeneratedRegex(@"^L(\d+)(?:-L\d+)?$")]
    private static partial Regex LineAnchor();

    [GeneratedRegex("`([^`]+)`")]
    private static partial Regex CodeSpan();

    [GeneratedRegex(@"\bclass\s+(\w+)")]
    private static partial Regex ClassName();

    private const string Attribute = @"(?:[^\[\]]|(?<open>\[)|(?<-open>\]))*(?(open)(?!))\]";

    [GeneratedRegex(@"\[\w*(?:Fact|Theory|Property)\b" + Attribute + @"(?:\s*\[" + Attribute + @")*"
        + @"\s*(?:[\w<>\[\],.?]+\s+)+?(\w+)\s*(?:<[\w, ]+>)?\s*\(")]
    private static partial Regex TestMethod();
}
