using System.Numerics;

namespace Outheis.Bench.Latency;

/// <summary>
/// Counts of values on a log-linear scale, as HdrHistogram has it: exact below 2,048, above in 1,024 steps for each
/// doubling, so a quantile is at most a thousandth too high. All room is there from the start: recording allocates
/// nothing.
/// </summary>
internal sealed class Histogram
{
    private const int StepBits = 10;
    private const int Steps = 1 << StepBits;
    private const int ShiftMost = 26;
    private const long ValueMost = (2L * Steps << ShiftMost) - 1;      // 137 s in nanoseconds

    private readonly long[] _counts = new long[Steps * (ShiftMost + 2)];

    public long Count { get; private set; }

    public long Max { get; private set; }

    /// <summary>What is above the scale counts as its highest value; what is below 0 as 0.</summary>
    public void Record(long value)
    {
        value = Math.Clamp(value, 0, ValueMost);
        int shift = Math.Max(0, BitOperations.Log2((ulong)value) - StepBits);
        _counts[(shift << StepBits) + (value >> shift)]++;
        Count++;
        Max = Math.Max(Max, value);
    }

    /// <summary>The least value that so large a share of all is not above: 0.99 for p99.</summary>
    public long Quantile(double share)
    {
        long left = Math.Max(1, (long)Math.Ceiling(share * Count));
        for (int i = 0; i < _counts.Length; i++)
        {
            left -= _counts[i];
            if (left <= 0) return Math.Min(Max, HighestOf(i));
        }
        return Max;
    }

    private static long HighestOf(int index)
    {
        int shift = Math.Max(0, (index >> StepBits) - 1);
        long step = index - ((long)shift << StepBits);
        return ((step + 1) << shift) - 1;
    }
}
