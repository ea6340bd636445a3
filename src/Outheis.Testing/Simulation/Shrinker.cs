namespace Outheis.Testing;

/// <summary>
/// Makes a failing record of choices shorter and simpler: cuts pieces out, sets pieces to zero, lowers single choices;
/// keeps what still fails in the same way. A repetition that takes twice as long does not.
/// </summary>
/// <param name="repeat">Runs a record; the failure, if it is the same one.</param>
/// <param name="runsMost">Runs to spend.</param>
/// <param name="cancellation">Ends the search with what was found.</param>
internal sealed class Shrinker(
    Func<IReadOnlyList<int>, SimulationFailedException?> repeat, int runsMost, CancellationToken cancellation)
{
    private int _runs;

    private bool IsOver => _runs >= runsMost || cancellation.IsCancellationRequested;

    public SimulationFailedException Shorten(SimulationFailedException failure)
    {
        SimulationFailedException best = failure;
        SimulationFailedException before;
        do
        {
            before = best;
            for (int piece = Math.Max(1, best.Drawn.Count / 2); piece >= 1 && !IsOver; piece /= 2)
            {
                best = Pass(best, piece, Without);
                best = Pass(best, piece, Zeroed);
            }

            best = Lowered(best);
        }
        while (IsSimpler(best.Drawn, before.Drawn) && !IsOver);
        return best;
    }

    private SimulationFailedException Pass(
        SimulationFailedException best, int piece, Func<IReadOnlyList<int>, int, int, int[]> change)
    {
        for (int start = best.Drawn.Count - piece; start > -piece && !IsOver; start -= piece)
        {
            int from = Math.Max(0, start);
            if (from >= best.Drawn.Count)
            {
                continue;
            }

            int[] changed = change(best.Drawn, from, Math.Min(piece, best.Drawn.Count - from));
            if (!IsSimpler(changed, best.Drawn))
            {
                continue;
            }

            best = Better(best, changed) ?? best;
        }

        return best;
    }

    /// <summary>Each choice as low as halving finds it.</summary>
    private SimulationFailedException Lowered(SimulationFailedException best)
    {
        for (int i = 0; i < best.Drawn.Count && !IsOver; i++)
        {
            int passes = 0;      // a choice that zero would do for has been set to it
            while (i < best.Drawn.Count && best.Drawn[i] - passes > 1 && !IsOver)
            {
                int between = passes + ((best.Drawn[i] - passes) / 2);
                int[] changed = [.. best.Drawn];
                changed[i] = between;
                if (Better(best, changed) is { } better)
                {
                    best = better;
                }
                else
                {
                    passes = between;
                }
            }
        }

        return best;
    }

    private SimulationFailedException? Better(SimulationFailedException best, int[] changed)
    {
        _runs++;
        SimulationFailedException? again = repeat(new BoundedRecord(changed, best));
        return again is not null && IsSimpler(again.Drawn, best.Drawn) ? again : null;
    }

    private static int[] Without(IReadOnlyList<int> drawn, int from, int count) =>
        [.. drawn.Take(from), .. drawn.Skip(from + count)];

    private static int[] Zeroed(IReadOnlyList<int> drawn, int from, int count) =>
        [.. drawn.Select((value, i) => i >= from && i < from + count ? 0 : value)];

    /// <summary>Shorter; or as long, with lower choices.</summary>
    private static bool IsSimpler(IReadOnlyList<int> left, IReadOnlyList<int> right) =>
        left.Count != right.Count
            ? left.Count < right.Count
            : left.Sum(static value => (long)value) < right.Sum(static value => (long)value);
}
