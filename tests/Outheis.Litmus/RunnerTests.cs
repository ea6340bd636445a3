using Outheis.Testing;
using Xunit;
using static Outheis.Testing.LitmusOutcome;

namespace Outheis.Litmus;

/// <summary>The runner itself: what it counts, what it refuses, how it ends.</summary>
public sealed class RunnerTests
{
    private static readonly LitmusOptions Brief = new() { Time = TimeSpan.FromMilliseconds(20), Batch = 64 };

    private sealed class Pair
    {
        public int First;
        public int Second;
    }

    private static LitmusTest<Pair> Plain(params LitmusOutcome[] outcomes) => new()
    {
        Name = "plain",
        Make = static () => new Pair(),
        Actors = [static pair => pair.First++, static pair => pair.Second++],
        Observe = static pair => $"{pair.First},{pair.Second}",
        Outcomes = outcomes,
    };

    [Fact]
    public void Run_Always_RunsEachActorOncePerRound()
    {
        LitmusResult result = Plain(Allowed("1,1", "each once")).Run(Brief);
        result.AssertNothingForbidden();
        Assert.True(result.Rounds > 0 && result.Rounds % Brief.Batch == 0);
        Assert.Equal(result.Rounds, result.Count("1,1"));
    }

    [Fact]
    public void Run_WithReset_UsesTheSameStatesAgain()
    {
        int made = 0;
        LitmusTest<Pair> test = new()
        {
            Name = "reset",
            Make = () => { made++; return new Pair(); },
            Reset = static pair => (pair.First, pair.Second) = (0, 0),
            Actors = [static pair => pair.First++, static pair => pair.Second++],
            Observe = static pair => $"{pair.First},{pair.Second}",
            Outcomes = [Allowed("1,1", "each once")],
        };
        LitmusResult result = test.Run(Brief);
        result.AssertNothingForbidden();
        Assert.Equal(Brief.Batch, made);
    }

    [Fact]
    public void AssertNothingForbidden_ForbiddenSeen_FailsWithTheTable()
    {
        LitmusResult result = Plain(Forbidden("1,1", "what it means")).Run(Brief);
        var failure = Assert.Throws<LitmusException>(result.AssertNothingForbidden);
        Assert.Contains("1,1  Forbidden    what it means", failure.Message, StringComparison.Ordinal);
        Assert.Same(result, failure.Result);
    }

    [Fact]
    public void AssertNothingForbidden_OutcomeNotInTheTable_Fails()
    {
        LitmusResult result = Plain(Allowed("0,0", "never")).Run(Brief);
        var failure = Assert.Throws<LitmusException>(result.AssertNothingForbidden);
        Assert.Contains("1,1  Forbidden    not in the table", failure.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void AssertNothingForbidden_InterestingSeen_Passes()
    {
        LitmusResult result = Plain(Interesting("1,1", "so it is"), Forbidden("0,0", "no")).Run(Brief);
        result.AssertNothingForbidden();
        Assert.Equal(0, result.Count("0,0"));
    }

    [Fact]
    public void Run_ActorThrows_EndsAndThrowsIt()
    {
        LitmusTest<Pair> test = new()
        {
            Name = "throws",
            Make = static () => new Pair(),
            Actors = [static pair => pair.First++, static _ => throw new NotSupportedException("this one")],
            Observe = static _ => "",
            Outcomes = [Allowed("", "never observed")],
        };
        Assert.Equal("this one", Assert.Throws<NotSupportedException>(() => test.Run(Brief)).Message);
    }

    [Fact]
    public void Run_ActorHangs_GivesUpAfterItsPatience()
    {
        using var never = new ManualResetEventSlim();
        LitmusTest<Pair> test = new()
        {
            Name = "hangs",
            Make = static () => new Pair(),
            Actors = [static pair => pair.First++, _ => never.Wait()],
            Observe = static _ => "",
            Outcomes = [Allowed("", "never observed")],
        };
        Assert.Throws<TimeoutException>(() => test.Run(Brief with { Patience = TimeSpan.FromMilliseconds(50) }));
        never.Set();
    }

    [Fact]
    public void Run_MoreActorsThanProcessors_StillRunsAll()
    {
        LitmusTest<int[]> test = new()
        {
            Name = "four",
            Make = static () => new int[4],
            Actors = [static a => a[0] = 1, static a => a[1] = 1, static a => a[2] = 1, static a => a[3] = 1],
            Observe = static a => $"{a.Sum()}",
            Outcomes = [Allowed("4", "all")],
        };
        test.Run(Brief).AssertNothingForbidden();
    }

    [Fact]
    public void Run_OneActor_IsRefused()
    {
        LitmusTest<Pair> test = new()
        {
            Name = "one",
            Make = static () => new Pair(),
            Actors = [static pair => pair.First++],
            Observe = static _ => "",
            Outcomes = [],
        };
        Assert.Throws<ArgumentOutOfRangeException>(() => test.Run(Brief));
    }
}
