namespace Outheis.Assistant.Tests.Vault;

public sealed class NoteTextTests
{
    [Fact]
    public void TryDecode_Utf8WithMark_DropsTheMark()
    {
        Assert.True(NoteText.TryDecode([0xEF, 0xBB, 0xBF, (byte)'a'], out NoteText? text, out _));
        Assert.Equal("a", text!.Text);
    }

    public static TheoryData<byte[], string> Undecodable => new()
    {
        { [(byte)'c', 0xE9], "it is not UTF-8" },
        { [0xC0, 0x80], "it is not UTF-8" },
        { [(byte)'a', 0, (byte)'b'], "it is binary" },
        { [0xFF, 0xFE, (byte)'h', 0], "it is UTF-16, not UTF-8" },
    };

    [Theory]
    [MemberData(nameof(Undecodable))]
    public void TryDecode_AnythingElse_SaysWhatItIs(byte[] bytes, string reason)
    {
        Assert.False(NoteText.TryDecode(bytes, out _, out string said));
        Assert.Equal(reason, said);
    }

    [Theory]
    [InlineData("", 1)]
    [InlineData("a", 1)]
    [InlineData("a\n", 1)]
    [InlineData("a\n\nb", 3)]
    public void LineCount_Text_CountsAsEditorsDo(string text, int lines) =>
        Assert.Equal(lines, new NoteText(text).LineCount);
}
