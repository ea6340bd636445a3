using System.Text;

namespace Outheis.Assistant.Tests.Agents;

public sealed class TeamTests
{
    [Fact]
    public async Task Ask_Question_IsAnsweredOnTheTerminalAndInTheJournal()
    {
        await using var work = new TeamAtWork();
        work.Write("tea.md", "# Tea\n\nGreen tea steeps two minutes.\n");
        work.Start();
        Answered answered = await work.Ask("how long does green tea steep?");
        Assert.Equal(AskResult.Answered, answered.Result);
        Assert.Contains("tea.md:3  Tea", work.Output);
        Assert.Empty(work.Error);
        Assert.True((await work.Stop()).Drained);

        string[] exchange = work.ReadJournal()
            .Where(entry => entry.Kind is JournalKind.Sent or JournalKind.Replied && entry.Payload.Length > 0
                && entry.TypeName is not nameof(ChildStarted))
            .Select(entry => $"{entry.TypeName} {Encoding.UTF8.GetString(entry.Payload.Span)}").ToArray();
        Assert.Equal(
            ["Ask", "Refresh", "Refreshed", "Search", "Sought", "Answered", "Exchanged"],
            exchange.Select(line => line.Split(' ')[0]).Distinct());
        Assert.Contains(exchange, line =>
            line.StartsWith("Sought", StringComparison.Ordinal) && line.Contains("two minutes"));
    }

    [Fact]
    public async Task Capabilities_OfTheTeam_AreTheTableAndNoMore()
    {
        await using var work = new TeamAtWork();
        Team team = work.Start();
        Dictionary<AgentId, string> names = team.Kernel.ListAgents()
            .ToDictionary(agent => agent.Id, agent => agent.Name);
        names[AgentId.Host] = "host";
        IReadOnlyList<CapabilityInfo> all = team.Kernel.ListCapabilities();
        Assert.Equal(
            [
                "host Ask Ask relay", "host Ask Listen relay", "host Ask Save action",
                "host Ask Settle pattern", "host Ask Tell relay", "host Send Exchanged pattern",
                "relay Ask Refresh data", "relay Ask Search data",
            ],
            all.Select(held => $"{names[held.Holder]} {held.Rights} {held.MessageType} {names[held.Target]}")
                .Order(StringComparer.Ordinal));
        Assert.All(all, held => Assert.False(string.IsNullOrWhiteSpace(held.Purpose)));
        Assert.Equal(
            [
                "relay: the terminal", "data: the vault", "data: the index", "action: the folder",
                "pattern: the history", "pattern: the folder",
            ],
            team.Holdings.Select(held => $"{held.Agent}: {string.Join(' ', held.Thing.Split(' ').Take(2))}"));
    }

    [Fact]
    public async Task Agents_OfTheTeam_HaveTheQualitiesOfTheTable()
    {
        await using var work = new TeamAtWork();
        Assert.Equal(
            ["action Utility", "data Default", "pattern Background", "relay UserInteractive"],
            work.Start().Kernel.ListAgents().Where(agent => agent.Name != "supervisor")
                .Select(agent => $"{agent.Name} {agent.Qos}").Order(StringComparer.Ordinal));
    }

    [Fact]
    public async Task Ask_DataAgentCrashes_UserIsToldAndTheNextQuestionWorks()
    {
        await using var work = new TeamAtWork();
        work.Write("tea.md", "Green tea.\n");
        int crashes = 0;
        work.Start(beforeSearch: _ =>
        {
            if (Interlocked.Increment(ref crashes) == 1) throw new InvalidOperationException("made to crash");
        });
        Assert.Equal(AskResult.Failed, (await work.Ask("green tea?")).Result);
        Assert.Equal(
            "The data agent crashed while searching the vault, so there is no answer; "
            + "it has been started again: ask once more.\n",
            work.Error);
        Assert.Empty(work.Output);

        Assert.Equal(AskResult.Answered, (await work.Ask("green tea?")).Result);
        Assert.Contains("tea.md:1", work.Output);
        Assert.Equal(2u, work.Team.Kernel.ListAgents().Single(agent => agent.Name == "data").Incarnation);

        await work.Stop();
        List<JournalEntry> journal = work.ReadJournal();
        JournalEntry exited = journal.First(entry => entry.Kind == JournalKind.Exited);
        Assert.Equal("data", exited.TargetName);
        Assert.Contains("made to crash", exited.Detail);
        Assert.Contains(journal, entry => entry.Kind == JournalKind.Restarted && entry.TargetName == "data");
    }

