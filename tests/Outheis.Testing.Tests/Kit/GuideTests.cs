using System.Text.RegularExpressions;
using Xunit;

namespace Outheis.Testing.Tests.Kit;

/// <summary>The guide's code is code that is compiled and run.</summary>
public sealed partial class GuideTests
{
    private static readonly string s_root = Root(AppContext.BaseDirectory);

    public static TheoryData<string> Blocks =>
        [.. Block().Matches(File.ReadAllText(Path.Combine(s_root, "docs/testing-your-agents.md")))
            .Select(static match => match.Groups[1].Value)];

    [Theory]
    [MemberData(nameof(Blocks))]
    public void Block_OfTheGuide_StandsInAFileThatIsCompiled(string block) =>
        Assert.Contains(Compiled(), text => text.Contains(block, StringComparison.Ordinal));

    private static IEnumerable<string> Compiled() =>
        from folder in (string[])["docs/samples/Testing", "tests/Outheis.Testing.Tests/Kit"]
        from file in Directory.EnumerateFiles(Path.Combine(s_root, folder))
        where Path.GetExtension(file) is ".cs" or ".csproj"
        select File.ReadAllText(file);

    private static string Root(string folder) =>
        File.Exists(Path.Combine(folder, "Outheis.sln")) ? folder : Root(Path.GetDirectoryName(folder)!);

    [GeneratedRegex(@"^```(?:csharp|xml)\n(.*?)^```$", RegexOptions.Multiline | RegexOptions.Singleline)]
    private static partial Regex Block();
}
