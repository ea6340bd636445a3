using Outheis.Tidy.Reading;
using Outheis.Tidy.Rules;
using Xunit;
using static Outheis.Tidy.RuleTests;

namespace Outheis.Tidy;

/// <summary>As <see cref="RuleTests"/>, for rules about projects, documents and layout.</summary>
public sealed class RepositoryRuleTests
{
    private const string Kernel = "src/Outheis.Kernel/Outheis.Kernel.csproj";
    private const string Supervision = "src/Outheis.Supervision/Outheis.Supervision.csproj";
    private const string Diff = "--- a/src/A.cs\n+++ b/src/A.cs\n@@ -1,3 +1,2 @@\n a\n-wake();\n \n";

    [Fact]
    public void References_PointOneWay()
    {
        Fails(DependencyRules.References,
            ProjectWith(Kernel, "ProjectReference", "../Outheis.Supervision/Outheis.Supervision.csproj"),
            $"{Kernel}:2: ");
        Fails(DependencyRules.References,
            ProjectWith("src/Vault/Vault.csproj", "ProjectReference",
                "../Outheis.Supervision/Outheis.Supervision.csproj"),
            "src/Vault/Vault.csproj:2: ");
        Passes(DependencyRules.References,
            ProjectWith(Supervision, "ProjectReference", "../Outheis.Kernel/Outheis.Kernel.csproj"));
    }

    [Fact]
    public void KernelPackages_AreObjectPool()
    {
        Fails(DependencyRules.Packages, ProjectWith(Kernel, "PackageReference", "Akka"), $"{Kernel}:2: ");
        Passes(DependencyRules.Packages,
            ProjectWith(Kernel, "PackageReference", "Microsoft.Extensions.ObjectPool"));
    }

    [Fact]
    public void Friends_AreTests()
    {
        (string, string) supervision = ProjectWith(
            Supervision, "ProjectReference", "../Outheis.Kernel/Outheis.Kernel.csproj");
        Fails(DependencyRules.Friends, ProjectWith(Kernel, "InternalsVisibleTo", "Outheis.Supervision"),
            supervision, $"{Kernel}:2: ");
        Passes(DependencyRules.Friends, ProjectWith(Kernel, "InternalsVisibleTo", "Outheis.Kernel.Tests"),
            supervision);
    }

    [Fact]
    public void Namespaces_PointOneWay()
    {
        (string, string) kernel = ProjectWith(Kernel, "RootNamespace", null, "Outheis");
        (string, string) supervision = ProjectWith(Supervision, "RootNamespace", null, "Outheis.Supervision");
        Fails(DependencyRules.Usings,
            [kernel, supervision, ("src/Outheis.Kernel/A.cs", "\nusing Outheis.Supervision;\n")],
            "src/Outheis.Kernel/A.cs:2: ");
        Passes(DependencyRules.Usings, kernel, supervision,
            ("src/Outheis.Supervision/A.cs", "namespace Outheis.Supervision;\n"));
        Passes(DependencyRules.Usings, kernel, supervision,
            ("src/Outheis.Kernel/A.cs", "/// see Outheis.Supervision\n"));
    }

    [Fact]
    public void Cycles_AreFound()
    {
        (string, string) a = ProjectWith("src/A/A.csproj", "ProjectReference", "../B/B.csproj");
        Fails(DependencyRules.Cycles, a, ProjectWith("src/B/B.csproj", "ProjectReference", "../A/A.csproj"),
            "src/A/A.csproj:1: ");
        Passes(DependencyRules.Cycles, a, ProjectWith("src/B/B.csproj", "ProjectReference", "../C/C.csproj"));
    }

    [Fact]
    public void Shipped_ReferencesOnlyShipped()
    {
        Fails(DependencyRules.Direction, ProjectWith(Kernel, "ProjectReference", "../../tests/T/T.csproj"),
            $"{Kernel}:2: ");
        Passes(DependencyRules.Direction,
            ProjectWith("tests/T/T.csproj", "ProjectReference", "../../tests/U/U.csproj"));
    }

