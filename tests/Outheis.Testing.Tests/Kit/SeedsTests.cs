using Outheis.Testing.Xunit;
using Xunit;

namespace Outheis.Testing.Tests.Kit;

/// <summary>Many seeds, the first failing one, and the shortest record under it.</summary>
public sealed class SeedsTests
{
    [Fact]
    public void ForEach_TwoSeedsFail_TellsTheFirst()
    {
        List<ulong> run = [];
        SeedFailedException failure = Assert.Throws<SeedFailedException>(() => Seeds.ForEach(100, seed =>
        {
            run.Add(seed);
            Assert.False(seed is 17 or 30, "no good seed");
        }));
        Assert.Equal(17ul, failure.Seed);
        Assert.Equal(17, run.Count);
        Assert.Contains("Seed 17 fails: no good seed", failure.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void ForEach_FirstAndCount_RunsJustThese()
    {
        List<ulong> run = [];
        Seeds.ForEach(2, run.Add, first: 40);
        Assert.Equal([40ul, 41ul], run);
    }

    [Fact]
    public void Run_WorkloadThatFailsForOneChoice_ShortensToIt()
    {
        SeedFailedException failure = Assert.Throws<SeedFailedException>(() => Seeds.Run(1000, new OneBadChoice()));
        Assert.Equal(16, failure.Shortest.Max());
        Assert.InRange(failure.Shortest.Count, 1, 12);
        WorkloadResult again = WorkloadRunner.Repeat(new OneBadChoice(), failure.Shortest);
        Assert.Contains("16 was drawn", again.Failure!.Message, StringComparison.Ordinal);
        Assert.Contains($"[{string.Join(", ", failure.Shortest)}]", failure.Message, StringComparison.Ordinal);
        Assert.Contains(
            "which ends with: choice: 16 was drawn. seed=recorded", failure.Message, StringComparison.Ordinal);
        Assert.Null(WorkloadRunner.Run(new OneBadChoice(), failure.Seed - 1).Failure);
    }

    [Fact]
    public void Run_ShorteningTakesLong_EndsWithWhatWasFoundInTime()
    {
        var workload = new Slow();
        SeedFailedException failure = Assert.Throws<SeedFailedException>(
            () => Seeds.Run(1, workload, withFaults: true, first: 1, shortenMost: TimeSpan.FromMilliseconds(100)));
        Assert.NotEmpty(failure.Shortest);
        Assert.InRange(workload.Runs, 1, 50);
    }

    private sealed class Slow : Workload
    {
        public int Runs { get; private set; }

        public override string Name => "slow";

        public override string Promise => "none";

        protected internal override void Run(WorkloadRun run)
        {
            Runs++;
            Simulation simulation = run.Start(new SimulationOptions());
            Thread.Sleep(10);
            int sum = Enumerable.Range(0, 300).Sum(_ => run.Choices.Draw(100));
            simulation.Fail("sum", $"{sum}.");
        }
    }

    [Theory, SeedData(3, First = 8)]
    public void SeedData_CountAndFirst_GivesARowForEach(ulong seed)
    {
        Assert.InRange(seed, 8ul, 10ul);
        using var simulation = new Simulation(seed);
        Assert.Equal(seed, simulation.Choices.Seed);
    }

    private sealed class OneBadChoice : Workload
    {
        public override string Name => "one bad choice";

        public override string Promise => "no choice is 16";

        protected internal override void Run(WorkloadRun run)
        {
            Simulation simulation = run.Start(new SimulationOptions());
            for (int i = 0; i < 10; i++)
            {
                int drawn = simulation.Choices.Draw(100);
                simulation.Require(drawn != 16, "choice", "16 was drawn.");
            }
        }
    }
}
