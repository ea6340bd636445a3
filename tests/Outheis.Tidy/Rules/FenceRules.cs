using System.Text.RegularExpressions;
using Outheis.Tidy.Reading;

namespace Outheis.Tidy.Rules;

/// <summary>
/// Each ordered memory access has a number: R7 is a release, A7 the acquire that sees it, F1 a full fence
/// that names its partner fences and stands at an instruction. docs/memory-model.md says what each pair is for.
/// </summary>
internal static partial class FenceRules
{
    private const string Document = "docs/memory-model.md";

    public static readonly Rule Partners = new("fence partners", static r =>
    {
        List<Number> numbers = [.. InSources(r)];
        HashSet<string> placed = [.. numbers.Where(static n => n.IsPlaced).Select(static n => n.Name)];
        HashSet<string> paired = [.. numbers.Where(static n => n.Kind == 'F').GroupBy(static n => n.Place)
            .Where(static line => line.Count() > 1)      // a partner may be the same place on another core
            .SelectMany(static line => line.Select(static n => n.Name))];
        return from number in First(numbers)
               where number.Kind == 'F'
                   ? !paired.Contains(number.Name) || !placed.Contains(number.Name)
                   : !placed.Contains(number.Partner)
               select number.Kind == 'F'
                   ? number.Found(
                       $"{number.Name} lacks a place or a partner: 'F...: what before what. Pairs with F...' at both")
                   : number.Found(
                       $"{number.Name} has no {number.Partner}: number the other side where it stands");
    });

    public static readonly Rule Documented = new("fences in the memory model", static r =>
    {
        List<Number> sources = [.. First(InSources(r))];
        SourceFile? document = r.Find(Document);
        List<Number> written = document is null ? [] : [.. First(In(document, document.Lines))];
        IEnumerable<Finding> missing =
            from number in sources
            where !written.Exists(w => w.Name == number.Name)
            select number.Found($"{number.Name} is not in {Document}: add what it orders, and for whom");
        IEnumerable<Finding> dead =
            from number in written
            where !sources.Exists(s => s.Name == number.Name)
            select number.Found(
                $"{number.Name} is in no comment under src: take it out, or number the access");
        return missing.Concat(dead);
    });

    public static readonly Rule[] All = [Partners, Documented];

    private static IEnumerable<Number> InSources(Repository repository) =>
        repository.Sources("src").SelectMany(static file => In(file, file.Comments));

    private static IEnumerable<Number> First(IEnumerable<Number> numbers) => numbers.DistinctBy(static n =>
        n.Name);

    private static IEnumerable<Number> In(SourceFile file, string[] lines) =>
        from line in Enumerable.Range(1, lines.Length)
        from Match match in FenceNumber().Matches(lines[line - 1])
        let before = lines[line - 1][..match.Index]
        let after = lines[line - 1][(match.Index + match.Length)..]
        select new Number(match.Value, file, line)
        {
            IsPlaced = BeginsSentence().IsMatch(before)
                && (match.Value[0] != 'F' || (after.StartsWith(':') && StandsAtAnAccess(file, line))),
        };

    // The code of the comment's own line, or else of the statement below it.
    private static bool StandsAtAnAccess(SourceFile file, int line) =>
        OrderedAccess().IsMatch(file.Code[line - 1].Trim().Length > 0
            ? file.Code[line - 1]
            : string.Concat(file.Code.Skip(line).SkipWhile(static l => l.Trim().Length == 0).Take(2)));

    [GeneratedRegex(@"(?<![\w-])[RAF][1-9]\d*(?![\w-])")]
    private static partial Regex FenceNumber();

    [GeneratedRegex(@"\bVolatile\.|\bInterlocked\.|\b[fF]ence\(\)")]
    private static partial Regex OrderedAccess();

    /// <summary>No other number since the sentence began, and none that points elsewhere.</summary>
    [GeneratedRegex(@"(?:^|\. )(?:(?!\. |\b[RAF]\d).)*(?<!\b(?:by|with|see) )\(?$")]
    private static partial Regex BeginsSentence();

    private readonly record struct Number(string Name, SourceFile File, int Line)
    {
        public char Kind => Name[0];

        public string Partner => (Kind == 'R' ? "A" : "R") + Name[1..];

        public (string, int) Place => (File.Path, Line);

        /// <summary>Whether the comment speaks of this access here, not of a partner elsewhere ("Read by
        /// A5").</summary>
        public bool IsPlaced { get; init; }

        public Finding Found(string text) => File.At(Line, text);
    }
}
