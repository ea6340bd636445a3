namespace Outheis.Bench;

/// <summary>Exit status 0: measured and checked. 1: something arrived wrong. 2: not understood.</summary>
internal static class Program
{
    private static readonly TimeSpan Deadline = TimeSpan.FromSeconds(120);

    public static int Main(string[] arguments)
    {
        if (arguments is not ["peers", ..])
        {
            Console.Error.WriteLine(PeersOptions.Usage);
            return 2;
        }
        if (!PeersOptions.TryParse(arguments.AsSpan(1), out PeersOptions options, out string complaint))
        {
            Console.Error.WriteLine(complaint);
            return 2;
        }
        try
        {
            Compare(options);
            return 0;
        }
        catch (WrongResultException wrong)
        {
            Console.Error.WriteLine(wrong.Message);
            return 1;
        }
    }

    private static void Compare(PeersOptions options)
    {
        var runner = new PeerRunner(options, Deadline);
        if (options.Json)
        {
            foreach (Result result in runner.Run().SelectMany(results => results))
                Console.WriteLine(JsonLines.Of(result));
            return;
        }
        Console.WriteLine(Machine.Describe());
        Console.WriteLine($"{options.Runs} runs of each, alternating; medians\n");
        var table = new Table(Console.Out);
        foreach (IReadOnlyList<Result> results in runner.Run()) table.Write(results);
        table.WriteVerdicts();
    }
}
