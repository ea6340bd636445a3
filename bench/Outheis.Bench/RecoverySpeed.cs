using System.Diagnostics;
using System.Globalization;

namespace Outheis.Bench;

/// <summary>
/// How long the opening of a long journal takes: a process fills one with a ring of named agents and a durable one, and
/// ends as it should or is killed; then this process opens it, which folds what the newest checkpoint of the ledger has
/// not. Without the checkpoint the whole journal is folded.
/// </summary>
internal static class RecoverySpeed
{
    public const string Usage = "usage: recovery [--mib N]";
    private const string Writer = "recovery-writer";

    private const int Cores = 2;
    private const int Nodes = 64;
    private const int Openings = 5;

    private static bool s_isOver;      // the tokens are not passed on any more

    public static bool TryParse(ReadOnlySpan<string> arguments, out int mib)
    {
        mib = 4096;
        return arguments.Length == 0 || (arguments is ["--mib", var number]
            && int.TryParse(number, NumberStyles.None, CultureInfo.InvariantCulture, out mib)
            && mib is >= 256 and < 65536);
    }

    /// <summary>Whether this process is the one that fills a journal.</summary>
    public static bool IsWriter(ReadOnlySpan<string> arguments) => arguments is [Writer, _, _];

    /// <summary>Fills a journal, says so, and ends as it should when its input ends.</summary>
    public static void Write(string directory, string mib)
    {
        long bytes = long.Parse(mib, CultureInfo.InvariantCulture) << 20;
        Kernel kernel = Start(directory);
        AgentId first = SpawnRing(kernel);
        for (int i = 0; i < Nodes; i++) kernel.Grant<Load>(first).Send(default);
        while (BytesOf(kernel) < bytes) Thread.Sleep(20);
        Console.WriteLine("filled");
        Console.In.ReadToEnd();
        Volatile.Write(ref s_isOver, true);
        kernel.StopAsync().GetAwaiter().GetResult();
    }

    public static void Measure(int mib, TextWriter output)
    {
        string path = Directory.CreateTempSubdirectory("outheis-recovery-").FullName;
        try
        {
            output.WriteLine(Machine.Describe());
            output.WriteLine(Line($"{mib} MiB, {Cores} lanes, median of {Openings} openings of copies of its end"));
            foreach (bool kill in new[] { false, true })
            {
                string journal = Path.Combine(path, kill ? "killed" : "closed");
                Fill(journal, mib, kill);
                string checkpoint = Path.Combine(journal, LedgerCheckpoint.Name);
                Report(output, kill ? "killed" : "closed", Open(journal, keep: checkpoint));
                File.Delete(checkpoint);
                Report(output, "the same, no checkpoint", Open(journal, keep: null));
                Directory.Delete(journal, recursive: true);
            }
        }
        finally
        {
            Directory.Delete(path, recursive: true);
        }
    }

    private static void Fill(string journal, int mib, bool kill)
    {
        var start = new ProcessStartInfo(Environment.ProcessPath!)
        {
            RedirectStandardInput = true, RedirectStandardOutput = true,
        };
        if (Path.GetFileNameWithoutExtension(Environment.ProcessPath) == "dotnet")
            start.ArgumentList.Add(typeof(RecoverySpeed).Assembly.Location);
        start.ArgumentList.Add(Writer);
        start.ArgumentList.Add(journal);
        start.ArgumentList.Add(mib.ToString(CultureInfo.InvariantCulture));
        using Process writer = Process.Start(start)!;
        if (writer.StandardOutput.ReadLine() != "filled") throw new WrongResultException("the writer ended", null);
        if (kill) writer.Kill();
        writer.StandardInput.Close();
        writer.WaitForExit();
    }

    // Each opening begins a run, and its end leaves a newer checkpoint: the one at hand is put back.
    private static List<double> Open(string journal, string? keep)
    {
        byte[]? saved = keep is null ? null : File.ReadAllBytes(keep);
        List<double> times = [];
        for (int i = 0; i < (keep is null ? 1 : Openings); i++)
        {
            if (saved is not null) File.WriteAllBytes(keep!, saved);
            long start = Stopwatch.GetTimestamp();
            Kernel kernel = Start(journal);
            times.Add(Stopwatch.GetElapsedTime(start).TotalMilliseconds);
            kernel.StopAsync().GetAwaiter().GetResult();
        }
        return times;
    }

    private static void Report(TextWriter output, string name, List<double> times) => output.WriteLine(
        Line($"{name,-24} {times.Order().ElementAt(times.Count / 2),9:F1} ms   {times.Min():F1} to {times.Max():F1}"));

    private static Kernel Start(string directory) => Kernel.Start(
        new KernelOptions { Cores = Cores, Pin = false, JournalDirectory = directory });

    private static AgentId SpawnRing(Kernel kernel)
    {
        AgentId tally = kernel.Spawn("tally", static () => new Tally());
        AgentId next = kernel.Spawn("node 0", static () => new Node());
        AgentId first = next;
        for (int i = 1; i < Nodes; i++)
        {
            AgentId to = next;
            next = kernel.Spawn(
                Line($"node {i}"),
                endowment => new Node { Next = endowment.Grant<Load>(to), Tally = endowment.Grant<long>(tally) });
        }
        kernel.Grant<Behind>(first).Send(new Behind(kernel.GrantTo<Load>(first, next)));
        return next;
    }

    private static long BytesOf(Kernel kernel) =>
        kernel.DescribeJournal()!.Lanes.Sum(static lane => lane.Newest + 1) * Limits.SegmentBytes;

    private static string Line(FormattableString text) => text.ToString(CultureInfo.InvariantCulture);

    private readonly record struct Load(long A, long B, long C, long D, long E, long F, long G, long H);

    private readonly record struct Behind(Capability<Load> Node);

    private sealed class Node : Agent, IHandle<Load>, IHandle<Behind>
    {
        private const int TalliedEvery = 1000;

        private long _count;

        public Capability<Load> Next { get; set; }

        public Capability<long> Tally { get; init; }

        public void Handle(in Load message, Context context)
        {
            if (Volatile.Read(ref s_isOver)) return;
            context.Send(Next, message with { A = ++_count });
            if (_count % TalliedEvery == 0) context.Send(Tally, 1L);
        }

        public void Handle(in Behind message, Context context) => Next = message.Node;
    }

    private sealed class Tally() : DurableAgent<long>(0), IHandle<long>
    {
        public void Handle(in long message, Context context) => State += message;
    }
}
