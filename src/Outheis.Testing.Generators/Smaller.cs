using FsCheck.Fluent;

namespace Outheis.Testing.Generators;

/// <summary>What a failing case is tried with next: numbers nearer to the simplest, lists with less in them.</summary>
internal static class Smaller
{
    /// <summary>The least number first, then ever nearer to the one given.</summary>
    public static IEnumerable<int> Numbers(int number, int least = 0)
    {
        for (int off = number - least; off > 0; off /= 2)
        {
            yield return number - off;
        }
    }

    /// <summary>The least number first, then ever nearer to the one given.</summary>
    public static IEnumerable<long> Numbers(long number, long least = 0)
    {
        for (long off = number - least; off > 0; off /= 2)
        {
            yield return number - off;
        }
    }

    /// <summary>Whole milliseconds, from none up.</summary>
    public static IEnumerable<TimeSpan> Times(TimeSpan time) =>
        Numbers((long)time.TotalMilliseconds).Select(milliseconds => TimeSpan.FromMilliseconds(milliseconds));

    /// <summary>Fewer rights: none first, then each single one taken away.</summary>
    public static IEnumerable<Rights> Rights(Rights rights)
    {
        if (rights != Outheis.Rights.None)
        {
            yield return Outheis.Rights.None;
        }

        foreach (Rights one in (Rights[])[Outheis.Rights.Send, Outheis.Rights.Grant, Outheis.Rights.Ask])
        {
            if ((rights & one) != 0 && rights != one)
            {
                yield return rights & ~one;
            }
        }
    }

    /// <summary>A value that comes earlier in its enumeration is simpler.</summary>
    public static IEnumerable<T> Values<T>(T value)
        where T : struct, Enum =>
        Enum.GetValues<T>().TakeWhile(earlier => !earlier.Equals(value));

    /// <summary>Parts are left out first, then the rest is made smaller.</summary>
    public static IEnumerable<IReadOnlyList<T>> Lists<T>(IReadOnlyList<T> list, Func<T, IEnumerable<T>> smaller) =>
        Arb.Array(Arb.From(Gen.Constant(default(T)!), smaller)).Shrinker([.. list]);
}
