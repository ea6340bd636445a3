using Xunit;

namespace Outheis.Bench.Tests;

public sealed class SettlingTests
{
    [Theory]
    [InlineData(5, 3)]       // rounds in which it compiles for an hour each, then none
    [InlineData(2, 2)]       // at most
    [InlineData(1, 1)]
    public void Run_CompilerBusyForTwoRounds_StopsAtTheFirstQuietOne(int most, int expected)
    {
        int rounds = 0;
        TimeSpan compiled = TimeSpan.Zero;

        int settled = Settling.Run(most, () => compiled += TimeSpan.FromHours(rounds++ < 2 ? 1 : 0), () => compiled);

        Assert.Equal((expected, expected), (settled, rounds));
    }
}
