using Xunit;

namespace Outheis.Testing.Tests;

public sealed class ChoicesTests
{
    [Fact]
    public void Draw_SameSeed_SameNumbersWithinTheBound()
    {
        var left = new Choices(42);
        var right = new Choices(42);
        for (int i = 1; i < 1000; i++)
        {
            int drawn = left.Draw(i);
            Assert.InRange(drawn, 0, i - 1);
            Assert.Equal(drawn, right.Draw(i));
        }

        Assert.NotEqual(left.Drawn, Enumerable.Range(1, 999).Select(new Choices(43).Draw));
    }

    [Fact]
    public void Draw_Recorded_RepeatsAndGoesOnWithZeros()
    {
        var choices = new Choices([3, 7, 9]);
        Assert.Equal([3, 2, 9, 0, 0], new[] { 10, 5, 10, 10, 10 }.Select(choices.Draw));
        Assert.Null(choices.Seed);
        Assert.Throws<ArgumentOutOfRangeException>(() => choices.Draw(0));
    }

    [Fact]
    public void Chance_ZerosOnly_NeverHappens()
    {
        var choices = new Choices([]);
        Assert.DoesNotContain(Enumerable.Range(2, 100), i => choices.Chance(i));
    }

    [Fact]
    public void Chance_OneInOne_AlwaysHappensAndDrawsNothing()
    {
        var choices = new Choices(1);
        Assert.True(choices.Chance(1));
        Assert.Empty(choices.Drawn);
    }

    [Fact]
    public void Draw_MoreThanARunMay_FailsAsLackOfProgressWithinTheStep()
    {
        using var simulation = new Simulation(1);
        simulation.AddActor("restless", () =>
        {
            while (simulation.Choices.Draw(2) >= 0)
            {
            }

            return false;
        });
        var failure = Assert.Throws<SimulationFailedException>(simulation.RunUntilIdle);
        Assert.Equal(("progress", Choices.DrawsMost), (failure.Promise, failure.Drawn.Count));
    }

    [Fact]
    public void Chance_OneInTen_HappensAboutThatOften()
    {
        var choices = new Choices(1);
        Assert.InRange(Enumerable.Range(0, 10_000).Count(_ => choices.Chance(10)), 800, 1200);
        Assert.False(choices.Chance(0));
    }
}
