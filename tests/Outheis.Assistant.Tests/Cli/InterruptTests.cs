using System.Diagnostics;

namespace Outheis.Assistant.Tests.Cli;

/// <summary>Ctrl-C and SIGTERM at any moment: an orderly end within a second, and a journal that says
/// so.</summary>
public sealed class InterruptTests : IDisposable
{
    private const int Interrupt = 2, Kill = 9, Terminate = 15;

    private readonly TemporaryFolder _folder = new();

    public InterruptTests()
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "Signals are sent with kill.");
        _folder.Write("notes/tea.md", "# Tea\n\nGreen tea steeps two minutes.\n");
    }

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData(Interrupt)]
    [InlineData(Terminate)]
    public async Task Signal_AtThePrompt_EndsInOrderWithinASecond(int signal)
    {
        using OutheisProcess prompt = await Prompting();
        var watch = Stopwatch.StartNew();
        prompt.Signal(signal);
        Ended ended = await prompt.End();
        Assert.True(watch.Elapsed < TimeSpan.FromSeconds(2), $"took {watch.Elapsed}");
        Assert.Equal((128 + signal, ""), (ended.ExitCode, ended.Error));
        AssertClosed();
    }

    [Fact]
    public async Task Signal_Twice_EndsAtOnceAndTheNextStartIsWhole()
    {
        using OutheisProcess prompt = await Prompting();
        prompt.Signal(Interrupt);
        prompt.Signal(Interrupt);
        Assert.Equal(128 + Interrupt, (await prompt.End()).ExitCode);
        Assert.Contains("tea.md:3",
            (await OutheisProcess.Run(_folder.FullPath, "ask", "tea?", "--vault", "notes")).Output);
    }

    [Fact]
    public async Task Kill_AtThePrompt_LosesNothingThatWasExchanged()
    {
        using OutheisProcess prompt = await Prompting();
        prompt.Signal(Kill);
        await prompt.End();
        Ended ended = await OutheisProcess.Run(_folder.FullPath, "ask", "tea?", "--vault", "notes");
        Assert.Contains("tea.md:3", ended.Output);
        Ended journal = await OutheisProcess.Run(_folder.FullPath, "journal", "cat");
        Assert.Contains("{\"question\":\"green tea?\"}", journal.Output);
    }

    [Theory]
    [InlineData(20)]
    [InlineData(100)]
    [InlineData(250)]
    [InlineData(500)]
    public async Task Signal_AtAnyMoment_OfAFirstQuestion_LeavesAllUsable(int milliseconds)
    {
        string vault = Repository.RealVault;
        using OutheisProcess asking = OutheisProcess.Start(
            _folder.FullPath, "ask", "how do I extract a tar archive?", "--vault", vault);
        await Task.Delay(milliseconds, TestContext.Current.CancellationToken);
        asking.Signal(Interrupt);
        Ended ended = await asking.End();
        Assert.Contains(ended.ExitCode, (int[])[0, 128 + Interrupt]);
        Assert.DoesNotContain("   at ", ended.Error);

        ended = await OutheisProcess.Run(
            _folder.FullPath, "ask", "how do I extract a tar archive?", "--vault", vault);
        Assert.Equal((0, ""), (ended.ExitCode, ended.Error));
        Assert.Contains("tar.md:", ended.Output.Split('\n')[0]);
        AssertClosed();
    }

    private async Task<OutheisProcess> Prompting()
    {
        OutheisProcess prompt = OutheisProcess.Start(_folder.FullPath, "ask", "--vault", "notes");
        await prompt.Input.WriteLineAsync("green tea?");
        await prompt.Input.FlushAsync(TestContext.Current.CancellationToken);
        await Waiting.Until(() => File.Exists(_folder.PathOf(".outheis/journal/insights/topics.md")));
        return prompt;
    }

    private void AssertClosed()
    {
        using JournalReader reader = JournalReader.Open(_folder.PathOf(".outheis/journal"));
        Assert.All(reader.Read().GroupBy(entry => entry.Lane), lane =>
            Assert.Equal(JournalKind.Closed, lane.Last().Kind));
    }
}
