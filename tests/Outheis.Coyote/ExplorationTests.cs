using Xunit;

namespace Outheis.Coyote;

/// <summary>A smoke of what the program explores in depth, and the proof that it can fail.</summary>
public sealed class ExplorationTests(Explorer explorer) : IClassFixture<Explorer>
{
    private const int Schedules = 100;      // by each strategy

    public static TheoryData<string> Scenarios => [.. Scenario.Names];

    [Theory]
    [MemberData(nameof(Scenarios))]
    public void Explore_AFewSchedules_NoClaimFails(string scenario)
    {
        foreach (Strategy strategy in Enum.GetValues<Strategy>())
        {
            Exploration explored = explorer.Explore(scenario, strategy, Schedules, seed: 7);
            Assert.True(explored.Failure is null, $"{explored}\n{explored.Trace}");
            Assert.Equal(Schedules, explored.Schedules);
        }
    }

    [Theory]
    [InlineData(nameof(PlantedLostUpdate), "counted 1 of 2")]
    [InlineData(nameof(PlantedLostUpdateSeenLate), "counted 1 of 2")]
    [InlineData(nameof(PlantedLostWake), "Deadlock detected")]
    public void Explore_APlantedBug_IsFoundByBothStrategies(string scenario, string failure)
    {
        foreach (Strategy strategy in Enum.GetValues<Strategy>())
        {
            Exploration explored = explorer.Explore(scenario, strategy, Schedules, seed: 7);
            Assert.Contains(failure, explored.Failure, StringComparison.Ordinal);
        }
    }

    [Fact]
    public void Explore_TheSameSeed_FailsInTheSameSchedule()
    {
        Exploration once = explorer.Explore(nameof(PlantedLostUpdate), Strategy.Priorities, Schedules, seed: 3);
        Exploration again = explorer.Explore(nameof(PlantedLostUpdate), Strategy.Priorities, Schedules, seed: 3);
        Assert.Equal((once.Schedules, once.Trace), (again.Schedules, again.Trace));
    }

    [Fact]
    public void Explore_ATrace_FailsAgainAtOnce()
    {
        Exploration found = explorer.Explore(nameof(PlantedLostUpdate), Strategy.Random, Schedules, seed: 5);
        Exploration replayed = explorer.Explore(found.Scenario, Strategy.Random, 1, seed: 1, found.Trace);
        Assert.Equal(found.Failure, replayed.Failure);
    }
}
