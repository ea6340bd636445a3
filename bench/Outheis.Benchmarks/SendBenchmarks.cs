using System.Threading.Channels;
using BenchmarkDotNet.Attributes;

namespace Outheis.Benchmarks;

/// <summary>A thousand messages from outside, and until the last one has been taken.</summary>
[MemoryDiagnoser]
public class SendBenchmarks
{
    private const int Messages = 1000;                // fewer than the capacity: nobody has to wait for room

    private static readonly ManualResetEventSlim Taken = new(false);

    private readonly Channel<long> _channel = Channels.Bounded(singleWriter: true);

    [GlobalSetup(Target = nameof(Channel_Write))]
    public void StartReading() => _ = Channels.ReadAll(_channel.Reader, Take);

    [GlobalCleanup(Target = nameof(Channel_Write))]
    public void StopReading() => _channel.Writer.Complete();

    [Benchmark(Baseline = true, OperationsPerInvoke = Messages)]
    public void Channel_Write()
    {
        Taken.Reset();
        for (long n = 1; n <= Messages; n++) _channel.Writer.TryWrite(n);
        Taken.Wait();
    }

    private void Take(long n)
    {
        if (n == Messages) Taken.Set();
    }
}
