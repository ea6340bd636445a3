using System.Threading.Channels;
using BenchmarkDotNet.Attributes;

namespace Outheis.Benchmarks;

/// <summary>
/// One message into a queue for one writer and out again, both on one thread: no contention, hot lines.
/// </summary>
[MemoryDiagnoser]
public class RingBenchmarks
{
    private readonly Channel<long> _channel = Channels.Bounded(singleWriter: true);

    [Benchmark(Baseline = true)]
    public long Channel_WriteRead()
    {
        _channel.Writer.TryWrite(1);
        _channel.Reader.TryRead(out long value);
        return value;
    }
}
