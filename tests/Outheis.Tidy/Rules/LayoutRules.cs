using System.Text.RegularExpressions;
using Outheis.Tidy.Reading;

namespace Outheis.Tidy.Rules;

/// <summary>What stands where, and that nothing here belongs to one machine.</summary>
internal static partial class LayoutRules
{
    private const string Solution = "Outheis.sln";

    private static readonly string[] s_topLevel =
    [
        ".ci", ".editorconfig", ".gitattributes", ".gitignore", "CHANGELOG.md", "Directory.Build.props",
        "Directory.Packages.props", "LICENSE", "Outheis.sln", "README.md", "bench", "docs", "src", "tests",
    ];

    public static readonly Rule TopLevel = new("top level", static r =>
        s_topLevel.Except(r.TopLevel)
            .Select(static name => new Finding(name, 1, "is missing at the top level"))
            .Concat(r.TopLevel.Except(s_topLevel).Select(static name =>
                new Finding(name, 1, "does not belong here: move it below src, tests, bench or docs"))));

    public static readonly Rule Projects = new("solution", static r =>
    {
        string[] lines = r.Find(Solution)?.Lines ?? [];
        List<(string Path, int Line)> listed =
        [
            .. from line in Enumerable.Range(1, lines.Length)
               let project = ProjectPath().Match(lines[line - 1])
               where project.Success
               select (project.Value.Replace('\\', '/'), line),
        ];
        IEnumerable<Finding> absent =
            from file in r.Ending(".csproj")
            where !listed.Exists(l => l.Path == file.Path)
            select file.At(1, $"is not in {Solution}: dotnet sln add {file.Path}");
        IEnumerable<Finding> dead =
            from project in listed
            where r.Find(project.Path) is null
            select new Finding(Solution, project.Line, $"there is no {project.Path}: dotnet sln remove it");
        return absent.Concat(dead);
    });

    public static readonly Rule Paths = new("machine paths", static r =>
        InAll(r, MachinePath(), "a path of one machine: make it relative, or take it from the environment"));

    public static readonly Rule Hosts = new("registry hosts", static r =>
        InAll(r, RegistryHost(), "where packages come from is the machine's business: take it out"));

    public static readonly Rule PublicApi = new("public API files", static r =>
        from project in Project.In(r)
        where project.File.IsUnder("src") && !project.IsProgram
        let entries = new[] { "PublicAPI.Shipped.txt", "PublicAPI.Unshipped.txt" }
            .SelectMany(name => r.Find($"{project.File.Folder}/{name}")?.Lines ?? [])
            .Count(static line => line.Length > 0 && !line.StartsWith('#'))
        where entries == 0
        select project.File.At(
            1, "its PublicAPI files list nothing: add what is public, so that changes to it are seen"));

    public static readonly Rule[] All = [TopLevel, Projects, Paths, Hosts, PublicApi];

    private static IEnumerable<Finding> InAll(Repository repository, Regex what, string advice) =>
        repository.Files.SelectMany(file => WordRules.InLines(file, file.Lines, what, advice));

    [GeneratedRegex(@"(?<="")[^""]+\.csproj(?="")")]
    private static partial Regex ProjectPath();

    // Written so that the expressions do not match themselves.
    [GeneratedRegex(@"(?:(?<![\w.)}\]/~-])|(?<=file://))/(?:home|root|work|workspace|Users)/\w"
        + @"|\b[A-Z]:\\{1,2}[A-Za-z]")]
    private static partial Regex MachinePath();

    [GeneratedRegex(
        @"\b(?:nuget\.org|pkgs\.dev\.azure|npmjs\.|pypi\.|mcr\.microsoft|docker\.io|ghcr\.io|deb\.debian)",
        RegexOptions.IgnoreCase)]
    private static partial Regex RegistryHost();
}
