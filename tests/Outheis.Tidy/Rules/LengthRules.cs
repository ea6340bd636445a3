using Outheis.Tidy.Reading;

namespace Outheis.Tidy.Rules;

/// <summary>What fits on a screen can be read.</summary>
internal static class LengthRules
{
    public const int FileLinesMax = 400;
    public const int MethodLinesMax = 60;
    public const int LineColumnsMax = 120;

    public static readonly Rule Files = new("file length", static r =>
        from file in Code(r)
        where file.LineCount > FileLinesMax
        select file.At(file.LineCount,
            $"the file has {file.LineCount} lines, more than {FileLinesMax}: move a job elsewhere"));

    public static readonly Rule Methods = new("method length", static r =>
        from file in Code(r)
        from member in file.Members
        where member.Lines > MethodLinesMax
        select file.At(member.FirstLine,
            $"{member.Name} has {member.Lines} lines, more than {MethodLinesMax}: give its steps names"));

    public static readonly Rule Lines = new("line length", static r =>
        from file in Code(r)
        from line in Enumerable.Range(1, file.Lines.Length)
        let columns = file.Lines[line - 1].Length
        where columns > LineColumnsMax
        select file.At(line, $"the line has {columns} columns, more than {LineColumnsMax}: break it"));

    public static readonly Rule[] All = [Files, Methods, Lines];

    private static IEnumerable<SourceFile> Code(Repository repository) =>
        repository.Sources("src", "tests", "bench", "docs");
}
