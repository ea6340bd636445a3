using System.Text.RegularExpressions;
using Outheis.Tidy.Reading;

namespace Outheis.Tidy.Rules;

/// <summary>A bound that bounds nothing misleads.</summary>
internal static partial class LimitsRules
{
    public static readonly Rule Used = new("limits", static r =>
        from file in r.Sources("src")
        let type = LimitsType().Match(string.Join('\n', file.Code))
        where type.Success
        from line in Enumerable.Range(1, file.Lines.Length)
        let bound = Bound().Match(file.Code[line - 1])
        where bound.Success && !IsRelation(file.Code[line - 1])
        let name = bound.Groups[1].Value
        where !IsUsed(r, file, type.Groups[1].Value, name)
        select file.At(
            line, $"{type.Groups[1].Value}.{name} bounds nothing: use it where it holds, or take it out"));

    public static readonly Rule[] All = [Used];

    private static bool IsUsed(Repository repository, SourceFile home, string type, string name)
    {
        var outside = new Regex($@"\b{type}\.{name}\b");
        var inside = new Regex($@"\b{name}\b(?!\s*=)");
        return repository.Sources("src").Any(file => file != home && file.Code.Any(l => outside.IsMatch(l)))
            || home.Code.Any(l => !IsRelation(l) && inside.IsMatch(l));
    }

    /// <summary>Compile-time relations between bounds are assertions: no bound, and no use of one.</summary>
    private static bool IsRelation(string line) => Relation().IsMatch(line);

    [GeneratedRegex(@"\bstatic\s+class\s+(\w*Limits)\b")]
    private static partial Regex LimitsType();

    [GeneratedRegex(@"\b(?:const|static\s+readonly)\s+[\w.<>\[\]]+\s+(\w+)\s*=")]
    private static partial Regex Bound();

    [GeneratedRegex(@"\?\s*1\s*:\s*-\s*1\s*;")]
    private static partial Regex Relation();
}
