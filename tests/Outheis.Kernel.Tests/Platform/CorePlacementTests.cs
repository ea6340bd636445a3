using FsCheck.Xunit;
using Xunit;

namespace Outheis.Tests;

/// <summary>How many cores, and where: the decision, as a table and by its rules.</summary>
public sealed class CorePlacementTests
{
    private const int Full = ProcessorFacts.FullCapacity;

    // Two fast processors after two efficient ones, and one out of line.
    private static readonly UsableProcessor[] s_hybrid =
        [new(0, true, Full), new(1, true, Full), new(4, false, Full), new(5, false, Full), new(9, true, Full)];

    private static readonly UsableProcessor[] s_bigLittle =
        [new(0, false, 430), new(1, false, 430), new(2, false, Full), new(3, false, 790)];

    private static readonly UsableProcessor[] s_even = [new(1, false, Full), new(3, false, Full), new(6, false, Full)];

    public static TheoryData<string, string, int, int?, int[]?, string> Table => new()
    {
        { "all that there are", "even", 3, null, null, "1 3 6" },
        { "fewer by quota", "even", 2, null, null, "1 3" },
        { "more than there are to be busy, as asked", "even", 1, 3, null, "1 3 6" },
        { "fewer than there are", "even", 3, 1, null, "1" },
        { "more than there are: the rest has none", "even", 3, 5, null, "1 3 6 - -" },
        { "hybrid: the fast ones", "hybrid", 5, 2, null, "4 5" },
        { "hybrid: the fast ones first", "hybrid", 5, null, null, "4 5 0 1 9" },
        { "capacities: the fast ones first", "bigLittle", 4, 3, null, "2 3 0" },
        { "a set, in its order", "even", 3, null, [6, 1], "6 1" },
        { "a set, and a quota", "even", 1, null, [6, 1], "6" },
        { "a set, and as many as asked", "even", 1, 2, [6, 1], "6 1" },
        { "a set of a hybrid machine, in its order", "hybrid", 5, null, [0, 4], "0 4" },
        { "a set, and more than it has: the rest shares it", "even", 3, 4, [6, 1], "6 1 6+1 6+1" },
        { "a set of one", "even", 3, 2, [3], "3 3" },
    };

    [Theory]
    [MemberData(nameof(Table))]
    public void Decide_Pinned(string what, string machine, int busyMost, int? cores, int[]? chosen, string places)
    {
        UsableProcessor[] usable = machine switch { "even" => s_even, "hybrid" => s_hybrid, _ => s_bigLittle };
        int[][] decided = CorePlacement.Decide(new(usable, true, busyMost), cores, chosen, pin: true);
        Assert.Equal((what, places), (what, Words(decided)));
    }

    [Fact]
    public void Decide_NotPinned_StaysInTheSetIfThereIsOne()
    {
        var facts = new ProcessorFacts(s_even, true, 3);
        Assert.Equal("- - -", Words(CorePlacement.Decide(facts, null, null, pin: false)));
        Assert.Equal("6+1 6+1", Words(CorePlacement.Decide(facts, null, [6, 1], pin: false)));
    }

    [Fact]
    public void Decide_NothingCanBeBound_BindsNothing()
    {
        var facts = new ProcessorFacts(s_even, CanBind: false, 3);
        Assert.Equal("- - -", Words(CorePlacement.Decide(facts, null, null, pin: true)));
        Assert.Equal("- -", Words(CorePlacement.Decide(facts, null, [6, 1], pin: true)));
    }

    [Theory]
    [InlineData(new int[0], "no processor")]
    [InlineData(new[] { 1, 7 }, "processor 7")]
    [InlineData(new[] { -1 }, "processor -1")]
    [InlineData(new[] { 3, 6, 3 }, "processor 3 twice")]
    public void Decide_ABadProcessor_IsNamedWithThoseThatAreNot(int[] chosen, string named)
    {
        var facts = new ProcessorFacts(s_even, true, 3);
        ArgumentException refused =
            Assert.Throws<ArgumentException>(() => CorePlacement.Decide(facts, 1, chosen, pin: true));
        Assert.Contains(named, refused.Message, StringComparison.Ordinal);
        Assert.Contains("may use 1,3,6", refused.Message, StringComparison.Ordinal);
    }

    /// <summary>As many cores as asked for or as may be busy; each pinned one alone on its processor, and none outside
    /// of what was allowed; no fast processor is left while a slow one is used.</summary>
    [Property(MaxTest = 500)]
    public bool Decide_AnyMachine_KeepsItsRules(int seed, bool pin, bool canBind)
    {
        var random = new Random(seed);
        int[] numbers = [.. Enumerable.Range(0, 200).OrderBy(_ => random.Next()).Take(random.Next(1, 160)).Order()];
        UsableProcessor[] usable =
            [.. numbers.Select(number => new UsableProcessor(number, random.Next(3) == 0, random.Next(1, 4) * 300))];
        int busyMost = random.Next(1, 200);
        int? cores = random.Next(2) == 0 ? null : random.Next(1, Limits.CoresMax + 1);
        int[]? chosen = random.Next(2) == 0
            ? null : [.. numbers.OrderBy(_ => random.Next()).Take(random.Next(1, numbers.Length + 1))];
        int[][] places = CorePlacement.Decide(new(usable, canBind, busyMost), cores, chosen, pin);

        int there = chosen?.Length ?? numbers.Length;
        int wanted = cores ?? Math.Min(Limits.CoresMax, Math.Min(there, busyMost));
        int pinned = pin && canBind ? Math.Min(wanted, there) : 0;
        int[] own = [.. places.Take(pinned).Select(place => place.Single())];
        int[] within = chosen is null || !canBind ? [] : chosen;
        bool isFastFirst = chosen is not null || !usable.Any(idle => !own.Contains(idle.Number) && usable.Any(used =>
            own.Contains(used.Number)
            && (used.IsEfficient && !idle.IsEfficient
                || used.IsEfficient == idle.IsEfficient && used.Capacity < idle.Capacity)));
        return places.Length == wanted
            && own.Distinct().Count() == pinned && own.All((chosen ?? numbers).Contains)
            && (chosen is null || own.SequenceEqual(chosen.Take(pinned)))
            && places.Skip(pinned).All(place => place.SequenceEqual(within))
            && (pinned == 0 || isFastFirst);
    }

    private static string Words(int[][] places) =>
        string.Join(' ', places.Select(place => place.Length == 0 ? "-" : string.Join('+', place)));
}