    [Theory]
    [InlineData("see [it](gone.md)", false)]
    [InlineData("see [it](b.md#no-such-part)", false)]
    [InlineData("[it]: ../src/Gone.cs", false)]
    [InlineData("see [it](../src/A.cs#L9)", false)]
    [InlineData("see [it](b.md), [part](b.md#what-is-r5), [code](../src/A.cs#L1), [folder](../src)", true)]
    [InlineData("see [web](https://example.org/x), `[not](a-link)`", true)]
    [InlineData("```\n[not](a-link)\n```", true)]
    public void Links_AreFollowed(string text, bool isRight)
    {
        (string, string)[] files = [("docs/a.md", "# A\n" + text), ("docs/b.md", "## What is `R5`?\n"),
            ("src/A.cs", "x\n")];
        if (isRight)
        {
            Passes(DocumentRules.Links, files);
        }
        else
        {
            Fails(DocumentRules.Links, files, "docs/a.md:2: ");
        }
    }

    [Theory]
    [InlineData("`Send_InOrder_Arrives`", true)]
    [InlineData("`OrderTests.Send_InOrder_Arrives`, `Random_Order`", true)]
    [InlineData("`Send_Renamed`", false)]
    [InlineData("`Helper`", false)]
    [InlineData("", false)]
    public void Promises_NameTests(string tests, bool isRight)
    {
        (string, string) source = ("tests/T/OrderTests.cs", """
            public sealed class OrderTests
            {
                [Fact] public void Send_InOrder_Arrives() => Helper(1);
                [Property(MaxTest = 9)]
                public bool Random_Order(int[] xs)
                {
                    return true;
                }
                private static void Helper(int x) { }
            }
            """);
        (string, string) document = (
            "docs/semantics.md", $"| promise | test |\n|---|---|\n| in order | {tests} |\n");
        if (isRight)
        {
            Passes(DocumentRules.Promises, source, document);
        }
        else
        {
            Fails(DocumentRules.Promises, source, document, "docs/semantics.md:3: ");
        }
    }

    [Fact]
    public void Promises_NeedADocumentWithATable()
    {
        Fails(DocumentRules.Promises, ("docs/a.md", ""), "docs/semantics.md:1: is missing");
        Fails(
            DocumentRules.Promises, ("docs/semantics.md", "# Words\n"), "docs/semantics.md:1: has no table");
        Fails(DocumentRules.Promises, ("docs/semantics.md", "| a |\n|---|\n| b |\n"),
            "docs/semantics.md:3: the table has no column");
    }

    [Fact]
    public void Samples_AreCompiled()
    {
        (string, string) sample = ("docs/samples/Hello/Program.cs", "Go();\n");
        Fails(DocumentRules.Samples, ("README.md", "\n```csharp\nGone();\n```\n"), sample,
            "README.md:2: the code equals no file");
        Passes(DocumentRules.Samples, ("README.md", "\n```csharp\nGo();\n```\n```\nany\n```\n"), sample);
        string large = string.Concat(Enumerable.Repeat("Go();\n", 21));
        Fails(DocumentRules.Samples, ("README.md", $"```csharp\n{large}```\n"),
            ("docs/samples/A/A.cs", large), "README.md:1: the program has 21");
    }

    [Fact]
    public void TopLevel_HasNothingMoreAndNothingLess()
    {
        Fails(LayoutRules.TopLevel, ("tools/x.sh", ""), "tools:1: does not belong");
        Fails(LayoutRules.TopLevel, ("src/A.cs", ""), "README.md:1: is missing");
    }

