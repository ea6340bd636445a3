using FsCheck.Xunit;

namespace Outheis.Assistant.Tests.Text;

public sealed class AnalyzerTests
{
    [Theory]
    [InlineData("Extract the archives", "extract the archiv")]
    [InlineData("E[x]tract g[z]ipped [f]iles, Lis[t]", "extract gzip file li list")]
    [InlineData("apt-get foo_bar", "apt get apt-get foo bar foo-bar")]
    [InlineData("SendAsync HTTPServer", "send async sendasync http server httpserver")]
    [InlineData("C++ and c# and 7z", "c++ and c# and 7z")]
    [InlineData("the file's owner, the users' files", "the file owner the user file")]
    [InlineData("don't", "dont")]
    [InlineData("Über café e\u0301tude", "uber cafe etud")]
    [InlineData("日本語", "日本 本語")]
    [InlineData("https://example.com/tar.gz", "http exampl com tar gz")]
    [InlineData("- ** `` [](), {{}}", "")]
    public void Analyze_Text_GivesTerms(string text, string terms) =>
        Assert.Equal(terms, string.Join(' ', Terms(text)));

    [Theory]
    [InlineData("recovery", "recover")]
    [InlineData("extraction", "extracting")]
    [InlineData("compression", "compressed")]
    [InlineData("directories", "directory")]
    [InlineData("installation", "install")]
    [InlineData("running", "runs")]
    [InlineData("organization", "organizing")]
    [InlineData("useful", "uses")]
    public void Analyze_FormsOfOneWord_MeetInOneTerm(string one, string other) =>
        Assert.Equal(Terms(one), Terms(other));

    [Theory]
    [InlineData("port", "ports", true)]
    [InlineData("tar", "target", false)]
    [InlineData("new", "news", true)]
    [InlineData("cat", "category", false)]
    public void Analyze_TwoWords_MeetOnlyWhenRelated(string one, string other, bool meet) =>
        Assert.Equal(meet, Terms(one).SequenceEqual(Terms(other)));

    [Fact]
    public void Analyze_Compound_SpansItsParts()
    {
        var tokens = new List<Token>();
        new Analyzer().Analyze("use apt-get", tokens);
        Assert.Equal(new Token(4, 7, "apt-get"), tokens[^1]);
        Assert.Equal(new Token(4, 3, "apt"), tokens[1]);
    }

    [Property(MaxTest = 300)]
    public void Analyze_AnyText_TokensLieInsideAndMakeProgress(string? text)
    {
        text ??= "";
        var tokens = new List<Token>();
        new Analyzer().Analyze(text, tokens);
        Assert.All(tokens, token =>
        {
            Assert.InRange(token.Start, 0, text.Length);
            Assert.InRange(token.End, token.Start + 1, text.Length);
            Assert.InRange(token.Term.Length, 1, VaultLimits.WordChars + 1);
            Assert.DoesNotContain('"', token.Term);
            Assert.DoesNotContain(' ', token.Term);
        });
    }

    [Fact]
    public void Analyze_VeryLongWord_IsCut() =>
        Assert.Equal(VaultLimits.WordChars, Assert.Single(Terms(new string('9', 500))).Length);

    private static List<string> Terms(string text)
    {
        var tokens = new List<Token>();
        new Analyzer().Analyze(text, tokens);
        return tokens.ConvertAll(static token => token.Term);
    }
}