    [Fact]
    public async Task Ask_DataAgentCrashesTooOften_TheSupervisorGivesUp()
    {
        await using var work = new TeamAtWork();
        work.Write("tea.md", "Green tea.\n");
        work.Start(beforeSearch: _ => throw new InvalidOperationException("made to crash"));
        AskException failure = await Assert.ThrowsAsync<AskException>(async () =>
        {
            for (int i = 0; i < 100; i++) await work.Ask("green tea?");
        });
        Assert.Equal(AskOutcome.Dead, failure.Outcome);
    }

    [Fact]
    public async Task Save_Answer_GoesIntoTheFolder()
    {
        await using var work = new TeamAtWork();
        work.Write("tea.md", "Green tea.\n");
        Team team = work.Start();
        Answered answered = await work.Ask("green tea?");
        Saved saved = await team.Save.AskAsync(
            new Save("tea", answered.Markdown), cancellationToken: TestContext.Current.CancellationToken);
        Assert.Null(saved.Failure);
        Assert.Contains("**Green** **tea**", File.ReadAllText(Path.Combine(work.Answers, "tea.md")));
        saved = await team.Save.AskAsync(
            new Save("../tea", "x"), cancellationToken: TestContext.Current.CancellationToken);
        Assert.Null(saved.Path);
    }

    [Fact]
    public async Task Exchanged_Twice_IsInTheInsights()
    {
        await using var work = new TeamAtWork();
        work.Write("tea.md", "Green tea.\n");
        work.Start();
        await work.Ask("green tea?");
        await work.Ask("bread?");
        Assert.Null(await work.Settle());
        string topics = File.ReadAllText(Path.Combine(work.Journal, "insights", "topics.md"));
        Assert.Contains("What was asked in 2 exchanges", topics);
        Assert.Contains("notes/tea.md (once)", topics);
        Assert.Contains("- bread?", topics);
    }

    [Fact]
    public async Task Exchanged_WhenTheInsightsAreGone_IsLearntAgainFromTheHistory()
    {
        await using var work = new TeamAtWork();
        work.Write("tea.md", "Green tea.\n");
        work.Start();
        await work.Ask("green tea?");
        await work.Settle();
        await work.Stop();
        Directory.Delete(Path.Combine(work.Journal, "insights"), recursive: true);

        work.Start();
        await work.Ask("tea again?");
        Assert.Null(await work.Settle());
        string topics = File.ReadAllText(Path.Combine(work.Journal, "insights", "topics.md"));
        Assert.Contains("What was asked in 2 exchanges", topics);
        Assert.Contains("  - tea again?\n  - green tea?", topics);
    }

    [Fact]
    public async Task Listen_Lines_AreHeardUntilTheEnd()
    {
        await using var work = new TeamAtWork();
        Team team = work.Start("one\ntwo\n");
        var heard = new List<string?>();
        for (int i = 0; i < 3; i++)
        {
            heard.Add((await team.Listen.AskAsync(
                new Listen(), cancellationToken: TestContext.Current.CancellationToken)).Line);
        }

        Assert.Equal(["one", "two", null], heard);
    }

    [Fact]
    public async Task Stop_WhileAskedAndNotAnswered_DrainsWithinASecond()
    {
        await using var work = new TeamAtWork();
        work.Write("tea.md", "Green tea.\n");
        using var hold = new ManualResetEventSlim();
        Team team = work.Start(
            beforeSearch: _ => hold.Wait(
                TimeSpan.FromMilliseconds(300), TestContext.Current.CancellationToken));
        using var interrupt = new CancellationTokenSource();
        ValueTask<Answered> asked =
            team.Ask.AskAsync(new Ask("green tea?"), Timeout.InfiniteTimeSpan, interrupt.Token);
        interrupt.CancelAfter(100);
        await Assert.ThrowsAnyAsync<OperationCanceledException>(async () => await asked);
        var watch = System.Diagnostics.Stopwatch.StartNew();
        Assert.True((await work.Stop()).Drained);
        Assert.True(watch.Elapsed < TimeSpan.FromSeconds(1.6), $"took {watch.Elapsed}");
        Assert.Equal(JournalKind.Closed, work.ReadJournal()[^1].Kind);
    }
}
