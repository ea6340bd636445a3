using Outheis.Supervision;
using Xunit;

namespace Outheis.Tests;

/// <summary>
/// The whole truth table: below the intensity, at it, beyond it. R restarts, F forgets, E escalates.
/// </summary>
public sealed class DecisionTests
{
    public static readonly TheoryData<Restart, ExitKind, string> Table = new()
    {
        { Restart.Permanent, ExitKind.Normal, "REE" },
        { Restart.Permanent, ExitKind.Shutdown, "REE" },
        { Restart.Permanent, ExitKind.Error, "REE" },
        { Restart.Transient, ExitKind.Normal, "FFF" },
        { Restart.Transient, ExitKind.Shutdown, "FFF" },
        { Restart.Transient, ExitKind.Error, "REE" },
        { Restart.Temporary, ExitKind.Normal, "FFF" },
        { Restart.Temporary, ExitKind.Shutdown, "FFF" },
        { Restart.Temporary, ExitKind.Error, "FFF" },
    };

    [Theory, MemberData(nameof(Table))]
    public void On_EachRow_IsWhatTheTableSays(Restart restart, ExitKind exit, string verdicts)
    {
        foreach (int intensity in new[] { 1, 2, 10, int.MaxValue - 1 })
        {
            string got = string.Concat(Enumerable.Range(-1, 3).Select(beyond => Letter(
                Decision.On(restart, exit, intensity + beyond, intensity))));
            Assert.Equal(verdicts, got);
        }
    }

    [Theory, MemberData(nameof(Table))]
    public void On_IntensityOfNone_NeverRestarts(Restart restart, ExitKind exit, string verdicts) =>
        Assert.Equal(verdicts[1], Letter(Decision.On(restart, exit, restartsInPeriod: 0, intensity: 0)));

    [Fact]
    public void Table_Rows_AreEveryCase() =>
        Assert.Equal(Enum.GetValues<Restart>().Length * Enum.GetValues<ExitKind>().Length, Table.Count);

    [Fact]
    public void SupervisorOptions_Defaults_AreOneRestartInFiveSeconds()
    {
        var options = new SupervisorOptions();
        Assert.Equal((1, TimeSpan.FromSeconds(5)), (options.Intensity, options.Period));
        Assert.Equal(Restart.Permanent, options.Restart);
    }

    private static char Letter(Verdict verdict) => verdict.ToString()[0];
}
