using System.Globalization;
using Outheis.Bench.Systems;

namespace Outheis.Bench;

/// <summary>One number that Outheis has promised, and whether a run kept it.</summary>
internal sealed record Floor(
    string Shape, string Variant, string Promise, Func<Result, Floor.Peers, Verdict?> Judge)
{
    private const double BytesOfMeasuring = 0.1;     // a run's own few hundred bytes, spread thin
    private const double AgentBytesMax = 512;
    private const double IdlePercentMax = 0.5;

    private static readonly string[] Messaging =
    [
        "ring-1000x1", "ring-1000x1000", "ping-pong-local", "ping-pong-cross", "stream-1to1", "stream-host",
        "fan-in-2to1", "ask-agent", "ask-host", "append-64",
    ];

    public delegate Result? Peers(string system);

    public static IReadOnlyList<Floor> All { get; } =
    [
        Faster("ring-1000x1000", "no-journal", "akka", 4),
        Faster("ring-1000x1000", "journal", "akka", 2),
        Faster("ask-agent", "no-journal", "akka", 8),
        Faster("ask-host", "no-journal", "akka", 1.5),
        Faster("stream-1to1", "no-journal", "channel", 4),
        Faster("stream-host", "no-journal", "channel", 2.5),
        Faster("spawn", "no-journal", "proto", 5),
        Faster("skynet", "no-journal", "akka", 5),
        Faster("skynet", "no-journal", "proto", 15),
        AtMost("spawn", "no-journal", "bytes per agent", AgentBytesMax, result => result.BytesPerOp),
        Faster("append-64", "journal", "faster", 6),
        .. Messaging.Where(shape => shape != "append-64").Select(shape => Allocation(shape, "no-journal")),
        .. Messaging.Select(shape => Allocation(shape, "journal")),
        AtMost("idle", "no-journal", "% of a core", IdlePercentMax, result => result.Median),
        AtMost("idle", "journal", "% of a core", IdlePercentMax, result => result.Median),
    ];

    /// <summary>The verdicts that a shape's results allow; none without ours and the peer.</summary>
    public static IEnumerable<(Floor Floor, Verdict Verdict)> Judged(IReadOnlyList<Result> results)
    {
        foreach (Floor floor in All)
        {
            Result? ours = results.FirstOrDefault(result => result.Shape.Name == floor.Shape
                && result.System == AllSystems.Ours && result.Variant == floor.Variant);
            if (ours is null) continue;
            Verdict? verdict = floor.Judge(
                ours, name => results.FirstOrDefault(result => result.System == name));
            if (verdict is { } judged) yield return (floor, judged);
        }
    }

    private static Floor Faster(string shape, string variant, string peer, double times) =>
        new(shape, variant, Format($"at least {times:0.#}x {peer}"), (ours, peers) =>
        {
            if (peers(peer) is not { } theirs) return null;
            double ratio = theirs.Median / ours.Median;
            return new Verdict(ratio >= times, Format($"{ratio:0.00}x"));
        });

    private static Floor AtMost(
        string shape, string variant, string unit, double most, Func<Result, double> measure) =>
        new(shape, variant, Format($"at most {most:0.#} {unit}"), (ours, _) =>
        {
            double value = measure(ours);
            return new Verdict(value <= most, Format($"{value:0.##}"));
        });

    private static Floor Allocation(string shape, string variant) =>
        new(shape, variant, "0 bytes per operation", (ours, _) =>
            new Verdict(ours.BytesPerOp < BytesOfMeasuring, Format($"{ours.BytesPerOp:0.##}")));

    private static string Format(FormattableString text) => text.ToString(CultureInfo.InvariantCulture);
}

internal readonly record struct Verdict(bool Kept, string Measured);
