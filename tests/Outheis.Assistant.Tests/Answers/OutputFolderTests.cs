namespace Outheis.Assistant.Tests.Answers;

public sealed class OutputFolderTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData("")]
    [InlineData("..")]
    [InlineData("../x")]
    [InlineData("a/b")]
    [InlineData("a\\b")]
    [InlineData("/etc/passwd")]
    [InlineData("C:x")]
    [InlineData(".hidden")]
    [InlineData("ends.")]
    [InlineData(" x")]
    [InlineData("con")]
    [InlineData("NUL.md")]
    [InlineData("a\nb")]
    [InlineData("a\0b")]
    [InlineData("tab\t")]
    public void Refusal_UnsafeName_IsRefused(string name)
    {
        Assert.NotNull(OutputFolder.Refusal(name));
        Assert.Throws<VaultException>(() => new OutputFolder(_folder.PathOf("out")).Save(name, "x"));
        Assert.False(Directory.Exists(_folder.PathOf("out")));
    }

    [Theory]
    [InlineData("tar", "tar.md")]
    [InlineData("tar.txt", "tar.txt")]
    [InlineData("green tea 2", "green tea 2.md")]
    [InlineData("Übung", "Übung.md")]
    public void Save_GoodName_WritesTheFileWhole(string name, string file)
    {
        var answers = new OutputFolder(_folder.PathOf("out"));
        Assert.Equal(_folder.PathOf($"out/{file}"), answers.Save(name, "hello"));
        Assert.Equal("hello", File.ReadAllText(_folder.PathOf($"out/{file}")));
        Assert.Single(Directory.GetFileSystemEntries(_folder.PathOf("out")));
    }

    [Fact]
    public void Save_NameTaken_ChangesNothing()
    {
        var answers = new OutputFolder(_folder.FullPath);
        _folder.Write("tar.md", "old");
        VaultException failure = Assert.Throws<VaultException>(() => answers.Save("tar", "new"));
        Assert.Contains("exists already", failure.Message);
        Assert.Equal("old", File.ReadAllText(_folder.PathOf("tar.md")));
    }

    [Fact]
    public void Save_FolderIsAFile_SaysSo()
    {
        var answers = new OutputFolder(_folder.Write("f", "x"));
        VaultException failure = Assert.Throws<VaultException>(() => answers.Save("a", "x"));
        Assert.Contains("could not be saved", failure.Message);
    }

    [Fact]
    public void Replace_File_LeavesNoDraft()
    {
        var insights = new OutputFolder(_folder.PathOf("i"));
        insights.Replace("topics.md", "one");
        insights.Replace("topics.md", "two");
        Assert.Equal("two", insights.TryRead("topics.md"));
        Assert.Single(Directory.GetFileSystemEntries(_folder.PathOf("i")));
    }
}
