using System.Globalization;
using System.Runtime.InteropServices;

namespace Outheis.Assistant.Tests.Cli;

/// <summary>outheis replay, as a person runs it.</summary>
public sealed class ReplayTests(ChainJournal journal) : IClassFixture<ChainJournal>, IDisposable
{
    private const int Handled = (ChainJournal.Agents * ChainJournal.Steps) + 1;

    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    private static string Program => typeof(ChainProgram).Assembly.Location;

    private Task<Ended> Replay(string input, params string[] arguments) => OutheisProcess.Run(
        _folder.FullPath, input, ["replay", "--journal", journal.Journal, "--program", Program, .. arguments]);

    [Fact]
    public async Task Replay_WithTheProgramThatWroteIt_FindsNothingThatDiffers()
    {
        Ended ended = await Replay("");
        Assert.Equal((0, ""), (ended.ExitCode, ended.Error));
        Assert.StartsWith($"{Handled} messages handled by 6 agents, ", ended.Output, StringComparison.Ordinal);
        Assert.EndsWith("\nNothing differs.\n", ended.Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Replay_WithAnotherProgram_ShowsWhereItDiffersAndSaysSo()
    {
        _folder.Write(ChainProgram.Changed, "");
        Ended ended = await Replay("");
        Assert.Equal((1, ""), (ended.ExitCode, ended.Error));
        JournalEntry differs = journal.Read().First(static entry => entry is { Kind: JournalKind.Sent }
            && entry.SenderName == "agent2" && entry.Payload.Span[0] == 7);
        Assert.Contains($", journal {Place(differs.Position)}:\n", ended.Output, StringComparison.Ordinal);
        Assert.Contains("then it sent agent1 Step ", ended.Output, StringComparison.Ordinal);
        Assert.Contains("now it sends agent1 Step ", ended.Output, StringComparison.Ordinal);
        Assert.DoesNotContain("\u001b", ended.Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Replay_ByStepsFromAPosition_TakesOneMessageForEachLine()
    {
        JournalEntry[] taken =
        [
            .. journal.Read().Where(static entry => entry is { Kind: JournalKind.Sent, TargetName: "agent2" }),
        ];
        Ended ended = await Replay(
            "\n\n", "--agent", "agent2", "--until", Place(taken[10].Position), "--step");
        Assert.Equal((0, ""), (ended.ExitCode, ended.Error));
        string[] lines = ended.Output.Split('\n');
        Assert.EndsWith($" {Place(taken[10].Position)} agent2 took Step", lines[0], StringComparison.Ordinal);
        Assert.EndsWith($" {Place(taken[11].Position)} agent2 took Step", lines[1], StringComparison.Ordinal);
        Assert.StartsWith("12 messages handled by 1 agents, ", lines[2], StringComparison.Ordinal);
    }

    [Fact]
    public async Task State_WithTheProgram_IsThatOfThen()
    {
        const int All = ChainJournal.Steps * (ChainJournal.Steps - 1) / 2;
        Assert.Equal($"{{\"Numbers\":{All}}}\n", await State());
        List<JournalEntry> entries = journal.Read();
        var numbers = entries.Where(static entry => entry is { Kind: JournalKind.Sent, TargetName: "agent0" })
            .ToDictionary(
                static entry => entry.Position, static entry => MemoryMarshal.Read<long>(entry.Payload.Span));
        JournalEntry[] taking = [.. entries.Where(entry => entry.Consumed.Any(IsNumber))];
        DateTimeOffset then = taking[0].Time;
        long sum = taking.Where(entry => entry.Time <= then).SelectMany(static entry => entry.Consumed)
            .Where(IsNumber).Sum(one => numbers[one.Position]);
        Assert.InRange(sum, 0, All - 1);
        Assert.Equal($"{{\"Numbers\":{sum}}}\n", await State("--at", then.ToString("O", CultureInfo.InvariantCulture)));

        bool IsNumber(ConsumedMessage taken) => numbers.ContainsKey(taken.Position);
        async Task<string> State(params string[] more)
        {
            Ended ended = await OutheisProcess.Run(
                _folder.FullPath, ["state", "agent0", "--journal", journal.Journal, "--program", Program, .. more]);
            Assert.Equal((0, ""), (ended.ExitCode, ended.Error));
            return ended.Output;
        }
    }

    [Fact]
    public async Task State_WithTheProgram_OfAnAgentThatIsNotDurable_SaysSo()
    {
        Ended ended = await OutheisProcess.Run(
            _folder.FullPath, ["state", "agent1", "--journal", journal.Journal, "--program", Program]);
        Assert.Equal((2, ""), (ended.ExitCode, ended.Output));
        Assert.Contains("agent1: it is no durable agent", ended.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Replay_OfTheTeamsOwnJournal_NothingDiffers()
    {
        _folder.Write("notes/tea.md", "# Tea\n\nGreen tea steeps two minutes.\n");
        Assert.Equal(0, (await OutheisProcess.Run(
            _folder.FullPath, "tea?\n:quit\n", ["ask", "--vault", "notes"])).ExitCode);
        Ended ended = await OutheisProcess.Run(_folder.FullPath, "replay", "--vault", "notes");
        Assert.Equal("", ended.Error);
        Assert.EndsWith("\nNothing differs.\n", ended.Output, StringComparison.Ordinal);
        Assert.DoesNotContain("relay is not replayed", ended.Output, StringComparison.Ordinal);
        Assert.DoesNotContain("supervisor is not replayed", ended.Output, StringComparison.Ordinal);
        Assert.Equal(0, ended.ExitCode);
    }

    [Fact]
    public async Task Replay_BadInput_IsRefusedInOneSentence()
    {
        Ended nobody = await Replay("", "--agent", "nobody");
        Assert.Equal((2, ""), (nobody.ExitCode, nobody.Output));
        Assert.StartsWith("The program has no agent named nobody.", nobody.Error, StringComparison.Ordinal);
        Ended nowhere = await Replay("", "--until", "0/1x");
        Assert.Equal((2, ""), (nowhere.ExitCode, nowhere.Output));
        Ended none = await OutheisProcess.Run(_folder.FullPath, "replay", "--program", "none.dll");
        Assert.Equal((2, "", "There is no program none.dll.\n"), (none.ExitCode, none.Output, none.Error));
        Ended vault = await OutheisProcess.Run(_folder.FullPath, "replay");
        Assert.Equal((2, ""), (vault.ExitCode, vault.Output));
        Assert.StartsWith("The team's answers name their vault", vault.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Replay_InterruptedWhileItWaitsForALine_EndsWith130()
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "Signals are sent with kill.");
        using OutheisProcess process = OutheisProcess.Start(
            _folder.FullPath, "replay", "--journal", journal.Journal, "--program", Program, "--step");
        await Waiting.Until(() => File.Exists(_folder.PathOf(ChainProgram.Spawned)));
        process.Signal(2);
        Assert.Equal(130, (await process.End()).ExitCode);
    }

    private static string Place(long position) => $"{position >> 56}/{position & ((1L << 56) - 1)}";
}
