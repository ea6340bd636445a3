using System.Text.RegularExpressions;
using Outheis.Tidy.Reading;

namespace Outheis.Tidy.Rules;

/// <summary>Dependencies point one way: packages know the kernel, the kernel knows no package, siblings not
/// each other.</summary>
internal static partial class DependencyRules
{
    private const string Kernel = "Outheis.Kernel";
    private const string Supervision = "Outheis.Supervision";
    private const string Assistant = "Outheis.Assistant";
    private const string Testing = "Outheis.Testing";
    private const string Signing = "Outheis.Signing";

    /// <summary>What each project under src may know. One that is not listed may know the kernel.</summary>
    private static readonly Dictionary<string, string[]> s_known = new()
    {
        [Kernel] = [],
        // part of the compiler, which writes code for the kernel and runs none of it
        ["Outheis.Kernel.Generators"] = [],
        [Supervision] = [Kernel],
        // an application of both, which runs its team supervised
        [Assistant] = [Kernel, Supervision],
        // what agents are tested with, their supervisors among them
        [Testing] = [Kernel, Supervision],
        ["Outheis.Testing.Generators"] = [Kernel, Supervision, Testing],
        ["Outheis.Testing.Xunit"] = [Kernel, Supervision, Testing],
        ["Outheis.Cli"] = [Kernel, Supervision, Assistant, Testing, Signing],      // the tool: the outermost layer
    };

    private static readonly string[] s_kernelPackages = ["Microsoft.Extensions.ObjectPool"];

    public static readonly Rule References = new("project references", static r =>
        from project in Shipped(r)
        from reference in project.References
        let name = Path.GetFileNameWithoutExtension(reference.Path)
        where !Known(project.Name).Contains(name)
        select project.File.At(reference.Line, MustNotKnow(project, name)));

    public static readonly Rule Packages = new("kernel packages", static r =>
        from project in Shipped(r)
        where project.Name == Kernel
        from package in project.Packages
        where !s_kernelPackages.Contains(package.Name)
        select project.File.At(
            package.Line, $"the kernel uses no package but ObjectPool: do without {package.Name}"));

    public static readonly Rule Friends = new("friends", static r =>
        from project in Shipped(r)
        from friend in project.Friends
        where Shipped(r).Any(p => p.Name == friend.Name && !Known(p.Name).Contains(Assistant))
        select project.File.At(
            friend.Line, $"{friend.Name} ships: give it public API of {project.Name}, not its internals"));

    public static readonly Rule Usings = new("namespaces", static r =>
        from project in Shipped(r)
        let foreign = (
            from other in Shipped(r)
            where other.Name != project.Name && !Known(project.Name).Contains(other.Name)
            select other.Namespace).ToList()
        from file in r.Sources(project.File.Folder)
        from line in Enumerable.Range(1, file.Lines.Length)
        from Match name in QualifiedName().Matches(file.Code[line - 1])
        where foreign.Contains(name.Value)
        select file.At(line, MustNotKnow(project, name.Value)));

    public static readonly Rule Cycles = new("project cycles", static r =>
    {
        var projects = Project.In(r).ToDictionary(static p => p.File.Path);
        return from project in projects.Values
               where Reaches(projects, project.File.Path, project.File.Path, [])
               select project.File.At(
                   1, $"{project.Name} references itself through others: break the circle");
    });

    public static readonly Rule Direction = new("shipping references tests", static r =>
        from project in Shipped(r)
        from reference in project.References
        where !reference.Path.StartsWith("src/", StringComparison.Ordinal)
        select project.File.At(
            reference.Line, $"what ships must not reference {reference.Path}: move it the other way"));

    public static readonly Rule[] All = [References, Packages, Friends, Usings, Cycles, Direction];

    private static IEnumerable<Project> Shipped(Repository repository) =>
        Project.In(repository).Where(static p => p.File.IsUnder("src"));

    private static string[] Known(string project) => s_known.GetValueOrDefault(project, [Kernel]);

    private static string MustNotKnow(Project project, string other) =>
        $"{project.Name} must not know {other}: turn the dependency round, or use messages";

    private static bool Reaches(
        Dictionary<string, Project> projects, string from, string goal, HashSet<string> seen) =>
        projects.TryGetValue(from, out Project? project)
        && project.References.Any(next =>
            next.Path == goal || (seen.Add(next.Path) && Reaches(projects, next.Path, goal, seen)));

    [GeneratedRegex(@"\bOutheis\.\w+")]
    private static partial Regex QualifiedName();
}
