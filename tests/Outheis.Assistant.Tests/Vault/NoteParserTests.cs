using FsCheck.Xunit;

namespace Outheis.Assistant.Tests.Vault;

public sealed class NoteParserTests
{
    private const string Sample =
        """
        ---
        title: The kettle
        tags: [kitchen]
        ---
        # Kettle

        Boils water.

        ## Cleaning

        Use vinegar:

        ```sh
        pour --vinegar
        ```

        - first
        - second

        ## Parts
        ### Lid

        | part | price |
        |------|-------|
        | lid  | 3     |
        """;

    [Fact]
    public void Parse_Markdown_CitesLinesFromOne()
    {
        Note note = Parse("kettle.md", Sample);
        Assert.Equal("The kettle", note.Title);
        Assert.Equal(
            [
                "|1-4", "Kettle|7-7", "Kettle > Cleaning|11-15", "Kettle > Cleaning|17-18",
                "Kettle > Parts|20-20", "Kettle > Parts > Lid|23-25",
            ],
            Describe(note));
    }

    [Fact]
    public void Parse_WithoutFrontMatter_TakesTheFirstHeadingAsTitle()
    {
        Note note = Parse("x.md", "# Kettle\n\nBoils.\n\n## Care\n\nDescale.\n");
        Assert.Equal("Kettle", note.Title);
        Assert.Equal(["|3-3", "Care|7-7"], Describe(note));
    }

    [Fact]
    public void Parse_NoTitleAtAll_TakesTheFileName() =>
        Assert.Equal("kettle", Parse("a/kettle.md", "Boils.\n").Title);

    [Fact]
    public void Parse_LineEndsOfWindows_CountTheSame()
    {
        Note unix = Parse("x.md", Sample);
        Note windows = Parse("x.md", Sample.ReplaceLineEndings("\r\n"));
        Assert.Equal(Describe(unix), Describe(windows));
        Assert.DoesNotContain(
            windows.Sections.SelectMany(section => section.Passages), passage => passage.Text.Contains('\r'));
    }

    [Fact]
    public void Parse_LongList_IsCitedItemByItem()
    {
        string list = string.Concat(
            Enumerable.Range(1, 12).Select(number => $"- item {number}\n  goes on\n"));
        Note note = Parse("x.md", list);
        Assert.Equal(12, Assert.Single(note.Sections).Passages.Count);
        Assert.Equal("- item 12\n  goes on", note.Sections[0].Passages[^1].Text);
    }

    [Fact]
    public void Parse_LongBlockOfCode_IsCutAndStaysCode()
    {
        string code = "```\n" + string.Concat(Enumerable.Range(1, 40).Select(number => $"line {number}\n"))
            + "```\n";
        IReadOnlyList<Passage> passages = Assert.Single(Parse("x.md", code).Sections).Passages;
        Assert.Equal(3, passages.Count);
        Assert.All(passages, passage => Assert.True(passage.IsCode));
    }

    [Fact]
    public void Parse_PlainText_IsCutAtBlankLines() =>
        Assert.Equal(["|1-2", "|4-4"], Describe(Parse("x.txt", "one\ntwo\n\n# three\n\n")));

    [Theory]
    [InlineData("")]
    [InlineData("\n\n \n")]
    public void Parse_NothingInIt_HasNoPassages(string text) => Assert.Empty(Parse("x.md", text).Sections);

    /// <summary>Whatever the text: a passage is exactly the lines it names, and lines are never cited
    /// twice.</summary>
    [Property(MaxTest = 2000)]
    public void Parse_AnyText_PassagesAreTheLinesTheyName(byte[] choices, bool markdown)
    {
        string[] pieces =
        [
            "# a", "## b", "text", "- item", "  more", "```", "> quote", "", "", "1. one", "| a | b |",
            "|---|---|", "lead:", "    code", "---", "***", "é\u2028z", "<div>",
        ];
        string[] lines = choices.Select(choice => pieces[choice % pieces.Length]).ToArray();
        var text = new NoteText(string.Join('\n', lines));
        int last = 0;
        foreach (Passage passage in NoteParser.Parse(markdown ? "x.md" : "x.txt", text)
            .Sections.SelectMany(section => section.Passages))
        {
            Assert.True(passage.FirstLine > last, $"line {passage.FirstLine} comes after line {last}");
            Assert.Equal(string.Join('\n', lines[(passage.FirstLine - 1)..passage.LastLine]), passage.Text);
            last = passage.LastLine;
        }
    }

    private static Note Parse(string path, string text) => NoteParser.Parse(path, new NoteText(text));

    private static IEnumerable<string> Describe(Note note) => note.Sections.SelectMany(section =>
        section.Passages.Select(passage => $"{section.Heading}|{passage.FirstLine}-{passage.LastLine}"));
}
