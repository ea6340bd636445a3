namespace Outheis.Assistant.Tests.Agents;

/// <summary>The whole team in this process: real kernel, journal, vault and index; the terminal is a pair of
/// strings.</summary>
internal sealed class TeamAtWork : IAsyncDisposable
{
    private readonly TemporaryFolder _folder = new();
    private readonly StringWriter _output = new() { NewLine = "\n" };
    private readonly StringWriter _error = new() { NewLine = "\n" };
    private Team? _team;

    public TeamAtWork() => Directory.CreateDirectory(VaultPath);

    public string VaultPath => _folder.PathOf("notes");

    public string Journal => _folder.PathOf("journal");

    public string Answers => _folder.PathOf("answers");

    public string Output => _output.ToString();

    public string Error => _error.ToString();

    public Team Team => _team ?? throw new InvalidOperationException("Not started.");

    public void Write(string note, string content) => _folder.Write($"notes/{note}", content);

    public Team Start(string input = "", Action<string>? beforeSearch = null)
    {
        _team = Team.Start(new TeamOptions
        {
            Terminal = new Terminal(new StringReader(input), _output, _error),
            Vault = VaultFolder.Open(VaultPath),
            Answers = new OutputFolder(Answers),
            JournalDirectory = Journal,
            BeforeSearch = beforeSearch,
        });
        return _team;
    }

    public async Task<Answered> Ask(string question)
    {
        Answered answered = await Team.Ask.AskAsync(
            new Ask(question), TimeSpan.FromSeconds(30), TestContext.Current.CancellationToken);
        SendResult reported = Team.Exchanged.Send(
            new Exchanged(VaultPath, question, answered.Result, answered.Notes));
        Assert.True(reported is SendResult.Sent or SendResult.Dead, $"{reported}");      // Dead: the team gave up since
        return answered;
    }

    public async Task<string?> Settle() =>
        (await Team.Settle.AskAsync(
            new Settle(), TimeSpan.FromSeconds(30), TestContext.Current.CancellationToken)).Failure;

    public Task<StopReport> Stop() => Team.StopAsync();

    public List<JournalEntry> ReadJournal()
    {
        using JournalReader reader = JournalReader.Open(Journal);
        return [.. reader.Read()];
    }

    public async ValueTask DisposeAsync()
    {
        if (_team is not null) await _team.DisposeAsync();
        _folder.Dispose();
    }
}
