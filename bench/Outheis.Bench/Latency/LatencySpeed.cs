using System.Diagnostics;
using System.Globalization;

namespace Outheis.Bench.Latency;

/// <summary>
/// Open-loop latency: messages have a time at which they are to be sent, and their latency counts from then, so that a
/// sender that is held up cannot leave out the messages that it should have sent meanwhile (coordinated omission). The
/// systems in turn under the same load, each time beginning with another one; of each percentile the median.
/// </summary>
internal static class LatencySpeed
{
    public const string Bare = "ring";

    private const int SettlingMost = 3;            // rounds that do not count
    private const double AboveBareMost = 0.5;      // microseconds, of the median
    private const double TimesBareMost = 1.5;      // of the tail
    private const double TimesUnloadedMost = 2;    // of the p99, beside the background
    private const double KeptUp = 0.98;            // of the rate

    public static IReadOnlyList<ILatencySystem> Peers() =>
        [new ChannelLatency(), new AkkaLatency(), new ProtoLatency()];

    public static void Measure(LatencyOptions options, TextWriter output)
    {
        IReadOnlyList<ILatencySystem> systems = Pick(options);
        List<Sample>[] samples = [.. systems.Select(static _ => new List<Sample>())];
        output.WriteLine(Machine.Describe());
        int settled = Settling.Run(SettlingMost, () =>
        {
            foreach (ILatencySystem system in systems) Run(system, options);
        });
        output.WriteLine(Line($"{options.Rate:N0} messages/s, {options.Seconds} s after one that does not count; ")
            + Line($"{options.Runs} runs of each, alternating, after {settled} that do not count; medians"));
        for (int run = 0; run < options.Runs; run++)
        {
            for (int i = 0; i < systems.Count; i++)
            {
                int which = (run + i) % systems.Count;
                samples[which].Add(Run(systems[which], options));
            }
        }
        Result[] results = [.. systems.Select((system, i) => Result.Of(system.Name, samples[i]))];
        Write(results, options, output);
    }

    private static IReadOnlyList<ILatencySystem> Pick(LatencyOptions options) => options.Background > 0
        ? [new BareLatency(), new OutheisLatency(), new OutheisLatency(options.Background)]
        : [
            new BareLatency(), .. Peers().Where(peer => options.Beside?.Contains(peer.Name) ?? true),
            new OutheisLatency(),
        ];

    private static Sample Run(ILatencySystem system, LatencyOptions options)
    {
        var schedule = new Schedule(options);
        using var receipts = new Receipts(options);
        GC.Collect();
        GC.WaitForPendingFinalizers();
        system.Run(schedule, receipts, TimeSpan.FromSeconds(30 + 20 * options.Seconds));
        TimeSpan took = Stopwatch.GetElapsedTime(schedule.FirstCounted, receipts.Ended);
        Histogram histogram = receipts.Histogram;
        return new Sample(
            histogram.Count / took.TotalSeconds, Microseconds(histogram.Quantile(0.5)),
            Microseconds(histogram.Quantile(0.99)), Microseconds(histogram.Quantile(0.999)),
            Microseconds(histogram.Max));
    }

    private static void Write(Result[] results, LatencyOptions options, TextWriter output)
    {
        Result bare = results.Single(static result => result.Name == Bare);
        output.WriteLine(Line($"{"microseconds",-14}{"messages/s",12}{"p50",20}{"p99",20}{"p99.9",20}{"max",20}"));
        foreach (Result one in results)
        {
            string late = one.Rate < KeptUp * options.Rate ? "   did not keep up: the longer the run, the later" : "";
            output.WriteLine(Line($"{one.Name,-14}{one.Rate,12:N0}") + Column(one.P50, bare.P50)
                + Column(one.P99, bare.P99) + Column(one.P999, bare.P999) + Column(one.Max, bare.Max) + late);
        }
        if (bare.Rate < KeptUp * options.Rate)
        {
            output.WriteLine("The ring alone did not keep up: others use these cores, and nothing can be judged.");
            return;
        }
        Result ours = results.Single(static result => result.Name == Systems.AllSystems.Ours);
        if (options.Background > 0)
        {
            Judge(output, "p99 beside the background at most 2x", results[^1].P99 / ours.P99, TimesUnloadedMost, "x");
            return;
        }
        Result[] peers = [.. results.Where(result => result != ours && result != bare)];
        Judge(output, "p50 at most 0.5 us above the ring's", ours.P50 - bare.P50, AboveBareMost, " us");
        Judge(output, "p99 at most 1.5x the ring's", ours.P99 / bare.P99, TimesBareMost, "x");
        Judge(output, "p99.9 at most 1.5x the ring's", ours.P999 / bare.P999, TimesBareMost, "x");
        if (peers.Length == 0) return;
        Judge(output, "p99 below every peer's", ours.P99 / peers.Min(static peer => peer.P99), 1, "x");
        Judge(output, "p99.9 below every peer's", ours.P999 / peers.Min(static peer => peer.P999), 1, "x");
    }

    private static void Judge(TextWriter output, string promise, double measured, double most, string unit) =>
        output.WriteLine(
            Line($"{promise,-40}{measured,10:0.00}{unit,-4}{(measured <= most ? "kept" : "MISSED"),8}"));

    private static string Column(double value, double bare) => Line($"{value,12:N2}{value / bare,7:0.0}x");

    private static double Microseconds(long ticks) => ticks * 1e6 / Stopwatch.Frequency;

    private static string Line(FormattableString text) => text.ToString(CultureInfo.InvariantCulture);

    private readonly record struct Sample(double Rate, double P50, double P99, double P999, double Max);

    private sealed record Result(string Name, double Rate, double P50, double P99, double P999, double Max)
    {
        public static Result Of(string name, List<Sample> samples) => new(
            name, Median(samples, static one => one.Rate), Median(samples, static one => one.P50),
            Median(samples, static one => one.P99), Median(samples, static one => one.P999),
            Median(samples, static one => one.Max));

        private static double Median(List<Sample> samples, Func<Sample, double> value) =>
            samples.Select(value).Order().ElementAt(samples.Count / 2);
    }
}
