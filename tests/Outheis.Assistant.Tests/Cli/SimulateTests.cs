using Outheis.Cli;
using Outheis.Testing;

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
            BuiltInWorkloads.All,
            one => Assert.Contains(one.Name + " ", ended.Output, StringComparison.Ordinal));
    }

    [Theory]
    [InlineData("--seeds needs a number above 0.", "--seeds", "0")]
    [InlineData("--minutes needs a number above 0.", "--minutes", "-1")]
    [InlineData("There is no workload 'x'. 'outheis simulate --list' names them.", "--workload", "x")]
    [InlineData("There is no folder nowhere of chat logs.", "--irc", "nowhere")]
    [InlineData("There are no chat logs (*.raw.txt) in ..", "--irc", ".")]
    [InlineData("There is no folder nowhere to save choices in.", "--save", "nowhere")]
    [InlineData("--choices needs one --workload, that of the run.", "--choices", "x")]
    public async Task Simulate_BadInput_IsRefusedInOneSentence(string sentence, params string[] arguments)
    {
        Ended ended = await Run(arguments);
        Assert.Equal((2, "", sentence + "\n"), (ended.ExitCode, ended.Output, ended.Error));
    }

    [Theory]
    [InlineData("flood", "outheis simulate --workload flood --seed 3 --seeds 1 --no-faults")]
    [InlineData("full disk", "outheis simulate --workload 'full disk' --seed 3 --seeds 1 --no-faults")]
    [InlineData("irc", @"outheis simulate --workload irc --seed 3 --seeds 1 --irc 'Ann'\''s logs' --no-faults")]
    public void Repeat_AnyWorkload_IsACommandThatAShellTakes(string workload, string command)
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "Other shells quote in other ways.");
        Assert.Equal(command, new RepeatCommand(WithFaults: false, "Ann's logs").OfSeed(workload, 3));
    }

    [Fact]
    public async Task Simulate_Choices_AreRepeated()
    {
        string file = ChoicesFile.Write(_folder.FullPath, "full disk", 7, [.. Enumerable.Range(0, 50)]);
        Assert.Equal("full-disk-7.txt", Path.GetFileName(file));
        Assert.Equal(Enumerable.Range(0, 50), ChoicesFile.Read(file));
        Ended ended = await Run("--workload", "full disk", "--choices", file);
        Assert.Equal((0, "full disk: every promise held.\n", ""), (ended.ExitCode, ended.Output, ended.Error));
        await File.WriteAllTextAsync(file, "1 2 x", TestContext.Current.CancellationToken);
        ended = await Run("--workload", "full disk", "--choices", file);
        Assert.Equal((2, ""), (ended.ExitCode, ended.Output));
    }

    [Fact]
    public void Report_AFailureWithAFolder_SavesChoicesThatFailInTheSameWay()
    {
        var run = new SimulateRun(
            [new Odd()], first: 1, seeds: 20, Timeout.InfiniteTimeSpan, new RepeatCommand(WithFaults: true, null),
            _folder.FullPath, TestContext.Current.CancellationToken);
        run.Run();
        Assert.True(run.HasFailures);
        var output = new StringWriter();
        run.Report(output, withTrace: false);
        string[] files = Directory.GetFiles(_folder.FullPath, "odd-one-*.txt");
        Assert.NotEmpty(files);
        Assert.All(files, file =>
        {
            string command = new RepeatCommand(WithFaults: true, null).OfChoices("odd one", file);
            Assert.Contains("repeat this: " + command, output.ToString(), StringComparison.Ordinal);
            WorkloadResult again = WorkloadRunner.Repeat(new Odd(), ChoicesFile.Read(file)!);
            Assert.Equal("even", again.Failure!.Promise);
        });
    }

    private sealed class Odd : Workload
    {
        public override string Name => "odd one";

        public override string Promise => "no odd choice";

        protected override void Run(WorkloadRun run)
        {
            Simulation simulation = run.Start(new SimulationOptions());
            int drawn = run.Choices.Draw(100);
            simulation.Require(drawn % 2 == 0, "even", $"{drawn} was drawn.");
        }
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
