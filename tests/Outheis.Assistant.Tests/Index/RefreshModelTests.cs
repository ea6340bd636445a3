using System.Globalization;
using FsCheck.Xunit;

namespace Outheis.Assistant.Tests.Index;

/// <summary>
/// Incremental indexing against a model that is obviously right: after any changes of the vault, the index
/// says what an index made from nothing would say.
/// </summary>
public sealed class RefreshModelTests
{
    private static readonly string[] Names = ["a.md", "b.md", "sub/c.md", "sub/d.txt"];
    private static readonly string[] Subjects = ["apples", "bridges", "candles", "dragons", "engines"];

    [Property(MaxTest = 25)]
    public void Refresh_AfterAnyChanges_EqualsAFreshIndex(byte[] changes)
    {
        using var vault = new IndexedVault();
        var model = new Dictionary<string, string>();
        DateTime clock = DateTime.UtcNow - TimeSpan.FromDays(1);
        for (int i = 0; i + 1 < changes.Length; i += 2)
        {
            string name = Names[changes[i] % Names.Length];
            // Now and then two changes share a time stamp.
            clock += TimeSpan.FromSeconds(changes[i + 1] % 2);
            Change(vault, model, name, changes[i] / Names.Length % 6, changes[i + 1], clock);
            if (changes[i + 1] % 3 == 0) continue;                  // several changes between two refreshes
            vault.Refresh();
            Check(vault, model);
            if (changes[i + 1] % 7 == 0) vault.Reopen();
        }

        vault.Refresh();
        Check(vault, model);
        CheckNothingIsLeftOver(vault, model);
    }

    /// <summary>What left the vault is nowhere in the file, where it would only cost room and skew the
    /// ranking.</summary>
    private static void CheckNothingIsLeftOver(IndexedVault vault, Dictionary<string, string> model)
    {
        vault.Index.Dispose();
        using IndexStore store = IndexStore.Open(vault.IndexFile, vault.VaultPath);
        Assert.False(store.Rebuilt);
        foreach (string subject in Subjects)
        {
            string term = new Analyzer().TermOf(subject);
            long indexed = Scalar(store, $"SELECT coalesce(sum(doc), 0) FROM vocabulary WHERE term = '{term}'");
            Assert.Equal(model.Values.Count(of => of == subject), indexed);
        }

        Assert.Equal(model.Count, Scalar(store, "SELECT count(*) FROM files WHERE skipped IS NULL"));
        Assert.Equal(0, Scalar(store, "SELECT count(*) FROM sections WHERE file NOT IN (SELECT id FROM files)"));
        Assert.Equal(0, Scalar(store, "SELECT count(*) FROM passages WHERE section NOT IN (SELECT id FROM sections)"));
    }

    private static long Scalar(IndexStore store, string sql)
    {
        using var command = store.Command(sql);
        return (long)command.ExecuteScalar()!;
    }

    private static void Change(
        IndexedVault vault, Dictionary<string, string> model, string name, int kind, int choice,
        DateTime clock)
    {
        string path = vault.PathOf(name);
        switch (kind)
        {
            case 0:
                File.Delete(Directory.Exists(Path.GetDirectoryName(path)) ? path : vault.PathOf("none"));
                model.Remove(name);
                break;
            case 1 when model.ContainsKey(name):
                File.SetLastWriteTimeUtc(path, clock + TimeSpan.FromMinutes(choice));
                break;
            case 2:
                vault.Write(name, [1, 0, (byte)choice]);
                File.SetLastWriteTimeUtc(path, clock);
                model.Remove(name);
                break;
            default:
                string subject = Subjects[choice % Subjects.Length];
                string text = string.Create(
                    CultureInfo.InvariantCulture, $"# Note\n\nAbout {subject} and {choice}.\n");
                vault.Write(name, text);
                // Half of them look as if just written: only the hash can tell such changes.
                File.SetLastWriteTimeUtc(
                    path, choice % 2 == 0 ? clock.AddTicks(choice * 10) : DateTime.UtcNow);
                model[name] = subject;
                break;
        }
    }

    private static void Check(IndexedVault vault, Dictionary<string, string> model)
    {
        foreach (string subject in Subjects)
        {
            string[] expected = model.Where(note => note.Value == subject).Select(note => note.Key).Order()
                .ToArray();
            Assert.Equal(expected, vault.Search(subject).Select(found => found.Path).Distinct().Order());
        }
    }
}
