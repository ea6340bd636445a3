using System.Diagnostics;
using System.Globalization;

namespace Outheis.Bench;

/// <summary>
/// How fast one agent's history is replayed: so many millions of records, half of them messages that it took and half
/// messages that it sent, written by a real kernel into a temporary directory and read from the page cache. The plain
/// agent answers each message with one; the durable one keeps a sum beside. Each figure is the best of some passes.
/// </summary>
internal static class ReplaySpeed
{
    public const string Usage = "usage: replay [--millions N]";

    private const int Passes = 3;
    private const int Window = 512;
    private const int Quarters = 4;

    public static bool TryParse(ReadOnlySpan<string> arguments, out int millions)
    {
        millions = 10;
        return arguments.Length == 0 || (arguments is ["--millions", var number]
            && int.TryParse(number, NumberStyles.None, CultureInfo.InvariantCulture, out millions)
            && millions is > 0 and < 1000);
    }

    public static void Measure(int millions, TextWriter output)
    {
        output.WriteLine(Machine.Describe());
        output.WriteLine(Line($"{millions} M records, one lane, one agent, best of {Passes}"));
        Measure("plain", static to => new Plain(to), millions, output);
        Measure("durable", static to => new Durable(to), millions, output);
    }

    private static void Measure(
        string name, Func<Capability<Tock>, Agent> make, int millions, TextWriter output)
    {
        string path = Directory.CreateTempSubdirectory("outheis-replay-").FullName;
        try
        {
            Write(path, make, millions * 500_000L);
            double best = double.MaxValue;
            long records = 0, allocated = 0;
            long[] heap = [];
            for (int pass = 0; pass < Passes; pass++)
            {
                long before = GC.GetTotalAllocatedBytes(precise: true);
                long start = Stopwatch.GetTimestamp();
                (records, heap) = Replay(path, make, millions * 1_000_000L);
                best = Math.Min(best, Stopwatch.GetElapsedTime(start).TotalSeconds);
                allocated = GC.GetTotalAllocatedBytes(precise: true) - before;
            }
            output.WriteLine(Line($"{name,-10} {records / best / 1e6,8:F2} M records/s")
                + Line($" {(double)allocated / records,8:F2} bytes allocated/record, heap after each quarter: ")
                + string.Join(", ", heap.Select(static bytes => Line($"{bytes / 1024.0:F0} KiB"))));
        }
        finally
        {
            Directory.Delete(path, recursive: true);
        }
    }

    private static (long Records, long[] Heap) Replay(
        string path, Func<Capability<Tock>, Agent> make, long recordsAbout)
    {
        var heap = new Heap(recordsAbout);
        using JournalReplay replay = JournalReplay.Open(path, kernel => Spawn(kernel, make), new ReplayOptions
        {
            Only = ["ticker"], Codecs = new MessageCodecs().Add<Tick>().Add<Tock>(),
        });
        ReplayReport report = replay.Run(heap);
        if (report.Divergence is not null || report.NotReplayed.Count > 0)
            throw new WrongResultException($"{report.Divergence}{string.Join(' ', report.NotReplayed)}", null);
        return (report.Records, [.. heap.Seen]);
    }

    private static void Write(string path, Func<Capability<Tock>, Agent> make, long messages)
    {
        Kernel kernel = Kernel.Start(new KernelOptions
        {
            Cores = 1, Pin = false, JournalDirectory = path, Seal = false,
            Codecs = new MessageCodecs().Add<Tick>().Add<Tock>(),
        });
        AgentId driver = Spawn(kernel, make);
        kernel.Grant<Go>(driver).SendAsync(new Go(messages)).AsTask().GetAwaiter().GetResult();
        while (Driver.Left != 0) Thread.Sleep(10);
        kernel.StopAsync().GetAwaiter().GetResult();
    }

    private static AgentId Spawn(Kernel kernel, Func<Capability<Tock>, Agent> make)
    {
        AgentId driver = kernel.Spawn("driver", static () => new Driver());
        AgentId ticker = kernel.Spawn("ticker", endowment => make(endowment.Grant<Tock>(driver)));
        kernel.Grant<Capability<Tick>>(driver).Send(kernel.GrantTo<Tick>(driver, ticker));
        return driver;
    }

    private static string Line(FormattableString text) => text.ToString(CultureInfo.InvariantCulture);

    private readonly record struct Go(long Messages);

    private readonly record struct Tick(long Number);

    private readonly record struct Tock(long Number);

    private readonly record struct Sum(long Total, long Count);

    private sealed class Plain(Capability<Tock> to) : Agent, IHandle<Tick>
    {
        private long _total;

        public void Handle(in Tick message, Context context)
        {
            _total += message.Number;
            context.Send(to, new Tock(message.Number));
        }
    }

    private sealed class Durable(Capability<Tock> to) : DurableAgent<Sum>(default), IHandle<Tick>
    {
        public void Handle(in Tick message, Context context)
        {
            State = new Sum(State.Total + message.Number, State.Count + 1);
            context.Send(to, new Tock(message.Number));
        }
    }

    /// <summary>Keeps a window of messages under way.</summary>
    private sealed class Driver : Agent, IHandle<Capability<Tick>>, IHandle<Go>, IHandle<Tock>
    {
        private static long s_left = -1;
        private Capability<Tick> _to;
        private long _toSend;

        public static long Left => Volatile.Read(ref s_left);

        public void Handle(in Capability<Tick> message, Context context) => _to = message;

        public void Handle(in Go message, Context context)
        {
            Volatile.Write(ref s_left, message.Messages);
            _toSend = message.Messages;
            for (int i = 0; i < Window && _toSend > 0; i++) Send(context);
        }

        public void Handle(in Tock message, Context context)
        {
            if (_toSend > 0) Send(context);
            Volatile.Write(ref s_left, s_left - 1);
        }

        private void Send(Context context)
        {
            if (context.Send(_to, new Tick(_toSend)) == SendResult.Sent) _toSend--;
        }
    }

    /// <summary>What the heap holds after each quarter of the records.</summary>
    private sealed class Heap(long recordsAbout) : IProgress<long>
    {
        private const int RecordBytes = 64;

        public List<long> Seen { get; } = [];

        public void Report(long value)
        {
            if (Seen.Count < Quarters && value >= recordsAbout * RecordBytes / Quarters * (Seen.Count + 1) * 95 / 100)
                Seen.Add(GC.GetTotalMemory(forceFullCollection: true));
        }
    }
}
