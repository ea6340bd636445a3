using System.Text.Json;

namespace Outheis.Assistant.Tests.Cli;

/// <summary>The main job as users run it: process, arguments, streams, exit status.</summary>
public sealed class AskTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public AskTests() => _folder.Write("notes/tea.md", "# Tea\n\nGreen tea steeps two minutes.\n");

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task Ask_Question_CitesFileAndLine()
    {
        Ended ended = await Run("ask", "how long does green tea steep?", "--vault", "notes");
        Assert.Equal((0, "notes/tea.md:3  Tea\n    **Green** **tea** **steeps** two minutes.\n", ""),
            (ended.ExitCode, ended.Output, ended.Error));
        Assert.True(Directory.Exists(_folder.PathOf(".outheis/journal")));
        Assert.True(File.Exists(_folder.PathOf(".outheis/journal/insights/topics.md")));
        string only = Assert.Single(Directory.GetFileSystemEntries(_folder.PathOf("notes")));
        Assert.Equal("tea.md", Path.GetFileName(only));
    }

    [Fact]
    public async Task Ask_Json_IsOneObject()
    {
        Ended ended = await Run("ask", "green tea?", "--vault", "notes", "--json", "--journal", "j");
        Assert.Equal(0, ended.ExitCode);
        JsonElement passage = JsonDocument.Parse(ended.Output).RootElement.GetProperty("passages")[0];
        Assert.Equal("tea.md", passage.GetProperty("path").GetString());
        Assert.Equal(3, passage.GetProperty("line").GetInt32());
        Assert.False(Directory.Exists(_folder.PathOf(".outheis")));
    }

    [Fact]
    public async Task Ask_NothingFits_ExitsWithOne()
    {
        Ended ended = await Run("ask", "who won the world cup?", "--vault", "notes");
        Assert.Equal((1, "", "Nothing in notes answers that.\n"),
            (ended.ExitCode, ended.Output, ended.Error));
    }

    [Fact]
    public async Task Ask_NoteAddedAndChanged_IsSeenByTheNextQuestion()
    {
        await Run("ask", "green tea?", "--vault", "notes");
        _folder.Write("notes/milk.md", "Fresh milk keeps three days.\n");
        _folder.Write("notes/tea.md", "# Tea\n\n\nBlack tea steeps four minutes.\n");
        Ended milk = await Run("ask", "how long does milk keep?", "--vault", "notes");
        Assert.Contains("milk.md:1", milk.Output);
        Assert.Contains("tea.md:4", (await Run("ask", "black tea?", "--vault", "notes")).Output);
    }

    [Fact]
    public async Task Ask_Save_WritesTheAnswer()
    {
        Ended ended = await Run("ask", "green tea?", "--vault", "notes", "--save", "tea", "--out", "saved");
        Assert.Equal((0, "Saved as saved/tea.md.\n"), (ended.ExitCode, ended.Error));
        Assert.StartsWith("# green tea?\n", File.ReadAllText(_folder.PathOf("saved/tea.md")),
            StringComparison.Ordinal);
        ended = await Run("ask", "green tea?", "--vault", "notes", "--save", "tea", "--out", "saved");
        Assert.Equal(4, ended.ExitCode);
        Assert.Contains("exists already", ended.Error);
    }

    [Fact]
    public async Task Prompt_PipedLines_AreAnsweredInTurn()
    {
        Ended ended = await OutheisProcess.Run(
            _folder.FullPath, "green tea?\n\n:save one\n:what\nbread?\n:quit\nnever asked\n",
            ["ask", "--vault", "notes"]);
        Assert.Equal(0, ended.ExitCode);
        Assert.Equal("notes/tea.md:3  Tea\n    **Green** **tea** steeps two minutes.\n", ended.Output);
        Assert.StartsWith(
            "Saved as answers/one.md.\nThere is no command :what: ", ended.Error, StringComparison.Ordinal);
        Assert.EndsWith("Nothing in notes answers that.\n", ended.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Prompt_Json_IsOneObjectALine()
    {
        Ended ended = await OutheisProcess.Run(
            _folder.FullPath, "green tea?\n???\nbread?\n", ["ask", "--vault", "notes", "--json"]);
        JsonElement[] lines = ended.Output.Split('\n', StringSplitOptions.RemoveEmptyEntries)
            .Select(line => JsonDocument.Parse(line).RootElement).ToArray();
        Assert.Equal([1, 0, 0], lines.Select(line => line.GetProperty("passages").GetArrayLength()));
        Assert.Equal("The question holds no word to look for.", lines[1].GetProperty("error").GetString());
    }

    [Fact]
    public async Task Agents_Team_IsListedWithItsRights()
    {
        Ended ended = await Run("agents", "--vault", "notes");
        Assert.Equal((0, ""), (ended.ExitCode, ended.Error));
        Assert.Contains("relay (#", ended.Output);
        Assert.Contains("ask data Search", ended.Output);
        Assert.Contains("have the vault searched", ended.Output);
        Assert.Contains("the vault notes: read", ended.Output);
        Assert.False(Directory.Exists(_folder.PathOf(".outheis")));
    }

    [Fact]
    public async Task JournalCat_AfterAnExchange_TellsItMessageByMessage()
    {
        await Run("ask", "green tea?", "--vault", "notes");
        Ended ended = await Run("journal", "cat");
        Assert.Equal((0, ""), (ended.ExitCode, ended.Error));
        string[] lines = ended.Output.Split('\n');
        int asked = Array.FindIndex(lines, line => line.Contains("host asks relay Ask "));
        int sought = Array.FindIndex(lines, line => line.Contains("relay asks data Search "));
        int answered = Array.FindIndex(lines, line => line.Contains("relay replies host Answered "));
        Assert.True(asked >= 0 && asked < sought && sought < answered, ended.Output);
        Assert.Contains("{\"question\":\"green tea?\"}", lines[asked]);
    }

    [Fact]
    public async Task JournalCat_WhileAnotherProcessWrites_Reads()
    {
        using OutheisProcess prompt = OutheisProcess.Start(_folder.FullPath, "ask", "--vault", "notes");
        await prompt.Input.WriteLineAsync("green tea?");
        await prompt.Input.FlushAsync(TestContext.Current.CancellationToken);
        await Waiting.Until(() => File.Exists(_folder.PathOf(".outheis/journal/insights/topics.md")));
        Assert.Contains("host asks relay Ask", (await Run("journal", "cat")).Output);
        prompt.Input.Close();
        Assert.Equal(0, (await prompt.End()).ExitCode);
    }

    private Task<Ended> Run(params string[] arguments) => OutheisProcess.Run(_folder.FullPath, arguments);
}
