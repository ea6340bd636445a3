using Outheis.Supervision;

namespace Outheis.Assistant;

/// <summary>What the team is given. Whoever makes this decides what each agent can touch.</summary>
internal sealed class TeamOptions
{
    public required Terminal Terminal { get; init; }

    public required VaultFolder Vault { get; init; }

    /// <summary>Answers are saved here.</summary>
    public required OutputFolder Answers { get; init; }

    /// <summary>The journal; the index and the insights are kept inside.</summary>
    public required string JournalDirectory { get; init; }

    /// <summary>False: the kernel keeps no journal, for a team that is only looked at.</summary>
    public bool IsJournaled { get; init; } = true;

    /// <summary>More than one question will come.</summary>
    public bool IsConversation { get; init; }

    public TimeProvider Time { get; init; } = TimeProvider.System;

    /// <summary>A seam for tests: runs in the data agent before it searches, and may throw.</summary>
    public Action<string>? BeforeSearch { get; init; }
}

/// <summary>Something outside the kernel that an agent holds: the object is in its hands and in nobody
/// else's.</summary>
internal sealed record Holding(string Agent, string Thing, string Allows, string Purpose);

/// <summary>The team at work: relay, data, action and pattern under one supervisor, and the host's
/// capabilities.</summary>
internal sealed class Team : IAsyncDisposable
{
    /// <summary>How its supervisor decides.</summary>
    public static readonly SupervisorOptions Supervision =
        new() { Intensity = 3, Period = TimeSpan.FromSeconds(10) };

    private const int SegmentBytes = 1 << 20;
    private static readonly TimeSpan DrainDeadline = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan IndexDeadline = TimeSpan.FromMilliseconds(500);

    private readonly TeamOptions _options;
    private readonly List<VaultIndex> _indexes = [];

    private Team(TeamOptions options, Kernel kernel)
    {
        _options = options;
        Kernel = kernel;
        AgentId supervisor = kernel.Spawn("supervisor", static () => new Supervisor(Supervision));
        SpawnOptions Under(Qos qos) => new() { Supervisor = supervisor, Qos = qos };

        AgentId data = kernel.Spawn(
            "data", () => new DataAgent(OpenIndex, options.BeforeSearch), Under(Qos.Default));
        AgentId relay = kernel.Spawn("relay", endowment => new Relay(
            options.Terminal, options.Vault.Label,
            endowment.GrantAsk<Refresh, Refreshed>(data, purpose: "have the index brought up to date"),
            endowment.GrantAsk<Search, Sought>(data, purpose: "have the vault searched")),
            Under(Qos.UserInteractive));
        AgentId action = kernel.Spawn("action", () => new ActionAgent(options.Answers), Under(Qos.Utility));
        AgentId pattern = kernel.Spawn("pattern", () => new PatternAgent(
            new History(options.IsJournaled ? options.JournalDirectory : null),
            InsightsFolder(options.JournalDirectory)), Under(Qos.Background));

        Listen = kernel.GrantAsk<Listen, Heard>(relay, Rights.Ask, purpose: "hear what the user says next");
        Ask = kernel.GrantAsk<Ask, Answered>(relay, Rights.Ask, purpose: "put the user's question");
        Tell = kernel.GrantAsk<Tell, Told>(relay, Rights.Ask, purpose: "tell the user what is not an answer");
        Save = kernel.GrantAsk<Save, Saved>(action, Rights.Ask, purpose: "save an answer on the user's wish");
        Exchanged = kernel.Grant<Exchanged>(pattern, Rights.Send, purpose: "report each exchange");
        Settle = kernel.GrantAsk<Settle, Settled>(
            pattern, Rights.Ask, purpose: "wait for the insights before the end");
    }

    public Kernel Kernel { get; }

    public AskCapability<Listen, Heard> Listen { get; }

    public AskCapability<Ask, Answered> Ask { get; }

    public AskCapability<Tell, Told> Tell { get; }

    public AskCapability<Save, Saved> Save { get; }

    public Capability<Exchanged> Exchanged { get; }

    public AskCapability<Settle, Settled> Settle { get; }

    /// <summary>What the agents hold besides capabilities.</summary>
    public IReadOnlyList<Holding> Holdings =>
    [
        new("relay", "the terminal", "read, write", "the only one that talks to the user"),
        new("data", $"the vault {_options.Vault.Label.Shown}", "read", "the only one that reads notes"),
        new("data", $"the index {IndexFile()}", "read, write", "find passages without reading every note"),
        new("action", $"the folder {_options.Answers.Folder}", "write", "save answers on request"),
        new("pattern", "the history", "read", "learn what was asked before"),
        new("pattern", $"the folder {InsightsFolder(_options.JournalDirectory).Folder}", "write",
            "keep topics.md"),
    ];

    /// <summary>Starts the kernel and the team.</summary>
    /// <exception cref="JournalException">The journal is in use, is none, or the disk refuses.</exception>
    public static Team Start(TeamOptions options) => new(options, Kernel.Start(new KernelOptions
    {
        // The work that takes long runs outside; one core keeps the order of qualities of service.
        Cores = 1,
        Pin = false,
        JournalDirectory = options.IsJournaled ? options.JournalDirectory : null,
        SegmentBytes = SegmentBytes,
        DrainDeadline = DrainDeadline,
        Codecs = MakeCodecs(),
        RecordInputs = true,
        Time = options.Time,
    }));

    /// <summary>How the team's messages are written into the journal.</summary>
    public static MessageCodecs MakeCodecs()
    {
        MessageJson json = MessageJson.Default;
        return new MessageCodecs()
            .AddJson(json.Listen).AddJson(json.Heard).AddJson(json.Ask).AddJson(json.Answered)
            .AddJson(json.Tell).AddJson(json.Told).AddJson(json.Refresh).AddJson(json.Refreshed)
            .AddJson(json.Search).AddJson(json.Sought).AddJson(json.Save).AddJson(json.Saved)
            .AddJson(json.Exchanged).AddJson(json.Settle).AddJson(json.Settled)
            .AddRequest<Listen, Heard>().AddRequest<Ask, Answered>().AddRequest<Tell, Told>()
            .AddRequest<Refresh, Refreshed>().AddRequest<Search, Sought>().AddRequest<Save, Saved>()
            .AddRequest<Settle, Settled>();
    }

    /// <summary>Drains the team within a second, closes the journal and the index.</summary>
    public async Task<StopReport> StopAsync()
    {
        StopReport report = await Kernel.StopAsync(DrainDeadline).ConfigureAwait(false);
        Task[] closing;
        lock (_indexes) closing = _indexes.ConvertAll(static index => index.Closed).ToArray();
        try
        {
            await Task.WhenAll(closing).WaitAsync(IndexDeadline).ConfigureAwait(false);
        }
        catch (TimeoutException)
        {
            // SQLite is in the middle of something; it rolls back what the end of the process cuts off.
        }

        return report;
    }

    public async ValueTask DisposeAsync() => await StopAsync().ConfigureAwait(false);

    private VaultIndex OpenIndex()
    {
        var index = new VaultIndex(_options.Vault, IndexFile(), _options.IsConversation, _options.Time);
        lock (_indexes) _indexes.Add(index);
        return index;
    }

    private string IndexFile() =>
        IndexPlace.FileFor(_options.JournalDirectory, _options.Vault.FullPath);

    private static OutputFolder InsightsFolder(string journal) => new(Path.Combine(journal, "insights"));
}
