namespace Outheis.Assistant.Tests.Index;

public sealed class RankingTests : IDisposable
{
    private readonly IndexedVault _vault = new();

    public void Dispose() => _vault.Dispose();

    [Fact]
    public void Search_NoteNamedInTheQuestion_ComesFirst()
    {
        _vault.Write("tar.md",
            "# tar\n\n> Archiving utility.\n\n- E[x]tract an archive:\n\n`tar xf a.tar`\n");
        _vault.Write("zip.md",
            "# zip\n\nExtract an archive, any archive, extract archives of tar too: archive, extract.\n");
        Assert.Equal("tar.md", Search("how do I extract a tar archive?")[0].Path);
    }

    [Fact]
    public void Search_PassageThatSaysMore_ComesFirst()
    {
        _vault.Write("j.md",
            "# Journal\n\nIt has records.\n\nRecovery scans to the last whole record.\n\nRecords end.\n");
        Assert.Equal(5, Search("how does recovery find the last whole record?")[0].FirstLine);
    }

    [Fact]
    public void Search_Synonym_IsFoundButTheWordItselfFirst()
    {
        _vault.Write("one.md", "Remove a folder with this.\n");
        _vault.Write("two.md", "Delete a folder with this.\n");
        Assert.Equal(["two.md", "one.md"], Search("delete a folder").Select(found => found.Path));
    }

    [Fact]
    public void Search_WordsTheVaultLacks_FindNothing()
    {
        _vault.Write("tea.md", "The kettle makes green tea.\n");
        Assert.Empty(Search("who won the world cup in green?"));
    }

    [Fact]
    public void Search_ManyPassages_AreLimitedInAllAndPerNote()
    {
        string note = string.Concat(
            Enumerable.Range(0, 20).Select(number => $"Dragon number {number} sleeps.\n\n"));
        _vault.Write("a.md", note);
        _vault.Write("b.md", note);
        IReadOnlyList<FoundPassage> found = Search("where do dragons sleep?");
        Assert.Equal(VaultLimits.AnswerPassages, found.Count);
        Assert.Equal(VaultLimits.AnswerPassagesPerNote, found.Count(passage => passage.Path == "a.md"));
        double[] scores = found.Select(passage => passage.Score).ToArray();
        Assert.Equal(scores.OrderDescending(), scores);
    }

    [Theory]
    [InlineData("\" OR \"x")]
    [InlineData("tea) NEAR(")]
    [InlineData("name:tea -green *")]
    [InlineData("AND OR NOT tea")]
    public void Search_SyntaxOfTheIndex_IsOnlyText(string question)
    {
        _vault.Write("tea.md", "green tea\n");
        _ = Search(question);
    }

    private IReadOnlyList<FoundPassage> Search(string question)
    {
        _vault.Refresh();
        return _vault.Search(question);
    }
}
