namespace Outheis.Assistant.Tests.Text;

public sealed class QuestionTests
{
    [Theory]
    [InlineData("how do I extract a tar archive?", "extract tar archive")]
    [InlineData("What is the difference between cp and mv?", "difference between cp mv")]
    [InlineData("what does the `at` command do?", "at command")]
    [InlineData("who is who", "who is")]
    [InlineData("tar tar TAR", "tar")]
    [InlineData("where is SendAsync explained", "SendAsync explained")]
    public void Parse_Question_KeepsWhatItNames(string text, string words) =>
        Assert.Equal(words.Split(' '), Question.Parse(text).Concepts.Select(concept => concept.Word));

    [Fact]
    public void Parse_WordWithSynonym_KnowsIt()
    {
        Concept delete = Assert.Single(Question.Parse("delete").Concepts);
        Assert.Contains(Assert.Single(Question.Parse("remove").Concepts).Term, delete.Like);
    }

    [Theory]
    [InlineData("make a file executable", true)]
    [InlineData("make with four jobs", false)]
    public void Parse_Make_IsWeakOnlyAsAVerb(string text, bool weak) =>
        Assert.Equal(weak, Question.Parse(text).Concepts[0].IsWeak);

    [Theory]
    [InlineData("", "The question is empty.")]
    [InlineData("  \t ", "The question is empty.")]
    [InlineData("?! ...", "The question holds no word to look for.")]
    [InlineData("tar?", null)]
    public void Refusal_Text_IsOneSentenceOrNone(string text, string? refusal) =>
        Assert.Equal(refusal, Question.Refusal(text));

    [Fact]
    public void Refusal_VeryLongText_IsRefused() =>
        Assert.NotNull(Question.Refusal(new string('a', VaultLimits.QuestionChars + 1)));
}
