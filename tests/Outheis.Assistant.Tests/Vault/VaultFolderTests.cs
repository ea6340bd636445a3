namespace Outheis.Assistant.Tests.Vault;

public sealed class VaultFolderTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void List_Folder_GivesNotesOnly()
    {
        string[] paths = ["a.md", "deep/er/b.TXT", "c.png", ".hidden.md", ".git/d.md", "e.markdown"];
        foreach (string path in paths)
        {
            _folder.Write($"v/{path}", "x");
        }

        Assert.Equal(["a.md", "deep/er/b.TXT", "e.markdown"], List(VaultFolder.Open(_folder.PathOf("v"))));
    }

    [Fact]
    public void List_OwnFoldersInside_AreLeftOut()
    {
        _folder.Write("v/a.md", "x");
        _folder.Write("v/answers/b.md", "x");
        _folder.Write("v/answers2/c.md", "x");
        Assert.Equal(["a.md", "answers2/c.md"],
            List(VaultFolder.Open(_folder.PathOf("v"), _folder.PathOf("v/answers"))));
    }

    [Fact]
    public void List_Links_CountOnlyWhenTheyLeadToNotesInside()
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "Making links needs a privilege on Windows.");
        _folder.Write("secret.md", "x");
        _folder.Write("v/a.md", "x");
        File.CreateSymbolicLink(_folder.PathOf("v/in.md"), _folder.PathOf("v/a.md"));
        File.CreateSymbolicLink(_folder.PathOf("v/out.md"), _folder.PathOf("secret.md"));
        File.CreateSymbolicLink(_folder.PathOf("v/gone.md"), _folder.PathOf("v/nothing.md"));
        File.CreateSymbolicLink(_folder.PathOf("v/circle.md"), _folder.PathOf("v/circle.md"));
        Directory.CreateSymbolicLink(_folder.PathOf("v/loop"), _folder.PathOf("v"));

        var skipped = new List<SkippedFile>();
        Assert.Equal(["a.md", "in.md"], List(VaultFolder.Open(_folder.PathOf("v")), skipped));
        string[] named = skipped.Select(file => file.Path).Order(StringComparer.Ordinal).ToArray();
        Assert.Equal(["circle.md", "gone.md", "out.md"], named);
    }

    [Fact]
    public void Open_Missing_SaysSo()
    {
        VaultException failure = Assert.Throws<VaultException>(() => VaultFolder.Open("no/such/vault"));
        Assert.Equal("The vault no/such/vault does not exist.", failure.Message);
    }

    [Fact]
    public void Open_File_SaysSo() =>
        Assert.Contains("is a file",
            Assert.Throws<VaultException>(() => VaultFolder.Open(_folder.Write("f.md", "x"))).Message);

    [Theory]
    [InlineData("notes", "notes/a/b.md")]
    [InlineData("../notes/", "../notes/a/b.md")]
    public void PathOf_Note_IsWhatTheUserWouldWrite(string shown, string path) =>
        Assert.Equal(path, new VaultLabel("/x", shown).PathOf("a/b.md"));

    private static IEnumerable<string> List(VaultFolder vault, List<SkippedFile>? skipped = null) =>
        vault.List(skipped ?? [], TestContext.Current.CancellationToken).Select(note => note.Path)
            .Order(StringComparer.Ordinal);
}
