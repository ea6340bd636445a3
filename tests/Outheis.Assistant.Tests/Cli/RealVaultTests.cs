using System.Text.Json;

namespace Outheis.Assistant.Tests.Cli;

/// <summary>The main job over 4,612 real notes.</summary>
public sealed class RealVaultTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task Ask_RealNotes_NamesTheRightNoteFirst()
    {
        string vault = Repository.RealVault;
        Ended first = await OutheisProcess.Run(
            _folder.FullPath, "ask", "how do I extract a tar archive?", "--vault", vault);
        Assert.Equal((0, ""), (first.ExitCode, first.Error));
        Assert.Contains("/tar.md:", first.Output.Split('\n')[0]);

        (string Question, string Note)[] expected =
        [
            ("how can I rename a git branch?", "git-rename-branch"),
            ("how do I create a symbolic link?", "ln"),
            ("how do I count the lines in a file?", "wc"), ("how do I generate an ssh key?", "ssh-keygen"),
            ("how do I change the owner of a file?", "chown"), ("how do I unpack a zip file?", "unzip"),
            ("how do I download a youtube video?", "youtube-dl"), ("how do I resize an image?", "magick"),
            ("convert a video to gif", "ffmpeg"), ("how do I stash changes in git?", "git-stash"),
        ];
        Ended piped = await OutheisProcess.Run(
            _folder.FullPath, string.Join('\n', expected.Select(one => one.Question)),
            ["ask", "--vault", vault, "--json"]);
        string[] answers = piped.Output.Split('\n', StringSplitOptions.RemoveEmptyEntries);
        Assert.Equal(expected.Select(one => one.Note), answers.Select(FirstNote));
        Assert.Equal(4612, JsonDocument.Parse(answers[0]).RootElement.GetProperty("notes").GetInt32());
    }

    private static string? FirstNote(string answer)
    {
        JsonElement first = JsonDocument.Parse(answer).RootElement.GetProperty("passages")[0];
        return Path.GetFileNameWithoutExtension(first.GetProperty("path").GetString());
    }

    [Fact]
    public async Task Ask_NothingLikeIt_IsNotAnswered()
    {
        Ended ended = await OutheisProcess.Run(
            _folder.FullPath, "ask", "how do I bake sourdough bread?", "--vault", Repository.RealVault);
        Assert.Equal((1, ""), (ended.ExitCode, ended.Output));
    }

    [Fact]
    public async Task Ask_DocsOfThisProject_CitesTheJournalFormat()
    {
        string docs = Path.Combine(Repository.Root, "docs");
        Assert.SkipUnless(File.Exists(Path.Combine(docs, "journal-format.md")),
            "docs/journal-format.md is not there.");
        Ended ended = await OutheisProcess.Run(
            _folder.FullPath, "ask", "how does recovery find the last whole record?", "--vault", docs);
        Assert.Equal(0, ended.ExitCode);
        Assert.Contains("journal-format.md:", ended.Output.Split('\n')[0]);
    }
}
