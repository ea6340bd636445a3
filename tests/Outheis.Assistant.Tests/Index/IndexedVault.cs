namespace Outheis.Assistant.Tests.Index;

/// <summary>A vault in a temporary folder with its index beside it.</summary>
internal sealed class IndexedVault : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    private readonly bool _watches;

    public IndexedVault(bool watches = false)
    {
        _watches = watches;
        Directory.CreateDirectory(_folder.PathOf("vault"));
        IndexFile = IndexPlace.FileFor(_folder.PathOf("journal"), VaultPath);
        Index = Open();
    }

    public string VaultPath => _folder.PathOf("vault");

    public string IndexFile { get; }

    public VaultIndex Index { get; private set; }

    public string PathOf(string note) => _folder.PathOf($"vault/{note}");

    /// <summary>Writes a note that seems to have been written an hour ago.</summary>
    public void Write(string note, string content) =>
        Write(note, System.Text.Encoding.UTF8.GetBytes(content));

    public void Write(string note, byte[] content)
    {
        _folder.Write($"vault/{note}", content);
        File.SetLastWriteTimeUtc(PathOf(note), DateTime.UtcNow - TimeSpan.FromHours(1));
    }

    public IndexReport Refresh() => Index.Refresh(new IndexCounter(), TestContext.Current.CancellationToken);

    public void Reopen()
    {
        Index.Dispose();
        Index = Open();
    }

    public IReadOnlyList<FoundPassage> Search(string question) =>
        Index.Search(Question.Parse(question), TestContext.Current.CancellationToken).Passages;

    public void Dispose()
    {
        Index.Dispose();
        _folder.Dispose();
    }

    private VaultIndex Open() => new(VaultFolder.Open(VaultPath), IndexFile, _watches, TimeProvider.System);
}
