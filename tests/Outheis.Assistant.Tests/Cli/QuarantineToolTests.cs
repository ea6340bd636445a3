namespace Outheis.Assistant.Tests.Cli;

/// <summary>outheis journal quarantine, as a person runs it between two runs of the program that has the journal.
/// </summary>
public sealed class QuarantineToolTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task List_NamesEachWithItsAgentItsAttemptsAndTheReason()
    {
        await Run(fails: true, 5, 7);
        long[] held = Held();
        Ended ended = await Quarantine("list");
        Assert.Equal((0, ""), (ended.ExitCode, ended.Error));
        Assert.Equal(Line(held[0], 5) + Line(held[1], 7), ended.Output);

        static string Line(long position, int cents) => $"{Place(position)} to till, 3 attempts: "
            + $"Coin {{\"Cents\":{cents}}}. The last: InvalidOperationException: bent\n";
    }

    [Fact]
    public async Task Undecided_NextRuns_DoNotDeliverIt()
    {
        await Run(fails: true, 5);
        Assert.Equal(0, await Run(fails: false));
        Assert.Equal(0, await Run(fails: false));
        Assert.Single(Held());
    }

    [Fact]
    public async Task Retry_TheNextRun_DeliversItOnceAgain()
    {
        await Run(fails: true, 5, 7);
        long first = Held()[0];
        Ended ended = await Quarantine("retry", Place(first));
        Assert.Equal(
            (0, $"{Place(first)} will be delivered again when its agent is spawned.\n", ""),
            (ended.ExitCode, ended.Output, ended.Error));
        Assert.DoesNotContain($"{Place(first)} ", (await Quarantine("list")).Output, StringComparison.Ordinal);
        Assert.Equal(5, await Run(fails: false));
        Assert.Equal(5, await Run(fails: false));      // and not once more
        Assert.Single(Held());
    }

    /// <summary>It has as many attempts as at first, and comes to quarantine again.</summary>
    [Fact]
    public async Task Retry_ItFailsAgain_HasFreshAttempts()
    {
        await Run(fails: true, 5);
        long position = Assert.Single(Held());
        Assert.Equal(0, (await Quarantine("retry", Place(position))).ExitCode);
        await RunUntil(fails: true, quarantined: 1);
        Assert.StartsWith(
            $"{Place(position)} to till, 3 attempts: ", (await Quarantine("list")).Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Drop_NoRun_DeliversItAndItsRecordStays()
    {
        await Run(fails: true, 5, 7);
        long[] held = Held();
        foreach (long position in held)
        {
            Ended ended = await Quarantine("drop", $"{position}");
            Assert.Equal(
                (0, $"{Place(position)} is dropped.\n", ""), (ended.ExitCode, ended.Output, ended.Error));
        }

        Assert.Equal("Nothing is in quarantine.\n", (await Quarantine("list")).Output);
        Assert.Equal(0, await Run(fails: false));
        Assert.Equal(0, await Run(fails: false));
        Ended why = await OutheisProcess.Run(_folder.FullPath, "why", Place(held[0]), "--journal", "journal");
        Assert.Contains(" host sends till Coin {\"Cents\":5}\n", why.Output, StringComparison.Ordinal);
        Assert.Contains($" released {Place(held[0])}: dropped", why.Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Decided_ADecisionOnTheSame_IsRefused()
    {
        await Run(fails: true, 5);
        string place = Place(Assert.Single(Held()));
        Assert.Equal(0, (await Quarantine("drop", place)).ExitCode);
        foreach (string verb in (string[])["retry", "drop"])
        {
            Ended ended = await Quarantine(verb, place);
            Assert.Equal((2, ""), (ended.ExitCode, ended.Output));
            Assert.Equal(
                $"No message at {place} is in quarantine. 'outheis journal quarantine list' names them.\n",
                ended.Error);
        }

        Assert.Equal(0, await Run(fails: false));
    }

    [Theory, InlineData("retry"), InlineData("drop")]
    public async Task WhileAKernelHasTheJournal_ADecision_IsRefusedAndListIsNot(string verb)
    {
        await Run(fails: true, 5);
        string place = Place(Assert.Single(Held()));
        await using (Kernel kernel = Kernel.Start(Options))
        {
            Ended ended = await Quarantine(verb, place);
            Assert.Equal((4, ""), (ended.ExitCode, ended.Output));
            Assert.Contains($"is in use by process {Environment.ProcessId}", ended.Error, StringComparison.Ordinal);
            Assert.StartsWith(place, (await Quarantine("list")).Output, StringComparison.Ordinal);
        }

        Assert.Single(Held());
    }

    [Theory]
    [InlineData("A command is missing. 'outheis journal quarantine --help' tells more.")]
    [InlineData("There is no command 'lst'. 'outheis journal quarantine --help' tells more.", "lst")]
    [InlineData("Required argument 'POSITION' missing for command: 'retry'. "
        + "'outheis journal quarantine retry --help' tells more.", "retry")]
    [InlineData("Required argument 'POSITION' missing for command: 'drop'. "
        + "'outheis journal quarantine drop --help' tells more.", "drop")]
    [InlineData("'all' is no position. Write it as 'outheis journal cat' does, LANE/OFFSET, or as one number.",
        "drop", "all")]
    [InlineData("No message at 0/4096 is in quarantine. 'outheis journal quarantine list' names them.",
        "retry", "0/4096")]
    [InlineData("No message at 0/1 is in quarantine. 'outheis journal quarantine list' names them.", "drop", "0/1")]
    [InlineData("nowhere is no folder. --archive takes the one that the kernel was given.",
        "list", "--archive", "nowhere")]
    public async Task WrongArguments_AreRefusedInOneSentence(string sentence, params string[] arguments)
    {
        await using (Kernel.Start(Options))
        {
        }

        Ended ended = await Quarantine(arguments);
        Assert.Equal((2, "", sentence + "\n"), (ended.ExitCode, ended.Output, ended.Error));
    }

    [Theory, InlineData("list"), InlineData("retry", "0/4096"), InlineData("drop", "0/4096")]
    public async Task NoJournal_IsSaidInOneSentenceAndNoneIsMade(params string[] arguments)
    {
        Directory.CreateDirectory(_folder.PathOf("journal"));
        Ended ended = await Quarantine(arguments);
        Assert.Equal((2, ""), (ended.ExitCode, ended.Output));
        Assert.EndsWith("journal holds no journal. Name the directory that the kernel was given.\n", ended.Error);
        Assert.Empty(Directory.GetFileSystemEntries(_folder.PathOf("journal")));
    }

    private KernelOptions Options => new()
    {
        JournalDirectory = _folder.PathOf("journal"), SegmentBytes = 1 << 16, Cores = 1, Pin = false, Seal = false,
        Codecs = new MessageCodecs().Add<Coin>().AddRequest<Count, Cash>(),
    };

    private static string Place(long position) => $"{position >> 56}/{position & ((1L << 56) - 1)}";

    private Task<Ended> Quarantine(params string[] arguments) =>
        OutheisProcess.Run(_folder.FullPath, ["journal", "quarantine", .. arguments, "--journal", "journal"]);

    private long[] Held() =>
        [.. JournalQuarantine.List(_folder.PathOf("journal")).Select(static one => one.Message.Position)];

    private Task<int> Run(bool fails, params int[] coins) => RunUntil(fails, coins.Length, coins);

    // One run of the program that has the journal: sends, waits until it is all over, and tells what was taken in.
    private async Task<int> RunUntil(bool fails, int quarantined, params int[] coins)
    {
        await using Kernel kernel = Kernel.Start(Options);
        AgentId supervisor = kernel.Spawn("supervisor", static () => new Restarter());
        AgentId till = kernel.Spawn(
            "till", _ => new Till(fails), new SpawnOptions { Supervisor = supervisor });
        foreach (int cents in coins)
        {
            Assert.Equal(SendResult.Sent, kernel.Grant<Coin>(till).Send(new Coin(cents)));
        }

        await Waiting.Until(() => !fails || kernel.Redelivered.Quarantined >= quarantined);
        return (await kernel.GrantAsk<Count, Cash>(till).AskAsync(default, TimeSpan.FromMinutes(1))).Cents;
    }

    internal readonly record struct Coin(int Cents);

    internal readonly record struct Count;

    internal readonly record struct Cash(int Cents);

    private sealed class Till(bool fails) : DurableAgent<Cash>(default), IHandle<Coin>, IAnswer<Count, Cash>
    {
        public void Handle(in Coin message, Context context)
        {
            if (fails) throw new InvalidOperationException("bent");
            State = new Cash(State.Cents + message.Cents);
        }

        public Cash Answer(in Count request, Context context) => State;
    }

    private sealed class Restarter : Agent, IHandle<ExitSignal>
    {
        public void Handle(in ExitSignal message, Context context) => context.Restart(message.Agent);
    }
}
