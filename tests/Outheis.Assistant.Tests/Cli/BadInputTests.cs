using System.Diagnostics;

namespace Outheis.Assistant.Tests.Cli;

/// <summary>Bad input gets one clear sentence on the error output and an exit status that is not zero;
/// nothing is lost.</summary>
public sealed class BadInputTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public BadInputTests() => _folder.Write("notes/tea.md", "# Tea\n\nGreen tea steeps two minutes.\n");

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData("The vault nowhere does not exist.", "ask", "tea?", "--vault", "nowhere")]
    [InlineData("The vault notes/tea.md is a file, not a folder.", "ask", "tea?", "--vault", "notes/tea.md")]
    [InlineData("The question is empty.", "ask", "", "--vault", "notes")]
    [InlineData("The question is empty.", "ask", "  ", "--vault", "notes")]
    [InlineData("The question holds no word to look for.", "ask", "?!", "--vault", "notes")]
    [InlineData("--save needs a question; at the prompt, say :save NAME.", "ask", "--vault", "notes",
        "--save", "x")]
    [InlineData("Option '--vault' is required. 'outheis ask --help' tells more.", "ask", "tea?")]
    [InlineData("There is no command 'aks'. 'outheis --help' tells more.", "aks", "tea?")]
    [InlineData("A command is missing. 'outheis --help' tells more.")]
    public async Task Ask_BadInput_IsRefusedInOneSentence(string sentence, params string[] arguments)
    {
        Ended ended = await Run(arguments);
        Assert.Equal((2, "", sentence + "\n"), (ended.ExitCode, ended.Output, ended.Error));
        Assert.False(Directory.Exists(_folder.PathOf(".outheis")), "refused before anything was written");
    }

    [Fact]
    public async Task Ask_SaveNameThatLeavesTheFolder_IsRefused()
    {
        Ended ended = await Run("ask", "tea?", "--vault", "notes", "--save", "../x");
        Assert.Equal(2, ended.ExitCode);
        Assert.StartsWith("\"../x\" cannot be the name", ended.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Ask_VaultWithoutNotes_SaysSo()
    {
        Directory.CreateDirectory(_folder.PathOf("empty"));
        Ended ended = await Run("ask", "tea?", "--vault", "empty");
        Assert.Equal((2, "The vault empty holds no notes.\n"), (ended.ExitCode, ended.Error));
    }

    [Fact]
    public async Task Ask_BinaryAndLatin1_AreNamedSkippedAndTheRestAnswers()
    {
        _folder.Write("notes/latin.md", [(byte)'c', 0xE9]);
        _folder.Write("notes/bin.md", [0, 1]);
        for (int i = 0; i < 2; i++)
        {
            Ended ended = await Run("ask", "green tea?", "--vault", "notes");
            Assert.Equal(3, ended.ExitCode);
            Assert.Equal(
                "notes/bin.md was skipped: it is binary.\nnotes/latin.md was skipped: it is not UTF-8.\n",
                ended.Error);
            Assert.Contains("tea.md:3", ended.Output);
        }
    }

    [Fact]
    public async Task Ask_UnreadableVaultFolderAndNote_SaysSo()
    {
        if (OperatingSystem.IsWindows())
        {
            Assert.Skip("Permissions are set with chmod.");
            return;
        }

        const UnixFileMode everything = (UnixFileMode)0b111_111_111;
        File.SetUnixFileMode(_folder.FullPath, everything);
        Directory.CreateDirectory(_folder.PathOf("shut"), UnixFileMode.None);
        _folder.Write("notes/sub/milk.md", "Fresh milk.");
        File.SetUnixFileMode(_folder.PathOf("notes/sub"), UnixFileMode.None);
        _folder.Write("notes/cocoa.md", "Hot cocoa.");
        File.SetUnixFileMode(_folder.PathOf("notes/cocoa.md"), UnixFileMode.None);

        Ended ended = await OutheisProcess.RunWithoutPrivilege(
            _folder.FullPath, "ask", "tea?", "--vault", "shut");
        Assert.Equal((2, "The vault shut cannot be read: permission denied.\n"),
            (ended.ExitCode, ended.Error));
        ended = await OutheisProcess.RunWithoutPrivilege(
            _folder.FullPath, "ask", "green tea?", "--vault", "notes");
        Assert.Equal(3, ended.ExitCode);
        Assert.Equal(
            "notes/cocoa.md was skipped: permission denied.\nnotes/sub/ was skipped: permission denied.\n",
            ended.Error);
        Assert.Contains("tea.md:3", ended.Output);
        ended = await OutheisProcess.RunWithoutPrivilege(
            _folder.FullPath, "ask", "tea?", "--vault", "notes", "--journal", "shut/j");
        Assert.Equal(4, ended.ExitCode);
        Assert.Single(ended.Error.Split('\n', StringSplitOptions.RemoveEmptyEntries));
    }

    [Fact]
    public async Task Ask_JournalInUse_NamesTheOtherProcess()
    {
        using OutheisProcess first = OutheisProcess.Start(_folder.FullPath, "ask", "--vault", "notes");
        var journalLock = new FileInfo(_folder.PathOf(".outheis/journal/lock"));
        await Waiting.Until(() =>
        {
            journalLock.Refresh();
            return journalLock is { Exists: true, Length: > 0 };
        });
        Ended second = await Run("ask", "green tea?", "--vault", "notes");
        Assert.Equal((4, ""), (second.ExitCode, second.Output));
        Assert.Contains($"is in use by process {first.Id}", second.Error);

        first.Input.Close();
        Assert.Equal(0, (await first.End()).ExitCode);
        Assert.Equal(0, (await Run("ask", "green tea?", "--vault", "notes")).ExitCode);
    }

    [Fact]
    public async Task Ask_JournalIsSomethingElse_TouchesNothing()
    {
        _folder.Write("mine/photo.jpg", "x");
        Ended ended = await Run("ask", "green tea?", "--vault", "notes", "--journal", "mine");
        Assert.Equal(4, ended.ExitCode);
        Assert.Contains("is not a journal", ended.Error);
        Assert.Single(Directory.GetFileSystemEntries(_folder.PathOf("mine")));
    }

    [Fact]
    public async Task Ask_CorruptJournalTail_IsRepairedSaidSoAndAnswered()
    {
        await Run("ask", "green tea?", "--vault", "notes");
        string segment = _folder.PathOf(".outheis/journal/lane-00/000000000000.seg");
        byte[] bytes = File.ReadAllBytes(segment);
        int last = Array.FindLastIndex(bytes, value => value != 0);
        bytes[last] ^= 0x5A;
        File.WriteAllBytes(segment, bytes);

        Ended ended = await Run("ask", "green tea?", "--vault", "notes");
        Assert.Equal(3, ended.ExitCode);
        Assert.StartsWith("The journal was damaged and has been repaired.", ended.Error,
            StringComparison.Ordinal);
        Assert.Contains("tea.md:3", ended.Output);
        Assert.Equal(0, (await Run("ask", "green tea?", "--vault", "notes")).ExitCode);
        Assert.Equal(3, (await Run("journal", "cat")).Output.Split("host asks relay Ask ").Length - 1);
    }

    [Fact]
    public async Task Ask_DamagedIndex_IsBuiltAgainAndSaidSo()
    {
        await Run("ask", "green tea?", "--vault", "notes");
        string index = Directory.GetFiles(_folder.PathOf(".outheis/journal/index"), "*.db").Single();
        File.WriteAllText(index, "not a database at all");
        Ended ended = await Run("ask", "green tea?", "--vault", "notes");
        Assert.Contains("tea.md:3", ended.Output);
        Assert.Equal("The index was damaged and has been built again.\n", ended.Error);
    }

    [Theory]
    [InlineData("512k")]
    [InlineData("3m")]
    [InlineData("4m")]
    [InlineData("5m")]
    public async Task Ask_FullDisk_SaysSoAndWorksOnceThereIsRoom(string size)
    {
        bool canMount = OperatingSystem.IsLinux() && Environment.IsPrivilegedProcess;
        Assert.SkipUnless(canMount, "Mounting a small disk needs root on Linux.");
        string vault = Repository.RealVault, disk = _folder.PathOf("disk");
        Directory.CreateDirectory(disk);
        Assert.SkipUnless(Tool("mount", "-t", "tmpfs", "-o", $"size={size}", "tmpfs", disk) == 0,
            "tmpfs cannot be mounted here.");
        try
        {
            Ended ended = await Run(
                "ask", "how do I extract a tar archive?", "--vault", vault, "--journal", "disk/j");
            Assert.Equal(4, ended.ExitCode);
            Assert.Contains("full", ended.Error);
            Assert.DoesNotContain("   at ", ended.Error);
            Assert.Single(ended.Error.Split('\n', StringSplitOptions.RemoveEmptyEntries));

            Assert.Equal(0, Tool("mount", "-o", "remount,size=64m", disk));
            ended = await Run(
                "ask", "how do I extract a tar archive?", "--vault", vault, "--journal", "disk/j");
            Assert.Equal((0, ""), (ended.ExitCode, ended.Error));
            Assert.Contains("tar.md:", ended.Output.Split('\n')[0]);
        }
        finally
        {
            Assert.Equal(0, Tool("umount", disk));
        }
    }

    private static int Tool(string name, params string[] arguments)
    {
        using Process process =
            Process.Start(new ProcessStartInfo(name, arguments) { RedirectStandardError = true })!;
        process.WaitForExit();
        return process.ExitCode;
    }

    private Task<Ended> Run(params string[] arguments) => OutheisProcess.Run(_folder.FullPath, arguments);
}
