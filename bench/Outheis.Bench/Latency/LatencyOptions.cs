using System.Globalization;

namespace Outheis.Bench.Latency;

/// <summary>What <c>latency</c> was asked to do.</summary>
/// <param name="Rate">Messages a second.</param>
/// <param name="Seconds">How long messages count, after one second that does not.</param>
/// <param name="Runs">Of each system.</param>
/// <param name="Background">0: all systems. Else ours alone, by itself and beside so many agents of the background
/// class on each core, which never have nothing to do.</param>
/// <param name="Beside">The systems beside the ring and ours; null: all.</param>
internal sealed record LatencyOptions(
    long Rate, int Seconds, int Runs, int Background = 0, IReadOnlyList<string>? Beside = null)
{
    public const string Usage =
        "usage: latency [--rate N] [--seconds N] [--runs N] [--background N | --beside channel,akka,proto|none]";

    private const int RateMost = 100_000_000;
    private const int TimesMost = 1000;

    public static LatencyOptions Default { get; } = new(1_000_000, 3, 21);

    /// <summary>Messages that do not count.</summary>
    public long Warm => Rate;

    public long Messages => Warm + Rate * Seconds;

    public static bool TryParse(ReadOnlySpan<string> arguments, out LatencyOptions options)
    {
        options = Default;
        while (arguments.Length >= 2)
        {
            if (arguments[0] == "--beside")
            {
                if (!TryNames(arguments[1], out IReadOnlyList<string> names)) return false;
                options = options with { Beside = names };
                arguments = arguments[2..];
                continue;
            }
            if (!int.TryParse(arguments[1], NumberStyles.None, CultureInfo.InvariantCulture, out int value))
                return false;
            switch (arguments[0])
            {
                case "--rate" when value is > 0 and <= RateMost:
                    options = options with { Rate = value };
                    break;
                case "--seconds" when value is > 0 and <= TimesMost:
                    options = options with { Seconds = value };
                    break;
                case "--runs" when value is > 0 and <= TimesMost:
                    options = options with { Runs = value };
                    break;
                case "--background" when value is > 0 and <= TimesMost:
                    options = options with { Background = value };
                    break;
                default:
                    return false;
            }
            arguments = arguments[2..];
        }
        return arguments.IsEmpty && (options.Background == 0 || options.Beside is null);
    }

    private static bool TryNames(string value, out IReadOnlyList<string> names)
    {
        names = value == "none" ? [] : value.Split(',');
        return names.All(static name => LatencySpeed.Peers().Any(peer => peer.Name == name));
    }
}
