using Outheis.Bench.Parts;

namespace Outheis.Bench.Tests;

public enum Lie { Lost, Swapped, Forged, Thrown, Silent }

/// <summary>A system that delivers one load wrongly, in the named way.</summary>
internal sealed class LyingSystem(Lie lie) : ISystem
{
    public string Name => "liar";

    public IReadOnlyList<string> Variants => ["default"];

    public bool Supports(Shape shape, string variant) => true;

    public ShapeRun Open(Shape shape, string variant, Round round) =>
        new(() => Deliver(round), () => ValueTask.CompletedTask);

    private void Deliver(Round round)
    {
        long all = round.Shape.ExpectedCount(round.Operations);
        long sum = round.Shape.ExpectedChecksum(round.Operations);
        if (round.Operations != round.Shape.Tiny)             // the warm-up is honest
        {
            round.Report(all, sum, 0);
            return;
        }
        switch (lie)
        {
            case Lie.Lost:
                round.Report(all - 1, sum, 0);
                break;
            case Lie.Swapped:
                DeliverSwapped(round);
                break;
            case Lie.Forged:
                round.Report(all, sum + 1, 0);
                break;
            case Lie.Thrown:
                round.Fail(new InvalidOperationException("a lie"));
                break;
        }
    }

    private static void DeliverSwapped(Round round)
    {
        var sink = new Sink(round);
        var source = new Source(round, 0);
        long first = source.Current;
        source.Advance();
        sink.Receive(source.Current);
        sink.Receive(first);
        while (source.Advance()) sink.Receive(source.Current);
    }
}
