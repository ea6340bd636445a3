namespace Outheis.Bench;

/// <summary>One timed run: nanoseconds per operation, or what else the shape's unit says.</summary>
/// <param name="Value">In the shape's unit.</param>
/// <param name="Bytes">Managed bytes allocated in the whole process while the clock ran, per
/// operation.</param>
/// <param name="LiveBytes">Managed bytes still reachable after the run that were not before it, per
/// operation.</param>
/// <param name="Checksum">What the receivers added up; the same for every system of a shape.</param>
internal readonly record struct Sample(double Value, double Bytes, double LiveBytes, long Checksum);

/// <summary>All runs of one system in one shape.</summary>
internal sealed class Result(Shape shape, string system, string variant, IReadOnlyList<Sample> samples)
{
    public Shape Shape => shape;

    public string System => system;

    public string Variant => variant;

    public double Median { get; } = MedianOf(samples.Select(sample => sample.Value));

    public double Min { get; } = samples.Min(sample => sample.Value);

    public double Max { get; } = samples.Max(sample => sample.Value);

    public double BytesPerOp { get; } = MedianOf(samples.Select(sample => sample.Bytes));

    public double LiveBytesPerOp { get; } = MedianOf(samples.Select(sample => sample.LiveBytes));

    public long Checksum => samples[0].Checksum;

    private static double MedianOf(IEnumerable<double> values)
    {
        double[] sorted = [.. values.Order()];
        int middle = sorted.Length / 2;
        return sorted.Length % 2 == 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
    }
}
