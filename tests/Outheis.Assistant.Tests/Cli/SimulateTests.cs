namespace Outheis.Assistant.Tests.Cli;

/// <summary>outheis simulate, as a person runs it.</summary>
public sealed class SimulateTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task Simulate_AFewSeeds_PrintsATableAndEndsWithZero()
    {
        Ended ended = await Run("--seeds", "5", "--workload", "flood");
        Assert.Equal((0, ""), (ended.ExitCode, ended.Error));
        Assert.Matches(@"(?m)^flood +5 +[1-9]\d* +0$", ended.Output);
        Assert.Matches(@"(?m)^\d+\.\d s, [\d,]+ steps a second$", ended.Output);
    }

    [Fact]
    public async Task Simulate_SameSeedTwice_TakesTheSameSteps()
    {
        Ended first = await Run("--seed", "77", "--seeds", "1", "--workload", "flood");
        Ended second = await Run("--seed", "77", "--seeds", "1", "--workload", "flood");
        Assert.Equal(first.Output.Split('\n')[1], second.Output.Split('\n')[1]);
    }

    [Fact]
    public async Task Simulate_List_NamesEveryWorkload()
    {
        Ended ended = await Run("--list");
        Assert.Equal(0, ended.ExitCode);
        Assert.All(
            Testing.BuiltInWorkloads.All,
            one => Assert.Contains(one.Name + " ", ended.Output, StringComparison.Ordinal));
    }

    [Theory]
    [InlineData("--seeds needs a number above 0.", "--seeds", "0")]
    [InlineData("--minutes needs a number above 0.", "--minutes", "-1")]
    [InlineData("There is no workload 'x'. 'outheis simulate --list' names them.", "--workload", "x")]
    [InlineData("There is no folder nowhere of chat logs.", "--irc", "nowhere")]
    public async Task Simulate_BadInput_IsRefusedInOneSentence(string sentence, params string[] arguments)
    {
        Ended ended = await Run(arguments);
        Assert.Equal((2, "", sentence + "\n"), (ended.ExitCode, ended.Output, ended.Error));
    }

    [Fact]
    public async Task Simulate_CtrlC_TellsWhatItSawUntilThen()
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "Signals are sent with kill.");
        using OutheisProcess running = OutheisProcess.Start(_folder.FullPath, "simulate", "--minutes", "60");
        await Task.Delay(TimeSpan.FromSeconds(3), TestContext.Current.CancellationToken);
        running.Signal(2);
        Ended ended = await running.End();
        Assert.Equal(130, ended.ExitCode);
        Assert.Contains("steps a second", ended.Output, StringComparison.Ordinal);
    }

    private Task<Ended> Run(params string[] arguments) =>
        OutheisProcess.Run(_folder.FullPath, ["simulate", .. arguments]);
}
