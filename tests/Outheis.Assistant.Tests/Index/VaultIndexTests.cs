namespace Outheis.Assistant.Tests.Index;

public sealed class VaultIndexTests : IDisposable
{
    private readonly IndexedVault _vault = new();

    public void Dispose() => _vault.Dispose();

    [Fact]
    public void Refresh_NewNotes_AreFoundWithTheirLines()
    {
        _vault.Write("tea.md", "# Tea\n\nGreen tea steeps two minutes.\n");
        Assert.Equal((1, 1, 0), Counts(_vault.Refresh()));
        FoundPassage found = Assert.Single(_vault.Search("how long does green tea steep?"));
        Assert.Equal(("tea.md", 3, 3, "Tea"), (found.Path, found.FirstLine, found.LastLine, found.Title));
        Assert.Equal(["Green", "tea", "steeps"],
            found.Marks.Select(mark => found.Text.Substring(mark.Start, mark.Length)));
    }

    [Fact]
    public void Refresh_NothingChanged_ReadsNothing()
    {
        _vault.Write("tea.md", "tea");
        _vault.Refresh();
        _vault.Reopen();
        Assert.Equal((1, 0, 0), Counts(_vault.Refresh()));
    }

    [Fact]
    public void Refresh_ChangedAndRemoved_FollowTheVault()
    {
        _vault.Write("tea.md", "green tea");
        _vault.Write("milk.md", "fresh milk");
        _vault.Refresh();
        _vault.Write("tea.md", "black coffee, strong");
        File.Delete(_vault.PathOf("milk.md"));

        Assert.Equal((1, 1, 1), Counts(_vault.Refresh()));
        Assert.Empty(_vault.Search("green"));
        Assert.Empty(_vault.Search("fresh milk"));
        Assert.Single(_vault.Search("black coffee"));
    }

    [Fact]
    public void Refresh_SameSizeAndTimeWithinTheDoubt_IsSeen()
    {
        DateTime now = DateTime.UtcNow;
        File.WriteAllText(_vault.PathOf("tea.md"), "green tea");
        File.SetLastWriteTimeUtc(_vault.PathOf("tea.md"), now);
        _vault.Refresh();
        File.WriteAllText(_vault.PathOf("tea.md"), "black tea");
        File.SetLastWriteTimeUtc(_vault.PathOf("tea.md"), now);

        Assert.Equal(1, _vault.Refresh().Updated);
        Assert.Single(_vault.Search("black"));
    }

    [Fact]
    public void Refresh_TouchedOnly_IsReadButNotIndexedAgain()
    {
        _vault.Write("tea.md", "green tea");
        _vault.Refresh();
        File.SetLastWriteTimeUtc(_vault.PathOf("tea.md"), DateTime.UtcNow - TimeSpan.FromMinutes(5));
        Assert.Equal(0, _vault.Refresh().Updated);
        Assert.Single(_vault.Search("green tea"));
    }

    [Fact]
    public void Refresh_BinaryAndLatin1_AreNamedEveryTimeAndTheRestIsIndexed()
    {
        _vault.Write("latin.md", [(byte)'c', 0xE9]);
        _vault.Write("bin.md", [1, 0, 2]);
        _vault.Write("tea.md", "green tea");
        for (int i = 0; i < 2; i++)
        {
            IndexReport report = _vault.Refresh();
            Assert.Equal(
                [new SkippedFile("bin.md", "it is binary"), new SkippedFile("latin.md", "it is not UTF-8")],
                report.Skipped);
            Assert.Equal(1, report.Notes);
        }

        Assert.Single(_vault.Search("green tea"));
        _vault.Write("latin.md", "a rescued note about cake");
        Assert.Single(_vault.Refresh().Skipped);
        Assert.Single(_vault.Search("rescued cake"));
    }

    [Fact]
    public void Refresh_NoteThatBecomesUnreadable_LeavesTheIndex()
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "Making links needs a privilege on Windows.");
        _vault.Write("tea.md", "green tea");
        _vault.Refresh();
        File.Delete(_vault.PathOf("tea.md"));
        File.CreateSymbolicLink(_vault.PathOf("tea.md"), "/proc/self/mem");
        Assert.Equal("tea.md", Assert.Single(_vault.Refresh().Skipped).Path);
        Assert.Empty(_vault.Search("green tea"));
    }

    [Fact]
    public void Refresh_DamagedIndex_IsBuiltAgainAndSaysSo()
    {
        _vault.Write("tea.md", "green tea");
        _vault.Refresh();
        _vault.Index.Dispose();
        byte[] bytes = File.ReadAllBytes(_vault.IndexFile);
        bytes.AsSpan(0, bytes.Length / 2).Fill(0xA5);
        File.WriteAllBytes(_vault.IndexFile, bytes);
        _vault.Reopen();
        Assert.True(_vault.Refresh().Rebuilt);
        Assert.Single(_vault.Search("green tea"));
    }

    [Fact]
    public void Refresh_IndexOfAnotherVault_IsReplacedSilently()
    {
        _vault.Write("tea.md", "green tea");
        _vault.Refresh();
        using var other = new IndexedVault();
        other.Write("milk.md", "fresh milk");
        other.Refresh();
        other.Index.Dispose();
        _vault.Index.Dispose();
        File.Copy(other.IndexFile, _vault.IndexFile, overwrite: true);
        _vault.Reopen();
        Assert.False(_vault.Refresh().Rebuilt);
        Assert.Empty(_vault.Search("fresh milk"));
        Assert.Single(_vault.Search("green tea"));
    }

    [Fact]
    public async Task Refresh_Watched_SeesChangesAndOtherwiseDoesNotLook()
    {
        using var vault = new IndexedVault(watches: true);
        vault.Write("tea.md", "green tea");
        vault.Refresh();
        vault.Write("milk.md", "fresh milk");
        vault.Write("tea.md", "black tea");
        await Cli.Waiting.Until(() => vault.Refresh().Notes == 2 && vault.Search("black").Count == 1);
        File.Delete(vault.PathOf("milk.md"));
        await Cli.Waiting.Until(() => vault.Refresh().Notes == 1);
    }

    [Fact]
    public void Refresh_Cancelled_KeepsTheIndexUsable()
    {
        for (int i = 0; i < 200; i++) _vault.Write($"{i}.md", $"note number{i}");
        using var cancel = new CancellationTokenSource();
        var counter = new IndexCounter();
        cancel.CancelAfter(1);
        try
        {
            _vault.Index.Refresh(counter, cancel.Token);
        }
        catch (OperationCanceledException)
        {
            // As wanted; on a fast machine the refresh may be over first.
        }

        Assert.Equal(200, _vault.Refresh().Notes);
        Assert.Single(_vault.Search("number199"));
        Assert.Single(_vault.Search("number0"));
    }

    [Fact]
    public void IndexPlace_TwoVaults_HaveTwoFilesOutsideOfBoth()
    {
        string one = IndexPlace.FileFor("j", "/a/notes");
        string other = IndexPlace.FileFor("j", "/b/notes");
        Assert.NotEqual(one, other);
        Assert.StartsWith(Path.Combine("j", "index", "notes-"), one, StringComparison.Ordinal);
    }

    private static (int Notes, int Updated, int Removed) Counts(IndexReport report) =>
        (report.Notes, report.Updated, report.Removed);
}
