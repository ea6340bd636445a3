using FsCheck.Xunit;
using Outheis.Bench.Latency;
using Xunit;

namespace Outheis.Bench.Tests;

public sealed class HistogramTests
{
    private static readonly double[] Shares = [0, 0.01, 0.5, 0.9, 0.99, 0.999, 1];

    /// <summary>Against the values themselves, sorted: never below, and at most a thousandth above.</summary>
    [Property(MaxTest = 300, EndSize = 2000)]
    public bool Quantile_OfAnyValues_IsTheExactOneOrAThousandthMore((ushort Value, byte Shift)[] drawn)
    {
        if (drawn.Length == 0) return true;
        long[] values = [.. drawn.Select(one => (long)one.Value << (one.Shift % 20))];
        var histogram = new Histogram();
        foreach (long value in values) histogram.Record(value);
        Array.Sort(values);
        return histogram.Count == values.Length && histogram.Max == values[^1] && Array.TrueForAll(Shares, share =>
        {
            long exact = values[Math.Max(0, (int)Math.Ceiling(share * values.Length) - 1)];
            long told = histogram.Quantile(share);
            return told >= exact && told <= exact + exact / 1000;
        });
    }

    [Fact]
    public void Record_OutsideTheScale_CountsAtItsEnds()
    {
        var histogram = new Histogram();
        histogram.Record(-5);
        histogram.Record(long.MaxValue);

        Assert.Equal(2, histogram.Count);
        Assert.Equal(0, histogram.Quantile(0.5));
        Assert.Equal(histogram.Max, histogram.Quantile(1));
        Assert.True(histogram.Max >= TimeSpan.FromSeconds(100).TotalNanoseconds);
    }

    [Fact]
    public void Record_AllocatesNothing()
    {
        var histogram = new Histogram();
        histogram.Record(1);
        long before = GC.GetAllocatedBytesForCurrentThread();
        for (int i = 0; i < 100_000; i++) histogram.Record(i * 1000L);

        // Less than an object for each; the runtime may take some for itself on any thread.
        Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, 0, 64 * 1024);
    }
}
