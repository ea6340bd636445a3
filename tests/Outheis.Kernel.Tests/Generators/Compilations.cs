using System.Collections.Immutable;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;
using Outheis.Generators;

namespace Outheis.Tests.Generators;

/// <summary>Programs that exist only to be compiled with the generator.</summary>
internal static class Compilations
{
    private const string Usings = "using System; using System.Diagnostics.CodeAnalysis; using Outheis;\n";

    private static readonly MetadataReference[] s_references =
    [
        .. ((string)AppContext.GetData("TRUSTED_PLATFORM_ASSEMBLIES")!).Split(Path.PathSeparator)
            .Where(static path => Path.GetFileName(path).StartsWith("System.", StringComparison.Ordinal)
                || Path.GetFileName(path) is "Outheis.Kernel.dll" or "netstandard.dll")
            .Select(static path => MetadataReference.CreateFromFile(path)),
    ];

    public static CSharpCompilation Of(string source, bool allowUnsafe = false, LanguageVersion version = default) =>
        CSharpCompilation.Create("Program", [Parse(source, version)], s_references,
            new CSharpCompilationOptions(OutputKind.DynamicallyLinkedLibrary, allowUnsafe: allowUnsafe));

    public static SyntaxTree Parse(string source, LanguageVersion version = default) =>
        CSharpSyntaxTree.ParseText(Usings + source, new CSharpParseOptions(version));

    public static GeneratorDriver Driver(CSharpCompilation program) => CSharpGeneratorDriver.Create(
        [new MessageLayoutGenerator().AsSourceGenerator()],
        parseOptions: (CSharpParseOptions)program.SyntaxTrees[0].Options,
        driverOptions: new GeneratorDriverOptions(default, trackIncrementalGeneratorSteps: true));

    /// <summary>The generated file, empty if there is none, and every error and warning of the whole.</summary>
    public static (string Generated, ImmutableArray<Diagnostic> Complaints) Run(CSharpCompilation program)
    {
        GeneratorDriver driver = Driver(program).RunGeneratorsAndUpdateCompilation(
            program, out Compilation whole, out ImmutableArray<Diagnostic> reported);
        using var assembly = new MemoryStream();
        return (string.Concat(driver.GetRunResult().GeneratedTrees.Select(static tree => tree.ToString())),
            [.. whole.Emit(assembly).Diagnostics.Concat(reported)
                .Where(static d => d.Severity >= DiagnosticSeverity.Warning)]);
    }
}
