using System.Diagnostics;
using System.Globalization;
using Microsoft.Win32.SafeHandles;

namespace Outheis.Bench;

/// <summary>
/// durable-64: as many senders at a time as it says, each of which waits until the disk has its message before it sends
/// the next; beside it, on the same disk and in the same run, what one flush per message costs: the same bytes appended
/// to a plain file, each made durable, one after the other. Alternating; medians.
/// </summary>
internal static class DurableSpeed
{
    public const string Usage = "usage: durable [--seconds N] [--directory PATH]";

    private const int Senders = 64;
    private const int Runs = 9;
    private const int SettlingMost = 5;      // rounds that do not count
    private const int Warm = 256;
    private const int RecordBytes = 64;      // of a message of 8 bytes in the journal

    public static bool TryParse(ReadOnlySpan<string> arguments, out int seconds, out string directory)
    {
        (seconds, directory) = (3, Path.GetTempPath());
        while (arguments.Length >= 2)
        {
            switch (arguments[0])
            {
                case "--seconds" when int.TryParse(
                    arguments[1], NumberStyles.None, CultureInfo.InvariantCulture, out int given) && given > 0:
                    seconds = given;
                    break;
                case "--directory":
                    directory = arguments[1];
                    break;
                default:
                    return false;
            }
            arguments = arguments[2..];
        }
        return arguments.IsEmpty;
    }

    public static void Measure(int seconds, string directory, TextWriter output)
    {
        string path = Path.Combine(directory, $"outheis-durable-{Environment.ProcessId}");
        Directory.CreateDirectory(path);
        try
        {
            output.WriteLine(Machine.Describe());
            int settled = 0;
            Settling.Run(SettlingMost, () => SendDurably(Path.Combine(path, $"settling-{settled++}"), seconds));
            output.WriteLine(
                Line($"{Runs} runs of each, {seconds} s, alternating, after {settled} that do not count; medians"));
            List<double> plain = [], shared = [], flushes = [];
            for (int run = 0; run < Runs; run++)
            {
                plain.Add(AppendAndFlush(Path.Combine(path, $"plain-{run}"), seconds));
                (double sent, double flushed) = SendDurably(Path.Combine(path, $"journal-{run}"), seconds);
                shared.Add(sent);
                flushes.Add(flushed);
            }
            output.WriteLine(Line($"fsync per message      {Median(plain),10:N0} messages/s"));
            output.WriteLine(Line($"durable-{Senders}             {Median(shared),10:N0} messages/s")
                + Line($"   {Median(flushes):N0} flushes/s"));
            double[] ratios = [.. shared.Zip(plain, static (left, right) => left / right)];
            output.WriteLine(Line($"ratio                  {Median(ratios),10:F1}")
                + Line($"   {ratios.Min():F1} to {ratios.Max():F1}"));
        }
        finally
        {
            Directory.Delete(path, recursive: true);
        }
    }

    private static double AppendAndFlush(string file, int seconds)
    {
        byte[] record = new byte[RecordBytes];
        using SafeFileHandle handle = File.OpenHandle(file, FileMode.CreateNew, FileAccess.Write);
        long count = 0;
        long start = 0;
        for (long at = 0; start == 0 || Stopwatch.GetElapsedTime(start).TotalSeconds < seconds; at++)
        {
            if (at == Warm / 8) start = Stopwatch.GetTimestamp();
            RandomAccess.Write(handle, record, at * RecordBytes);
            RandomAccess.FlushToDisk(handle);
            count += start == 0 ? 0 : 1;
        }
        return count / Stopwatch.GetElapsedTime(start).TotalSeconds;
    }

    private static (double Sent, double Flushes) SendDurably(string directory, int seconds)
    {
        using var ended = new CancellationTokenSource();
        long sent = 0;
        Kernel kernel = Kernel.Start(new KernelOptions { Cores = 1, Pin = false, JournalDirectory = directory });
        try
        {
            Capability<long> to = kernel.Grant<long>(kernel.Spawn("sink", static () => new Counter()));
            Task[] senders = [.. Enumerable.Range(0, Senders).Select(_ => Task.Run(async () =>
            {
                while (!ended.IsCancellationRequested)
                {
                    SendResult result = await to.SendAsync(1L, Durability.Durable).ConfigureAwait(false);
                    if (result != SendResult.Sent) throw new WrongResultException($"a durable send was {result}", null);
                    Interlocked.Increment(ref sent);
                }
            }))];
            SpinWait.SpinUntil(() => Interlocked.Read(ref sent) > Warm || Array.Exists(senders, s => s.IsFaulted));
            (long sentBefore, long flushesBefore) = (Interlocked.Read(ref sent), kernel.Flusher!.Flushes);
            long start = Stopwatch.GetTimestamp();
            Thread.Sleep(TimeSpan.FromSeconds(seconds));
            double took = Stopwatch.GetElapsedTime(start).TotalSeconds;
            double messages = (Interlocked.Read(ref sent) - sentBefore) / took;
            double flushes = (kernel.Flusher.Flushes - flushesBefore) / took;
            ended.Cancel();
            Task.WaitAll(senders);
            return (messages, flushes);
        }
        finally
        {
            kernel.StopAsync().GetAwaiter().GetResult();
        }
    }

    private static double Median(IEnumerable<double> values) => values.Order().ElementAt(values.Count() / 2);

    private static string Line(FormattableString text) => text.ToString(CultureInfo.InvariantCulture);

    private sealed class Counter : Agent, IHandle<long>
    {
        public void Handle(in long message, Context context)
        {
        }
    }
}
