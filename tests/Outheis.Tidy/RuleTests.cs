using Outheis.Tidy.Reading;
using Outheis.Tidy.Rules;
using Xunit;

namespace Outheis.Tidy;

/// <summary>Each rule can fail: a bad snippet is found where it is, a good one beside it is not.</summary>
public sealed class RuleTests
{
    private const string Kernel = "src/Outheis.Kernel/";

    [Fact]
    public void FileLength_CountsLines()
    {
        Fails(LengthRules.Files, ("src/A.cs", Lines(401)), "src/A.cs:401: ");
        Passes(LengthRules.Files, ("src/A.cs", Lines(400)));
    }

    [Theory]
    [InlineData("void M()\n{\n", 57, "}", 1)]
    [InlineData("int M(int x = 3) => F(() =>\n{\n", 57, "});", 1)]
    [InlineData("[Fact]\nvoid M<T>() where T : class\n{\n", 57, "}", 2)]
    [InlineData("bool operator ==(A a, A b)\n{\n", 57, "}", 1)]
    [InlineData("string M() {\nvar brace = $\"{\"}\"}}}\" + '}' + @\"\"\"}\";\n", 57, "}", 1)]
    [InlineData("string M() {\nvar raw = \"\"\"\n}}\n\"\"\";\n", 55, "}", 1)]
    public void MethodLength_CountsFromHeadToEnd(string head, int lines, string end, int headLine)
    {
        string Type(int n) => $"class A\n{{\n{head}{Lines(n)}{end}\nvoid Short() {{ }}\n}}\n";
        Passes(LengthRules.Methods, ("src/A.cs", Type(lines)));
        Fails(LengthRules.Methods, ("src/A.cs", Type(lines + 1)), $"src/A.cs:{headLine + 2}: ");
    }

    [Fact]
    public void MethodLength_CountsTopLevelStatements_NotTypesOrData()
    {
        string statements = string.Concat(Enumerable.Repeat("Go();\n", 61));
        Fails(LengthRules.Methods, ("bench/A.cs", $"using System;\n{statements}class A {{ }}\n"),
            "bench/A.cs:2: top-level");
        Passes(LengthRules.Methods,
            ("src/A.cs", $"namespace N;\nclass A {{\nint[] _x =\n[\n{Lines(80)}];\n}}\n"));
        Passes(LengthRules.Methods,
            ("src/A.cs", $"enum A\n{{\n{string.Concat(Enumerable.Repeat("B = 1,\n", 80))}}}\n"));
    }

    [Fact]
    public void LineLength_CountsColumns()
    {
        Fails(LengthRules.Lines, ("src/A.cs", "\n" + new string('x', 121)), "src/A.cs:2: ");
        Passes(LengthRules.Lines, ("src/A.cs", new string('x', 120) + "\n"));
    }

    [Theory]
    [InlineData("src/A/JournalManager.cs")]
    [InlineData("tests/A/Utils/X.cs")]
    [InlineData("bench/TestBase.cs")]
    [InlineData("src/Outheis.Common/Outheis.Common.csproj")]
    public void FileNames_RefusesEmptyWords(string path) =>
        Fails(WordRules.FileNames, (path, ""), $"{path}:1: ");

    [Theory]
    [InlineData("src/A/Baseline.cs")]
    [InlineData("src/A/Database.cs")]
    [InlineData("docs/Common.md")]
    public void FileNames_ReadsWholeWords(string path) => Passes(WordRules.FileNames, (path, ""));

    [Fact]
    public void Volatile_IsFoundInCodeOnly()
    {
        Fails(WordRules.Volatile, ("src/A.cs", "class A\n{\n    volatile int _x;\n}\n"), "src/A.cs:3: ");
        Passes(WordRules.Volatile,
            ("src/A.cs", "// volatile\nvar x = Volatile.Read(ref y) + \"volatile\"; /* volatile */\n"));
    }

    [Fact]
    public void Regions_AreFound()
    {
        Fails(WordRules.Regions, ("src/A.cs", "\n  #region Fields\n"), "src/A.cs:2: ");
        Passes(WordRules.Regions, ("src/A.cs", "// #region\n#pragma warning disable X\n"));
    }

    [Fact]
    public void Conditions_AreFound()
    {
        Fails(WordRules.Conditions, ("tests/A.cs", "#if DEBUG\n#endif\n"), "tests/A.cs:1: ");
        Passes(WordRules.Conditions, ("tests/A.cs", "#pragma warning disable X\nif (x) { }\n"));
    }

    [Fact]
    public void Notes_AreFoundInCommentsAndDocuments()
    {
        Fails(WordRules.Notes, ("src/A.cs", "int x;\nint y; // TODO: name\n"), "src/A.cs:2: ");
        Fails(WordRules.Notes, ("docs/a.md", "FIXME\n"), "docs/a.md:1: ");
        Passes(WordRules.Notes, ("src/A.cs", "string s = \"TODO\";\n"));
    }

