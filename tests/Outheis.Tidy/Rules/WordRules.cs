using System.Text.RegularExpressions;
using Outheis.Tidy.Reading;

namespace Outheis.Tidy.Rules;

/// <summary>Words that hide something: the job of a file, the order of a memory access, code, work not
/// done.</summary>
internal static partial class WordRules
{
    private static readonly string[] s_folders = ["src", "tests", "bench", "docs"];

    public static readonly Rule FileNames = new("file names", static r =>
        from file in r.Files
        where file.IsUnder("src", "tests", "bench") && (file.Is(".cs") || file.Is(".csproj"))
        from part in file.Path.Split('/')
        from Match word in CamelWord().Matches(part)
        where word.Value is "Manager" or "Helper" or "Helpers" or "Util" or "Utils" or "Common" or "Base"
        select file.At(1, $"'{word.Value}' in '{part}' says nothing: name the file after what it does"));

    public static readonly Rule Volatile = new("volatile", static r =>
        InCode(r, VolatileWord(), "the keyword hides the order: use Volatile.Read and Volatile.Write"));

    public static readonly Rule Regions = new("regions", static r =>
        InCode(r, RegionLine(), "a region hides code: take it out, or split the file"));

    public static readonly Rule Conditions = new("conditional code", static r =>
        InCode(r, IfLine(), "there is one target: decide at run time or by a type"));

    public static readonly Rule Notes = new("notes to self", static r =>
        from file in r.Files
        where file.Is(".cs") || file.Is(".md") || file.Is(".csproj") || file.Is(".props") || file.IsUnder(
            ".ci")
        from found in InLines(file, file.Is(".cs") ? file.Comments : file.Lines, NoteWord(),
            "do it now, or write it down as an issue")
        select found);

    public static readonly Rule[] All = [FileNames, Volatile, Regions, Conditions, Notes];

    private static IEnumerable<Finding> InCode(Repository repository, Regex word, string advice) =>
        repository.Sources(s_folders).SelectMany(file => InLines(file, file.Code, word, advice));

    public static IEnumerable<Finding> InLines(SourceFile file, string[] lines, Regex word, string advice)
    {
        for (int i = 0; i < lines.Length; i++)
        {
            if (word.Match(lines[i]) is { Success: true } match)
            {
                yield return file.At(i + 1, $"'{match.Value.Trim()}': {advice}");
            }
        }
    }

    [GeneratedRegex("[A-Z][a-z0-9]*")]
    private static partial Regex CamelWord();

    [GeneratedRegex(@"\bvolatile\b")]
    private static partial Regex VolatileWord();

    [GeneratedRegex(@"^\s*#\s*region\b")]
    private static partial Regex RegionLine();

    [GeneratedRegex(@"^\s*#\s*(?:if|elif)\b")]
    private static partial Regex IfLine();

    [GeneratedRegex(@"\b(?:TODO|FIXME|HACK|XXX)\b")]
    private static partial Regex NoteWord();
}
