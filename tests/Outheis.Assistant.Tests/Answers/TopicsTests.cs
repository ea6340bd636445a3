namespace Outheis.Assistant.Tests.Answers;

public sealed class TopicsTests
{
    [Fact]
    public void ToMarkdown_Exchanges_SaysWhatIsAskedAndWhatAnswers()
    {
        var topics = new Topics();
        topics.Add(new Exchanged("/v/notes", "how do I untar?", AskResult.Answered, ["tar.md", "zip.md"]));
        topics.Add(new Exchanged("/v/notes", "list a tar", AskResult.Answered, ["tar.md"]));
        topics.Add(new Exchanged("/v/notes", "bread?", AskResult.NothingFound, []));
        Assert.Equal(
            """
            # Topics

            What was asked in 3 exchanges, and which notes answer.

            ## tar

            - asked 2 times, lately:
              - list a tar
              - how do I untar?
            - answered by:
              - notes/tar.md (2 times)
              - notes/zip.md (once)

            ## Not answered

            - bread?

            """, topics.ToMarkdown());
    }

    [Fact]
    public void Add_ManyQuestions_KeepsTheLastDifferentOnes()
    {
        var topics = new Topics();
        foreach (string question in (string[])["a", "b", "a", "c", "d"])
        {
            topics.Add(new Exchanged("/v", question, AskResult.Answered, ["x.md"]));
        }

        Assert.Equal(["a", "c", "d"], Assert.Single(topics.All).Questions);
    }
}
