using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;
using Xunit;

namespace Outheis.Tests.Generators;

/// <summary>The generator never breaks a build, and works again only when it has to.</summary>
public sealed class LayoutGeneratorTests
{
    private const string Agent = """
        public record struct M(int A);
        public class G : Agent, IHandle<M> { public void Handle(in M message, Context context) { } }
        """;

    /// <summary>Message types of which there is a layout, by what the file registers.</summary>
    [Theory]
    [InlineData("public record struct M(int A);", "M", "new(\"A\"")]
    [InlineData("namespace @if.@class { public record struct M(int @int); }", "@if.@class.M", "new(\"int\"")]
    [InlineData("namespace N { class C { internal struct M { public int A; int _b; } } }", "N.C.M", "new(\"_b\"")]
    [InlineData("public struct M { public DateTimeKind A; }", "M", "Unspecified=0,Utc=1,Local=2")]
    [InlineData("public enum E : ulong { A = ulong.MaxValue } public record struct M(E B);", "M", "A=184467440")]
    [InlineData("public struct M { public volatile int A; [Obsolete] public int B; }", "M", "new(\"B\"")]
    [InlineData("[Obsolete(\"old\")] public record struct M(int A);", "M", "new(\"A\"")]
    [InlineData("[Experimental(\"X1\")] public record struct M(int A);", "M", "new(\"A\"")]
    [InlineData("[MessageName(\"a \\\"b\\\"\")] public class M { }", "M", "a \\\"b\\\"\", 1)")]
    [InlineData("[MessageVersion(2)] public sealed record M(string A);", "M", ".ToString(), 2)")]
    [InlineData("[MessageVersion(2)] public record struct M(string A);", "M", ".ToString(), 2)")]
    [InlineData("[MessageVersion(2)] public unsafe struct M { public int* A; }", "M", ".ToString(), 2)", true)]
    [InlineData("public unsafe struct M { public fixed char A[7]; }", "M", "14, null)", true)]
    [InlineData("[MessageVersion(2)] public record struct M { P A { get; set; } struct P { } }", "M", ", 2)")]
    public void Message_IsRegistered(string source, string type, string part, bool allowUnsafe = false)
    {
        string agent = "\n#pragma warning disable\nclass G : Agent, IHandle<" + type
            + "> { public void Handle(in " + type + " m, Context c) { } }";
        (string generated, var complaints) = Compilations.Run(Compilations.Of(source + agent, allowUnsafe));
        Assert.Empty(complaints);
        Assert.Contains($"Register<global::{type}>", generated, StringComparison.Ordinal);
        Assert.Contains(part, generated, StringComparison.Ordinal);
    }

    /// <summary>Nothing is generated, and nothing complained about that would not be without the generator.</summary>
    [Theory]
    [InlineData("class G : Agent { }")]
    [InlineData("class G : Agent, IHandle<G.P> { struct P { } void IHandle<P>.Handle(in P m, Context c) { } }")]
    [InlineData("file struct F; file class G : Agent, IHandle<F> { public void Handle(in F m, Context c) { } }")]
    [InlineData("class G<T> : Agent, IHandle<T> { public void Handle(in T m, Context c) { } }")]
    [InlineData("class G<T> : Agent, IHandle<(T, int)> { public void Handle(in (T, int) m, Context c) { } }")]
    [InlineData("class G : Agent, IHandle<string> { public void Handle(in string m, Context c) { } }")]
    [InlineData("class G : Agent, IHandle<string[]> { public void Handle(in string[] m, Context c) { } }")]
    [InlineData("class G : Agent, IHandle<Nowhere> { public void Handle(in Nowhere m, Context c) { } }")]
    [InlineData("interface IHandle<T> { } class G : IHandle<int> { }")]
    [InlineData("class G : Agent, IHandle<")]
    [InlineData("unsafe struct M { int* A; }class G : Agent, IHandle<M> { public void Handle(in M _, Context c) { } }")]
    [InlineData("""
        [Obsolete("no", true)] struct M { }
        [Obsolete("no", true)] class G : Agent, IHandle<M> { public void Handle(in M m, Context c) { } }
        """)]
    public void WithoutMessagesToName_NothingIsGenerated(string source)
    {
        CSharpCompilation program = Compilations.Of(source, allowUnsafe: true);
        (string generated, var complaints) = Compilations.Run(program);
        Assert.Empty(generated);
        IEnumerable<Diagnostic> without = program.GetDiagnostics();
        Assert.Equal(
            without.Where(static d => d.Severity >= DiagnosticSeverity.Warning).Select(static d => d.Id),
            complaints.Select(static d => d.Id));
    }

    [Fact]
    public void OldLanguage_OrKernelWithoutLayouts_GetsNothing()
    {
        Assert.Empty(Compilations.Run(Compilations.Of(
            Agent.Replace("record struct M(int A);", "struct M { }", StringComparison.Ordinal),
            version: LanguageVersion.CSharp9)).Generated);
        CSharpCompilation bare = Compilations.Of(Agent);
        Assert.Empty(Compilations.Run(bare.WithReferences(bare.References.Where(static r =>
            r.Display?.EndsWith("Outheis.Kernel.dll", StringComparison.Ordinal) != true))).Generated);
    }

    [Fact]
    public void Outputs_TellTheirType()
    {
        (string generated, var complaints) = Compilations.Run(Compilations.Of("""
            public record struct M(int A);
            class P { void Go(Kernel kernel) => kernel.OpenOutput<M>("out"); }
            class O { void OpenOutput<T>() => OpenOutput<long>(); }
            """));
        Assert.Empty(complaints);
        Assert.Contains("Register<global::M>", generated, StringComparison.Ordinal);
        Assert.DoesNotContain("Register<long>", generated, StringComparison.Ordinal);
    }

