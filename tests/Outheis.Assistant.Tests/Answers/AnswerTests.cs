using System.Text.Json;

namespace Outheis.Assistant.Tests.Answers;

public sealed class AnswerTests
{
    private static readonly VaultLabel Vault = new("/my/notes", "notes");

    private static readonly Found Sample = new(
        ["tea"],
        [
            new FoundPassage("a/tea.md", 3, 4, "Tea", "Green", "Good tea.\nRun `tea -x` now.", 1.5, false,
                [new Mark(5, 3), new Mark(15, 3)]),
        ]);

    [Fact]
    public void Write_Plain_MarksProseAndLeavesCodeAlone() => Assert.Equal(
        "notes/a/tea.md:3  Tea > Green\n    Good **tea**.\n    Run `tea -x` now.\n",
        Text(Sample, ansi: false));

    [Fact]
    public void Write_Ansi_MarksAllAndResets()
    {
        string text = Text(Sample, ansi: true);
        Assert.Contains("\e[1;33mtea\e[0m.", text);
        Assert.Contains("`\e[1;33mtea\e[0m -x`", text);
    }

    [Fact]
    public void Write_EscapeCodesInANote_DoNotReachTheTerminal()
    {
        var found = new Found(
            [], [Sample.Passages[0] with { Text = "a\e]0;title\a b\u009b31m", Marks = [] }]);
        Assert.DoesNotContain(Text(found, ansi: false), c => char.IsControl(c) && c != '\n');
    }

    [Fact]
    public void Write_LongPassage_IsCutAndSaysSo()
    {
        string text = string.Join('\n', Enumerable.Range(1, 20));
        var found = new Found([], [Sample.Passages[0] with { Text = text, Marks = [] }]);
        Assert.Contains($"... {20 - VaultLimits.AnswerLinesPerPassage} more lines", Text(found, ansi: false));
    }

    [Fact]
    public void Json_Answer_HasTheDocumentedShape()
    {
        var output = new StringWriter();
        var report = new IndexReport(7, 0, 0, [new SkippedFile("x.md", "it is binary")], 1, false);
        AnswerJson.Of("tea?", Vault, Sample, report, TimeSpan.FromMilliseconds(1.25)).Write(output);
        Assert.Equal(
            """
            {"question":"tea?","vault":"/my/notes","words":["tea"],
            "passages":[{"path":"a/tea.md","line":3,"lastLine":4,"title":"Tea","heading":"Green",
            "text":"Good tea.\nRun `tea -x` now.","marks":[{"start":5,"length":3},{"start":15,"length":3}],
            "score":1.5}],"skipped":[{"path":"x.md","reason":"it is binary"}],"notes":7,"elapsedMs":1.25}
            """.ReplaceLineEndings(""),
            output.ToString().TrimEnd());
    }

    [Fact]
    public void Json_Answer_IsOneLineWhateverItSays()
    {
        var output = new StringWriter();
        AnswerJson.Failed("a\nb \u2028 é", Vault, "no").Write(output);
        string line = output.ToString().TrimEnd('\n', '\r');
        Assert.DoesNotContain('\n', line);
        JsonElement answer = JsonDocument.Parse(line).RootElement;
        Assert.Equal("a\nb \u2028 é", answer.GetProperty("question").GetString());
    }

    [Fact]
    public void Markdown_Answer_NamesQuestionPlaceAndText()
    {
        string note = AnswerMarkdown.Write("tea?", Sample, Vault, DateTimeOffset.UnixEpoch);
        const string start =
            "# tea?\n\nAnswered from notes on 1970-01-01.\n\n## Tea > Green\n\n`notes/a/tea.md:3`\n\n"
            + "Good **tea**.";
        Assert.StartsWith(start, note, StringComparison.Ordinal);
    }

    private static string Text(Found found, bool ansi)
    {
        var output = new StringWriter { NewLine = "\n" };
        AnswerText.Write(output, found, Vault, ansi);
        return output.ToString();
    }
}
