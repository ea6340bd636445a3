using Outheis.Testing;
using Xunit;
using static Outheis.Testing.LitmusOutcome;

namespace Outheis.Litmus;

/// <summary>
/// Does this runner see a reordering when there is one? The Dekker shape without the kernel: each actor stores its own
/// word and loads the other's. Bare, both may load zero; with a fence that orders the two on both sides, never.
/// </summary>
public sealed class ControlTests
{
    private sealed class Words
    {
        public int First;
        public int Second;
        public int SeenByFirst;
        public int SeenBySecond;
    }

    private static LitmusTest<Words> Dekker(string name, Action first, Action second, LitmusOutcome bothZero) => new()
    {
        Name = name,
        Make = static () => new Words(),
        Actors =
        [
            words =>
            {
                Volatile.Write(ref words.First, 1);
                first();
                words.SeenByFirst = Volatile.Read(ref words.Second);
            },
            words =>
            {
                Volatile.Write(ref words.Second, 1);
                second();
                words.SeenBySecond = Volatile.Read(ref words.First);
            },
        ],
        Observe = static words => $"{words.SeenByFirst},{words.SeenBySecond}",
        Outcomes =
        [
            Allowed("1,1", "each saw the other"),
            Allowed("1,0", "the second was earlier"),
            Allowed("0,1", "the first was earlier"),
            bothZero,
        ],
    };

    /// <summary>The positive control. A machine that does not show the reordering is named, not failed: there the
    /// other tests prove less.</summary>
    [Fact]
    public void Dekker_NoFence_ShowsThatALoadOvertakesAStore()
    {
        LitmusResult result = Experiment.Run(Dekker(
            "Dekker, no fence", Nothing, Nothing, Interesting("0,0", "both loads overtook the stores before them")));
        result.AssertNothingForbidden();
        if (result.Count("0,0") == 0)
        {
            TestContext.Current.AddWarning("This machine, now, shows no store-load reordering: a missing fence would "
                + "not be seen either. Run again with more time or idle processors.\n" + result);
        }
    }

    [Fact]
    public void Dekker_FenceOnBothSides_OneSeesTheOther() => Experiment.Expect(Dekker(
        "Dekker, two fences", Interlocked.MemoryBarrier, Interlocked.MemoryBarrier,
        Forbidden("0,0", "a full fence does not order a store before a later load")));

    [Fact]
    public void Dekker_ProcessWideFenceOnOneSide_OneSeesTheOther() => Experiment.Expect(
        Dekker(
            "Dekker, process-wide on one side", Interlocked.MemoryBarrierProcessWide, Nothing,
            Forbidden("0,0", "the process-wide fence does not reach the other thread")),
        batch: 256,
        delayMost: 4096);

    /// <summary>Why one cheap fence is not enough: the control for the process-wide one.</summary>
    [Fact]
    public void Dekker_PlainFenceOnOneSide_MayStillMissBoth() => Experiment.Expect(Dekker(
        "Dekker, one plain fence", Interlocked.MemoryBarrier, Nothing,
        Interesting("0,0", "the side without a fence loaded before its store was visible")));

    private static void Nothing()
    {
    }
}