    [Fact]
    public void Solution_HoldsEveryProject()
    {
        const string Line = "Project(\"{X}\") = \"A\", \"src\\A\\A.csproj\", \"{Y}\"\n";
        (string, string) project = ("src/A/A.csproj", "<Project />");
        Passes(LayoutRules.Projects, ("Outheis.sln", Line), project);
        Fails(LayoutRules.Projects, ("Outheis.sln", ""), project, "src/A/A.csproj:1: is not in");
        Fails(
            LayoutRules.Projects, ("Outheis.sln", "\n" + Line), "Outheis.sln:2: there is no src/A/A.csproj");
    }

    [Theory]
    [InlineData("cd /", "home/me")]
    [InlineData("file:///", "home/me/x.md")]
    [InlineData("see /", "work/main")]
    [InlineData("C:", "\\Users\\me")]
    public void MachinePaths_AreFound(string one, string other) =>
        Fails(LayoutRules.Paths, ("docs/a.md", $"\n{one}{other}\n"), "docs/a.md:2: ");

    [Theory]
    [InlineData("../src/work/a, docs/home/x, $ROOT/work/x, ~/work, https://example.org/home/x")]
    public void MachinePaths_AreAbsolute(string text) => Passes(LayoutRules.Paths, ("docs/a.md", text));

    [Fact]
    public void RegistryHosts_AreFound()
    {
        Fails(LayoutRules.Hosts, ("a.props", "https://api.nuget" + ".org/v3\n"), "a.props:1: ");
        Passes(LayoutRules.Hosts, ("LICENSE", "http://www.apache.org/licenses/\n"));
    }

    [Fact]
    public void PublicApi_IsListed()
    {
        (string, string) project = ("src/A/A.csproj", "<Project />");
        Fails(LayoutRules.PublicApi, project, ("src/A/PublicAPI.Unshipped.txt", "#nullable enable\n"),
            "src/A/A.csproj:1: ");
        Passes(LayoutRules.PublicApi, project, ("src/A/PublicAPI.Shipped.txt", "A.B() -> void\n"));
    }

    [Fact]
    public void Mutations_HaveAHeading()
    {
        Fails(MutationRules.Heading, ("tests/Mutations/1.patch", "Bug: x\nRule: \nLayer: kernel\n" + Diff),
            "1.patch:1: has no line 'Rule:'");
        Passes(MutationRules.Heading, ("tests/Mutations/1.patch", "Bug: x\nRule: y\nLayer: kernel\n" + Diff));
    }

    [Theory]
    [InlineData("a\nwake();\n\nb\n", null)]
    [InlineData("above, far\na\nwake();\n\nb\n", null)]      // lines may move
    [InlineData("a\nawake();\n\nb\n", "1.patch:3: fits nowhere")]
    [InlineData("a\nwake();\n\na\nwake();\n\n", "1.patch:3: fits in 2 places")]
    public void Mutations_ApplyInOnePlace(string source, string? where)
    {
        (string, string)[] files = [("tests/Mutations/1.patch", Diff), ("src/A.cs", source)];
        if (where is null)
        {
            Passes(MutationRules.Fit, files);
        }
        else
        {
            Fails(MutationRules.Fit, files, where);
        }
    }

    [Fact]
    public void Mutations_ChangeSomethingUnderSrc()
    {
        Fails(MutationRules.Fit, ("tests/Mutations/1.patch", Diff), "1.patch:1: 'src/A.cs' is no file");
        Fails(MutationRules.Fit, ("tests/Mutations/1.patch", Diff.Replace("-wake", " wake", StringComparison.Ordinal)),
            ("src/A.cs", "a\nwake();\n\nb\n"), "1.patch:3: changes nothing");
        Fails(MutationRules.Fit, ("tests/Mutations/1.patch", "--- a/src/A.cs\n+++ b/src/A.cs\n"), ("src/A.cs", ""),
            "1.patch:1: changes nothing");
    }

    private static (string, string) ProjectWith(
        string path, string item, string? include, string? value = null)
    {
        string element = include is null ? $"<{item}>{value}</{item}>" : $"<{item} Include=\"{include}\" />";
        return (path, $"<Project>\n<ItemGroup>{element}</ItemGroup>\n</Project>");
    }
}