    [Theory]
    [InlineData("var x = task.Result;")]
    [InlineData("task.Wait();")]
    [InlineData("Task.WaitAll(tasks);")]
    [InlineData("task.GetAwaiter().GetResult();")]
    [InlineData("var s = $\"{task.Result}\";")]
    public void Blocking_IsFound(string line) =>
        Fails(AsyncRules.Blocking, ("src/A.cs", $"\n{line}\n"), "src/A.cs:2: ");

    [Theory]
    [InlineData("Monitor.Wait(_lock);")]
    [InlineData("// task.Wait();")]
    [InlineData("AskResult.Result(x);")]
    [InlineData("var s = \"task.Result\";")]
    public void Blocking_LooksAtCode(string line) => Passes(AsyncRules.Blocking, ("src/A.cs", line));

    [Fact]
    public void Async_IsFoundInTheKernel()
    {
        Fails(AsyncRules.Methods, (Kernel + "Dispatch/Core.cs", "class A { async Task M() => await x; }"),
            "Core.cs:1: ");
        Passes(AsyncRules.Methods, ("src/Outheis.Cli/A.cs", "class A { async Task M() => await x; }"));
        Passes(AsyncRules.Methods, (Kernel + "A.cs", "/// an async handler\nclass A { bool IsAsync; }"));
    }

    [Fact]
    public void Exemption_CoversItsLineAndNoOther()
    {
        Passes(
            AsyncRules.Methods, (Kernel + "Kernel.cs", "public async ValueTask DisposeAsync() => await x;"));
        Fails(AsyncRules.Methods, (Kernel + "Kernel.cs", "public async Task Other() => await x;"),
            "Kernel.cs:1: ");
    }

    [Theory]
    [InlineData("R5: the message first. Read by A5.", "A5: seeing R5 means the message.", true)]
    [InlineData("R5: the message first. Read by A5.", "", false)]
    [InlineData("", "A5: pairs with R5.", false)]
    [InlineData("F1: before the look. Pairs with F2.", "F2: before the other look.", true)]
    [InlineData("F1: before the look. Pairs with F1 there.", "", true)]
    [InlineData("F1: before the look. Pairs with F2.", "", false)]
    [InlineData("F1: before the look.", "F2: before the other look.", false)]
    [InlineData("F1, before the look. Pairs with F2.", "F2: before the other look.", false)]
    public void FencePartners_AreBothNumbered(string one, string other, bool isRight)
    {
        (string, string) file = ("src/A.cs", $"Interlocked.X(); // {one}\nint y;\n// {other}\nif (Volatile.Y())\n");
        if (isRight)
        {
            Passes(FenceRules.Partners, file);
        }
        else
        {
            Fails(FenceRules.Partners, file, "src/A.cs:");
        }
    }

    [Fact]
    public void Fences_StandAtAnAccess()
    {
        const string One = "X(); // F1: before the look. Pairs with F2.\n";
        const string Other = "// F2: before the other look.\n\nfence();\n";
        Fails(FenceRules.Partners, ("src/A.cs", One + Other), "src/A.cs:1: F1");
        Passes(FenceRules.Partners, ("src/A.cs", "Interlocked." + One + Other));
    }

    [Fact]
    public void Fences_AreInTheMemoryModel_AndTheOtherWayRound()
    {
        const string Document = "docs/memory-model.md";
        (string, string) source = ("src/A.cs", "// R5: first. Read by A5.\n// A5: seeing R5.\n");
        Fails(FenceRules.Documented, source, "src/A.cs:1: R5");
        Passes(FenceRules.Documented, source, (Document, "| R5 | A5 |\n"));
        Fails(FenceRules.Documented, source, (Document, "| R5 | A5 |\n| R6 | A6 |\n"), $"{Document}:2: R6");
    }

    [Fact]
    public void Limits_AreUsed()
    {
        const string Bounds = """
            static class Limits
            {
                const int X = 3;
                const byte Fits = X < 5 ? 1 : -1;
            }
            """;
        Fails(LimitsRules.Used, ("src/Limits.cs", Bounds), ("src/A.cs", "/// <see cref=\"Limits.X\"/>\n"),
            "src/Limits.cs:3: Limits.X");
        Passes(LimitsRules.Used, ("src/Limits.cs", Bounds), ("src/A.cs", "if (i < Limits.X) return;\n"));
    }

    private static string Lines(int count) => string.Concat(Enumerable.Repeat("x();\n", count));

    internal static void Fails(Rule rule, (string, string) file, string where) => Fails(rule, [file], where);

    internal static void Fails(Rule rule, (string, string) one, (string, string) other, string where) =>
        Fails(rule, [one, other], where);

    internal static void Fails(Rule rule, (string Path, string Text)[] files, string where)
    {
        IReadOnlyList<Finding> found = rule.Breaches(Repository.Of(files));
        Assert.True(found.Any(f => f.ToString().Contains(where, StringComparison.Ordinal)),
            $"expected {where}, found: {string.Join('\n', found)}");
    }

    internal static void Passes(Rule rule, params (string Path, string Text)[] files) =>
        Assert.Empty(rule.Breaches(Repository.Of(files)));
}
