using System.Diagnostics;
using System.Globalization;
using System.Runtime.InteropServices;
using Outheis.Bench.Latency;
using Outheis.Bench.Parts;

namespace Outheis.Bench;

/// <summary>
/// How long it takes until a sleeping core runs: from a host's send, on the other processor, to the handler; beside it
/// a bare futex, from before the word is set to the first instruction of who slept. Alternating; of each percentile the
/// median. The sleeper has slept for a while each time.
/// </summary>
internal static unsafe class WakeSpeed
{
    public const string Usage = "usage: wake [--count N]";

    private const int Runs = 7;
    private const int Warm = 200;
    private const double Most = 1.5;

    private static readonly TimeSpan Asleep = TimeSpan.FromMicroseconds(50);      // then it has left its processor

    public static bool TryParse(ReadOnlySpan<string> arguments, out int count)
    {
        count = 2_000;
        return arguments.IsEmpty || (arguments is ["--count", var given]
            && int.TryParse(given, NumberStyles.None, CultureInfo.InvariantCulture, out count) && count > 0);
    }

    public static void Measure(int count, TextWriter output)
    {
        List<Histogram> bare = [], ours = [];
        output.WriteLine(Machine.Describe());
        output.WriteLine(Line($"{Runs} runs of each, {count:N0} wakes, alternating; medians"));
        for (int run = 0; run < Runs; run++)
        {
            bare.Add(OnProcessor0(wakes => WakeBare(count, wakes)));
            ours.Add(OnProcessor0(wakes => WakeCore(count, wakes)));
        }
        output.WriteLine(Line($"{"microseconds",-16}{"p50",10}{"p99",10}"));
        output.WriteLine(Line($"{"futex",-16}{At(bare, 0.5),10:0.0}{At(bare, 0.99),10:0.0}"));
        output.WriteLine(Line($"{"outheis",-16}{At(ours, 0.5),10:0.0}{At(ours, 0.99),10:0.0}"));
        double ratio = At(ours, 0.5) / At(bare, 0.5);
        string verdict = ratio <= Most ? "kept" : "MISSED";
        output.WriteLine(Line($"p50 at most {Most}x the futex's    {ratio:0.00}x  {verdict}"));
    }

    private static Histogram OnProcessor0(Action<Histogram> measure)
    {
        var histogram = new Histogram();
        Exception? failure = null;
        Thread waker = PinnedThread.Start(0, "waker", () =>
        {
            try
            {
                measure(histogram);
            }
            catch (Exception bug)
            {
                failure = bug;
            }
        });
        waker.Join();
        return failure is null ? histogram : throw new WrongResultException($"wake: {failure.Message}", failure);
    }

    private static void WakeBare(int count, Histogram histogram)
    {
        int* word = (int*)NativeMemory.AlignedAlloc(256, 128);
        *word = 0;
        var wakes = new Wakes(histogram);
        int sleeping = 0;
        Thread sleeper = PinnedThread.Start(1, "sleeper", () =>
        {
            for (int i = 0; i < Warm + count; i++)
            {
                Volatile.Write(ref sleeping, 1);
                while (Volatile.Read(ref *word) == 0) Futex.Wait(word, 0);
                Volatile.Write(ref *word, 0);
                Volatile.Write(ref sleeping, 0);
                wakes.Woken();
            }
        });
        for (int i = 0; i < Warm + count; i++)
        {
            while (Volatile.Read(ref sleeping) == 0) Thread.SpinWait(1);
            wakes.Begin();
            Volatile.Write(ref *word, 1);
            Futex.Wake(word);
            wakes.Await();
        }
        sleeper.Join();
        NativeMemory.AlignedFree(word);
    }

    private static void WakeCore(int count, Histogram histogram)
    {
        int cores = Math.Min(2, Environment.ProcessorCount);
        var wakes = new Wakes(histogram);
        Kernel kernel = Kernel.Start(new KernelOptions { Cores = cores });
        try
        {
            Parker parker = kernel.Cores[cores - 1].Parker;
            Capability<Poke> poke = kernel.Grant<Poke>(
                kernel.Spawn("woken", () => new Woken(wakes), new SpawnOptions { Core = cores - 1 }));
            for (int i = 0; i < Warm + count; i++)
            {
                while (!parker.IsAnnounced) Thread.SpinWait(1);
                wakes.Begin();
                Systems.OutheisSystem.Must(poke.Send(default));
                wakes.Await();
            }
        }
        finally
        {
            kernel.StopAsync().GetAwaiter().GetResult();
        }
    }

    private static double At(List<Histogram> runs, double share) =>
        runs.Select(one => one.Quantile(share) * 1e6 / Stopwatch.Frequency).Order().ElementAt(runs.Count / 2);

    private static string Line(FormattableString text) => text.ToString(CultureInfo.InvariantCulture);

    private readonly record struct Poke;

    private sealed class Woken(Wakes wakes) : Agent, IHandle<Poke>
    {
        public void Handle(in Poke message, Context context) => wakes.Woken();
    }

    /// <summary>The clock between the two sides, which take turns.</summary>
    private sealed class Wakes(Histogram histogram)
    {
        private long _began;
        private int _wakes;
        private int _seen;

        public void Begin()
        {
            long since = Stopwatch.GetTimestamp();
            while (Stopwatch.GetElapsedTime(since) < Asleep) Thread.SpinWait(1);
            _began = Stopwatch.GetTimestamp();
        }

        public void Woken()
        {
            long took = Stopwatch.GetTimestamp() - _began;
            if (_wakes >= Warm) histogram.Record(took);
            Volatile.Write(ref _wakes, _wakes + 1);
        }

        public void Await()
        {
            _seen++;
            while (Volatile.Read(ref _wakes) < _seen) Thread.SpinWait(1);
        }
    }
}
