using Outheis.Bench.Latency;

namespace Outheis.Bench;

internal static class Program
{
    private const int Measured = 0;
    private const int WrongResult = 1;
    private const int NotUnderstood = 2;

    private static readonly TimeSpan Deadline = TimeSpan.FromSeconds(120);

    public static int Main(string[] arguments) => Run(arguments, Console.Out, Console.Error);

    /// <summary>
    /// To be called from a thread that may block: the runner does, and the peers need the pool's.
    /// </summary>
    internal static int Run(ReadOnlySpan<string> arguments, TextWriter output, TextWriter error)
    {
        switch (arguments)
        {
            case ["journal", .. var given]:
                bool isMib = ReadSpeed.TryParse(given, out int mib);
                return Measure(isMib, ReadSpeed.Usage, error, () => ReadSpeed.Measure(mib, output));
            case ["recovery", .. var given]:
                bool isSize = RecoverySpeed.TryParse(given, out int size);
                return Measure(isSize, RecoverySpeed.Usage, error, () => RecoverySpeed.Measure(size, output));
            case ["replay", .. var given]:
                bool isCount = ReplaySpeed.TryParse(given, out int millions);
                return Measure(isCount, ReplaySpeed.Usage, error, () => ReplaySpeed.Measure(millions, output));
            case ["durable", .. var given]:
                bool isPlace = DurableSpeed.TryParse(given, out int seconds, out string directory);
                return Measure(
                    isPlace, DurableSpeed.Usage, error, () => DurableSpeed.Measure(seconds, directory, output));
            case ["wake", .. var given]:
                bool isWakes = WakeSpeed.TryParse(given, out int wakes);
                return Measure(isWakes, WakeSpeed.Usage, error, () => WakeSpeed.Measure(wakes, output));
            case ["idle", .. var given]:
                bool isTime = IdleSpeed.TryParse(given, out int watched);
                return Measure(isTime, IdleSpeed.Usage, error, () => IdleSpeed.Measure(watched, output));
            case ["latency", .. var given]:
                bool isLoad = LatencyOptions.TryParse(given, out LatencyOptions load);
                return Measure(isLoad, LatencyOptions.Usage, error, () => LatencySpeed.Measure(load, output));
        }
        if (RecoverySpeed.IsWriter(arguments))
        {
            RecoverySpeed.Write(arguments[1], arguments[2]);
            return Measured;
        }
        if (arguments is not ["peers", ..])
        {
            error.WriteLine(PeersOptions.Usage);
            return NotUnderstood;
        }
        if (!PeersOptions.TryParse(arguments[1..], out PeersOptions options, out string complaint))
        {
            error.WriteLine(complaint);
            return NotUnderstood;
        }
        return Checked(() => Compare(options, output), error);
    }

    private static int Measure(bool isUnderstood, string usage, TextWriter error, Action measure)
    {
        if (!isUnderstood)
        {
            error.WriteLine(usage);
            return NotUnderstood;
        }
        return Checked(measure, error);
    }

    private static int Checked(Action measure, TextWriter error)
    {
        try
        {
            measure();
            return Measured;
        }
        catch (WrongResultException wrong)
        {
            error.WriteLine(wrong.Message);
            return WrongResult;
        }
    }

    private static void Compare(PeersOptions options, TextWriter output)
    {
        var runner = new PeerRunner(options, Deadline);
        if (options.Json)
        {
            foreach (Result result in runner.Run().SelectMany(results => results))
                output.WriteLine(JsonLines.Of(result));
            return;
        }
        output.WriteLine(Machine.Describe());
        output.WriteLine($"{options.Runs} runs of each, alternating; medians");
        var table = new Table(output);
        foreach (IReadOnlyList<Result> results in runner.Run()) table.Write(results);
        if (options.Scale == Scale.Full) table.WriteVerdicts();
    }
}
