namespace Outheis;

/// <summary>How many cores a kernel has and where each runs: one decision from what the system says and what the
/// program wants.</summary>
internal static class CorePlacement
{
    /// <summary>
    /// For each core the processors that its thread is to be bound to: one of its own; or, where there are fewer
    /// processors than cores or nobody is to be pinned, all that the program chose; or none, and it runs wherever the
    /// process may.
    /// </summary>
    /// <param name="facts">What this process may use.</param>
    /// <param name="cores">How many cores are wanted; null: as many as there are processors to keep busy.</param>
    /// <param name="chosen">Where, in the order of the cores; null: anywhere, the fast ones first.</param>
    /// <param name="pin">Whether a core has a processor of its own.</param>
    /// <exception cref="ArgumentException">A chosen processor cannot be used.</exception>
    public static int[][] Decide(ProcessorFacts facts, int? cores, IReadOnlyList<int>? chosen, bool pin)
    {
        int[] order = chosen is null ? FastFirst(facts) : Checked(facts, chosen);
        int count = cores ?? Math.Clamp(Math.Min(order.Length, facts.BusyMost), 1, Limits.CoresMax);
        int[] shared = chosen is null || !facts.CanBind ? [] : order;
        int pinned = pin && facts.CanBind ? order.Length : 0;
        int[][] places = new int[count][];
        for (int core = 0; core < count; core++)
        {
            places[core] = core < pinned ? [order[core]] : shared;
        }

        return places;
    }

    private static int[] FastFirst(ProcessorFacts facts)
    {
        UsableProcessor[] processors = [.. facts.Usable];
        Array.Sort(processors, static (one, other) =>
            one.IsEfficient != other.IsEfficient ? one.IsEfficient.CompareTo(other.IsEfficient)
            : one.Capacity != other.Capacity ? other.Capacity.CompareTo(one.Capacity)
            : one.Number.CompareTo(other.Number));
        return Array.ConvertAll(processors, static processor => processor.Number);
    }

    private static int[] Checked(ProcessorFacts facts, IReadOnlyList<int> chosen)
    {
        int[] usable = Array.ConvertAll(facts.Usable, static processor => processor.Number);
        if (chosen.Count == 0)
        {
            throw Refused("names no processor", usable);
        }

        HashSet<int> seen = [];
        foreach (int number in chosen)
        {
            if (!usable.Contains(number))
            {
                throw Refused($"names processor {number}, which is offline or not for this process", usable);
            }

            if (!seen.Add(number))
            {
                throw Refused($"names processor {number} twice", usable);
            }
        }

        return [.. chosen];
    }

    private static ArgumentException Refused(string what, int[] usable) =>
        new(
            $"KernelOptions.Processors {what}. The thread that starts the kernel may use "
            + $"{ProcessorList.Format(usable)}: name some of these, each once, or leave it null for all.");
}
