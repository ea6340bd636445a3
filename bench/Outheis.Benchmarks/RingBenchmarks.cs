using System.Runtime.CompilerServices;
using System.Threading.Channels;
using BenchmarkDotNet.Attributes;

namespace Outheis.Benchmarks;

/// <summary>
/// One message into a queue for one writer and out again, both on one thread: no contention, hot lines.
/// </summary>
[MemoryDiagnoser]
public unsafe class RingBenchmarks : IDisposable
{
    private readonly Channel<long> _channel = Channels.Bounded(singleWriter: true);
    private readonly CoreRing _ring = new();

    [GlobalCleanup]
    public void Dispose()
    {
        _ring.Dispose();
        GC.SuppressFinalize(this);
    }

    [Benchmark(Baseline = true)]
    public long Channel_WriteRead()
    {
        _channel.Writer.TryWrite(1);
        _channel.Reader.TryRead(out long value);
        return value;
    }

    [Benchmark]
    public long CoreRing_PublishTake()
    {
        Message* slot = _ring.TryClaim();
        Unsafe.WriteUnaligned(&slot->Payload, 1L);
        _ring.Publish(slot);
        slot = _ring.Peek();
        long value = Unsafe.ReadUnaligned<long>(&slot->Payload);
        _ring.Take();
        _ring.Free();
        return value;
    }
}
