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
        if (arguments is ["journal", ..])
        {
            if (!ReadSpeed.TryParse(arguments[1..], out int mib))
            {
                error.WriteLine(ReadSpeed.Usage);
                return NotUnderstood;
            }
            ReadSpeed.Measure(mib, output);
            return Measured;
        }
        if (RecoverySpeed.IsWriter(arguments))
        {
            RecoverySpeed.Write(arguments[1], arguments[2]);
            return Measured;
        }
        if (arguments is ["recovery", ..])
        {
            if (!RecoverySpeed.TryParse(arguments[1..], out int mib))
            {
                error.WriteLine(RecoverySpeed.Usage);
                return NotUnderstood;
            }
            RecoverySpeed.Measure(mib, output);
            return Measured;
        }
        if (arguments is ["replay", ..])
        {
            if (!ReplaySpeed.TryParse(arguments[1..], out int millions))
            {
                error.WriteLine(ReplaySpeed.Usage);
                return NotUnderstood;
            }
            ReplaySpeed.Measure(millions, output);
            return Measured;
        }
        if (arguments is ["durable", ..])
        {
            if (!DurableSpeed.TryParse(arguments[1..], out int seconds, out string directory))
            {
                error.WriteLine(DurableSpeed.Usage);
                return NotUnderstood;
            }
            DurableSpeed.Measure(seconds, directory, output);
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
        try
        {
            Compare(options, output);
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