    /// <summary>Versions that nobody handles any more, states, and what comes from effects.</summary>
    [Theory]
    [InlineData("class A() : DurableAgent<M>(default);")]
    [InlineData("class A() : B; abstract class B() : DurableAgent<M>(default);")]
    [InlineData("class P { void Go(MessageCodecs codecs) => codecs.AddUpcaster<M, N>(static old => default); }")]
    [InlineData("class P { void Go(MessageCodecs codecs) => codecs.AddUpcaster(static (M old) => default(N)); }")]
    [InlineData("class P { void Go(MessageCodecs codecs) => codecs?.AddUpcaster(static (M old) => default(N)); }")]
    [InlineData("class P { void Go() => new MessageCodecs().Add<int>().Add<M>(); }")]
    [InlineData("class P { void Go() => new MessageCodecs().AddRequest<int, M>(); }")]
    [InlineData("class P { void Go() => new MessageCodecs().AddJson<M>(null!); }")]
    [InlineData("class P { Task Go(AgentContext c) => c.EffectAsync(\"e\", (_, _) => new ValueTask<M>()).AsTask(); }")]
    public void StatesEffectsAndCodecs_TellTheirTypes(string source)
    {
        (string generated, var complaints) = Compilations.Run(Compilations.Of("""
            using System.Threading.Tasks;
            [MessageName("m")] public record struct M(int A);
            [MessageName("m"), MessageVersion(2)] public record struct N(long A);

            """ + source));
        Assert.Empty(complaints);
        Assert.Contains("Register<global::M>", generated, StringComparison.Ordinal);
    }

    [Fact]
    public void MethodsOfOthers_TellNothing()
    {
        (string generated, _) = Compilations.Run(Compilations.Of("""
            public record struct M(int A);
            class Codecs { public void Add<T>() { } public void AddUpcaster<T>(T one) { } }
            class P { void Go(Codecs c) { c.Add<M>(); c.AddUpcaster(default(M)); } }
            """));
        Assert.Empty(generated);
    }

    /// <summary>A type of another assembly, once as it is and once behind an alias.</summary>
    [Fact]
    public void ForeignTypes_AreNamedOnlyWhereThatIsPossible()
    {
        MetadataReference other = Compilations.Of("public record struct Foreign(int A);")
            .WithAssemblyName("Other").ToMetadataReference();
        const string Class = "class G : Agent, IHandle<Foreign> { public void Handle(in Foreign m, Context c) { } }";
        (string generated, var complaints) = Compilations.Run(Compilations.Of(Class).AddReferences(other));
        Assert.Empty(complaints);
        Assert.Contains("<A>k__BackingField", generated, StringComparison.Ordinal);
        CSharpCompilation aliased = Compilations.Of(Class.Replace("<Foreign", "<O::Foreign", StringComparison.Ordinal)
            .Replace("in Foreign", "in O::Foreign", StringComparison.Ordinal)).AddReferences(other.WithAliases(["O"]));
        SyntaxTree tree = aliased.SyntaxTrees[0];
        aliased = aliased.ReplaceSyntaxTree(
            tree, CSharpSyntaxTree.ParseText("extern alias O;\n" + tree, (CSharpParseOptions)tree.Options));
        (generated, complaints) = Compilations.Run(aliased);
        Assert.Empty(complaints);
        Assert.Empty(generated);
    }

    [Fact]
    public void Order_OfFilesAndClasses_DoesNotMatter()
    {
        const string More = "class A1 : Agent, IHandle<int> { public void Handle(in int m, Context c) { } }";
        CSharpCompilation one = Compilations.Of(Agent);
        string first = Compilations.Run(one.AddSyntaxTrees(Compilations.Parse(More))).Generated;
        string second = Compilations.Run(Compilations.Of(More).AddSyntaxTrees(Compilations.Parse(Agent))).Generated;
        Assert.Equal(first, second);
    }

    /// <summary>An edit that changes no message leaves the file as it was; one that does is seen.</summary>
    [Theory]
    [InlineData("{ } }", "{ int x = 1; } }", false)]
    [InlineData("class G ", "class H { }\nclass G ", false)]
    [InlineData("(int A)", "(int A) { int Twice() => A * 2; }", false)]
    [InlineData("(int A)", "(int B)", true)]
    [InlineData("(int A)", "(long A)", true)]
    [InlineData("public record", "[MessageVersion(2)] public record", true)]
    public void Edit_OfNoMessage_GeneratesNothingAnew(string before, string after, bool isSeen)
    {
        CSharpCompilation program = Compilations.Of(Agent);
        string edited = Agent.Replace(before, after, StringComparison.Ordinal);
        Assert.NotEqual(Agent, edited);
        GeneratorDriver driver = Compilations.Driver(program).RunGenerators(program);
        driver = driver.RunGenerators(program.ReplaceSyntaxTree(program.SyntaxTrees[0], Compilations.Parse(edited)));
        IncrementalStepRunReason[] reasons =
        [
            .. driver.GetRunResult().Results[0].TrackedSteps["MessageList"].SelectMany(static step => step.Outputs)
                .Select(static output => output.Reason),
        ];
        Assert.Equal(
            isSeen ? [IncrementalStepRunReason.Modified] : [IncrementalStepRunReason.Unchanged],
            reasons.Select(static r => r == IncrementalStepRunReason.Cached ? IncrementalStepRunReason.Unchanged : r));
    }
}
