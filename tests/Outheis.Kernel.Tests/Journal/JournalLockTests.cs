using System.Globalization;
using System.Text;
using Xunit;

namespace Outheis.Tests.Journal;

/// <summary>What stands in the file that is the lock of a journal, and what else a directory can be.</summary>
public sealed class JournalLockTests : IDisposable
{
    private readonly string _root = Directory.CreateTempSubdirectory("outheis-lock-").FullName;

    public void Dispose() => Directory.Delete(_root, recursive: true);

    private JournalDirectory Open() => Journals.Open(SystemJournalDisk.Instance, path: _root);

    private string Lock => Path.Combine(_root, JournalDirectory.LockName);

    [Theory, InlineData("a recipe for bread"), InlineData("outheis journal soon\n")]
    public void Open_TheLockIsAnotherFile_RefusesAndTouchesNothing(string text)
    {
        File.WriteAllText(Lock, text);
        Assert.Contains("not the lock of a journal", Assert.Throws<JournalException>(() => Open()).Message,
            StringComparison.Ordinal);
        Assert.Equal(text, File.ReadAllText(Lock));
        Assert.Single(Directory.GetFileSystemEntries(_root));
    }

    [Fact]
    public void Open_TheLockNamesANewerFormat_RefusesAndTouchesNothing()
    {
        Open().Close();
        string newer = (JournalLimits.FormatVersion + 1).ToString(CultureInfo.InvariantCulture);
        string text = File.ReadAllText(Lock).Replace(
            $"journal {JournalLimits.FormatVersion}", $"journal {newer}", StringComparison.Ordinal);
        File.WriteAllText(Lock, text, new UTF8Encoding(false));
        Assert.Contains($"journal {newer}", text, StringComparison.Ordinal);
        Assert.Contains($"has format {newer}", Assert.Throws<JournalException>(() => Open()).Message,
            StringComparison.Ordinal);
        Assert.Equal(text, File.ReadAllText(Lock));
    }

    [Fact]
    public void Open_PathOfAFile_SaysSo()
    {
        string file = Path.Combine(_root, "file");
        File.WriteAllText(file, "text");
        JournalException error = Assert.Throws<JournalException>(() => JournalReader.Open(file));
        Assert.Contains("is a file, not a directory", error.Message, StringComparison.Ordinal);
        Assert.Null(SystemJournalDisk.Instance.List(Path.Combine(_root, "nowhere")));
    }

    [Fact]
    public void OpenSegment_EmptyFile_ThrowsAndLetsGoOfIt()
    {
        string file = Path.Combine(_root, "empty");
        File.WriteAllBytes(file, []);
        Assert.ThrowsAny<Exception>(() => SystemJournalDisk.Instance.OpenSegment(file));
        using FileStream alone = new(file, FileMode.Open, FileAccess.ReadWrite, FileShare.None);
        Assert.Equal(0, alone.Length);
    }

    [Fact]
    public void CreateSegment_NameIsTaken_ThrowsAndLeavesTheFileAlone()
    {
        string file = Path.Combine(_root, "taken");
        File.WriteAllText(file, "mine");
        Assert.Throws<IOException>(() => SystemJournalDisk.Instance.CreateSegment(file, Journals.SmallSegment));
        Assert.Equal("mine", File.ReadAllText(file));
    }

    [Fact]
    public void WriteAside_NameIsTaken_ReplacesWhatWasThere()
    {
        string file = Path.Combine(_root, "aside.torn");
        File.WriteAllText(file, "much longer than what comes");
        SystemJournalDisk.Instance.WriteAside(file, "torn"u8);
        Assert.Equal("torn", File.ReadAllText(file));
    }

    [Fact]
    public void SyncDirectory_NoSuchDirectory_Throws()
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "Windows has nothing to make durable there");
        IOException error = Assert.Throws<IOException>(
            () => SystemJournalDisk.Instance.SyncDirectory(Path.Combine(_root, "nowhere")));
        Assert.Contains("nowhere", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void TryLock_Held_NamesTheOwner()
    {
        using IJournalLock held = SystemJournalDisk.Instance.TryLock(Lock, out _)!;
        held.WriteOwner("somebody");
        Assert.Null(SystemJournalDisk.Instance.TryLock(Lock, out string owner));
        Assert.Equal("somebody", owner);
    }

    [Fact]
    public void JournalExceptions_OfEachConstructor_KeepWhatTheyAreTold()
    {
        var inner = new IOException("below");
        foreach (Func<string, Exception?, JournalException> make in (Func<string, Exception?, JournalException>[])
            [(text, cause) => new JournalException(text, cause),
                (text, cause) => new JournalInUseException(text, cause)])
        {
            JournalException made = make("what", inner);
            Assert.Equal(("what", inner), (made.Message, made.InnerException));
        }

        Assert.Equal("what", new JournalException("what").Message);
        Assert.Equal(("what", 0), (new JournalInUseException("what").Message, new JournalInUseException().ProcessId));
        Assert.NotEmpty(new JournalException().Message);
        Assert.Contains("another process", new JournalInUseException("/j", 0).Message, StringComparison.Ordinal);
    }
}
