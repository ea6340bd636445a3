using BenchmarkDotNet.Attributes;

namespace Outheis.Benchmarks;

/// <summary>Something with an inbox that waits for its first message, and its end.</summary>
[MemoryDiagnoser]
public class SpawnBenchmarks
{
    [Benchmark(Baseline = true)]
    public async Task Channel_AndReader()
    {
        var channel = Channels.Bounded(singleWriter: true);
        Task reader = Channels.ReadAll(channel.Reader, static _ => { });
        channel.Writer.Complete();
        await reader;
    }
}
