using System.Runtime.CompilerServices;
using System.Threading.Channels;
using BenchmarkDotNet.Attributes;

namespace Outheis.Benchmarks;

/// <summary>One message into what an agent has for its many senders, and out again, on one thread.</summary>
[MemoryDiagnoser]
public unsafe class InboxBenchmarks : IDisposable
{
    private readonly Channel<long> _channel = Channels.Bounded(singleWriter: false);
    private readonly CellSlab _cells = new();
    private Inbox _inbox;

    [GlobalCleanup]
    public void Dispose()
    {
        _cells.Dispose();
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
    public long Inbox_PutTake()
    {
        Message* cell = _cells.Rent();
        Unsafe.WriteUnaligned(&cell->Payload, 1L);
        _inbox.Put(cell);
        cell = _inbox.Take();
        long value = Unsafe.ReadUnaligned<long>(&cell->Payload);
        _cells.Return(cell);
        return value;
    }
}
