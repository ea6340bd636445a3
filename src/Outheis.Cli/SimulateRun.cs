using System.Collections.Concurrent;
using System.Diagnostics;
using System.Globalization;
using Outheis.Testing;

namespace Outheis.Cli;

/// <summary>Many seeds of several workloads, on as many threads as there are processors: each run has a thread to
/// itself, so that every one of them is exact.</summary>
internal sealed class SimulateRun(
    IReadOnlyList<Workload> workloads, ulong first, ulong seeds, TimeSpan atMost, RepeatCommand repeat,
    string? saveFolder, CancellationToken cancellation)
{
    private const int FailuresPerWorkload = 3;      // the rest would say the same

    private readonly ConcurrentDictionary<string, Count> _counts = [];
    private readonly ConcurrentQueue<Found> _failures = [];
    private readonly Stopwatch _clock = new();
    private ulong _taken;      // seeds that are begun or done

    public bool HasFailures => !_failures.IsEmpty;

    public void Run()
    {
        _clock.Start();
        Thread[] threads = [.. Enumerable.Range(0, Environment.ProcessorCount).Select(_ => new Thread(RunSeeds))];
        Array.ForEach(threads, static thread => thread.Start());
        Array.ForEach(threads, static thread => thread.Join());
        _clock.Stop();
        Progress(clear: true);
    }

    public void Report(TextWriter output, bool withTrace)
    {
        output.WriteLine(Line($"{"workload",-12} {"runs",8} {"steps",12} {"failed",7}"));
        foreach (Workload workload in workloads)
        {
            Count count = _counts.GetValueOrDefault(workload.Name) ?? new Count();
            output.WriteLine(Line($"{workload.Name,-12} {count.Runs,8} {count.Steps,12} {count.Failed,7}"));
        }

        long steps = _counts.Values.Sum(static count => count.Steps);
        double seconds = Math.Max(0.001, _clock.Elapsed.TotalSeconds);
        output.WriteLine(Line($"{seconds:F1} s, {steps / seconds:N0} steps a second"));
        foreach (Found found in _failures)
        {
            Report(output, found, withTrace);
        }
    }

    private void Report(TextWriter output, Found found, bool withTrace)
    {
        (ulong seed, Workload workload, SimulationFailedException failure) = found;
        using var patience = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        patience.CancelAfter(Seeds.ShortenMost);
        SimulationFailedException shorter = WorkloadRunner.Shorten(
            workload, failure, withFaults: repeat.WithFaults, cancellationToken: patience.Token);
        output.WriteLine();
        output.WriteLine(Line($"{workload.Name}: {failure.Message}"));
        output.WriteLine("repeat: " + repeat.OfSeed(workload.Name, seed));
        output.WriteLine(Line($"shortened to {shorter.Step} steps, {shorter.Drawn.Count} choices:"));
        if (saveFolder is not null)
        {
            Save(output, saveFolder, found, shorter.Drawn);
        }

        output.WriteLine(Line($"  {shorter.Message}"));
        Print(output, shorter.Trace, withTrace);
    }

    /// <summary>The newest steps, or with the trace all that is known.</summary>
    public static void Print(TextWriter output, IReadOnlyList<string> trace, bool withTrace)
    {
        foreach (string line in trace.TakeLast(withTrace ? int.MaxValue : 20))
        {
            output.WriteLine(line);
        }
    }

    private void Save(TextWriter output, string folder, Found found, IReadOnlyList<int> choices)
    {
        try
        {
            string file = ChoicesFile.Write(folder, found.Workload.Name, found.Seed, choices);
            output.WriteLine("repeat this: " + repeat.OfChoices(found.Workload.Name, file));
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
        {
            Console.Error.WriteLine($"The choices cannot be saved: {failure.Message}");
        }
    }

    private void RunSeeds()
    {
        while (!cancellation.IsCancellationRequested && (atMost < TimeSpan.Zero || _clock.Elapsed < atMost))
        {
            ulong taken = Interlocked.Increment(ref _taken) - 1;
            if (taken >= seeds)
            {
                return;
            }

            foreach (Workload workload in workloads)
            {
                RunOne(workload, first + taken);
            }

            Progress(clear: false);
        }
    }

    private void RunOne(Workload workload, ulong seed)
    {
        Count count = _counts.GetOrAdd(workload.Name, static _ => new Count());
        if (Volatile.Read(ref count.Failed) >= FailuresPerWorkload)
        {
            return;
        }

        WorkloadResult result = WorkloadRunner.Run(workload, seed, repeat.WithFaults);
        Interlocked.Increment(ref count.Runs);
        Interlocked.Add(ref count.Steps, result.Steps);
        if (result.Failure is { } failure)
        {
            Interlocked.Increment(ref count.Failed);
            _failures.Enqueue(new Found(seed, workload, failure));
        }
    }

    /// <summary>One line on the error output, where somebody sits.</summary>
    private void Progress(bool clear)
    {
        if (!Console.IsErrorRedirected)
        {
            ulong seed = first + Volatile.Read(ref _taken) - 1;
            string state = Line($"seed {seed}, {_failures.Count} failed, {_clock.Elapsed:hh\\:mm\\:ss}");
            Console.Error.Write("\r\u001b[K" + (clear ? "" : state));
        }
    }

    private static string Line(FormattableString text) => text.ToString(CultureInfo.InvariantCulture);

    private sealed record Found(ulong Seed, Workload Workload, SimulationFailedException Failure);

    private sealed class Count
    {
        public long Runs;
        public long Steps;
        public int Failed;
    }
}
