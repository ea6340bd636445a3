using BenchmarkDotNet.Attributes;

namespace Outheis.Benchmarks;

/// <summary>Something with an inbox that waits for its first message, and its end.</summary>
[MemoryDiagnoser]
public class SpawnBenchmarks
{
    private static readonly Func<Agent> Factory = static () => new StillAgent();

    private Kernel _kernel = null!;

    [GlobalSetup]
    public void Start() => _kernel = Kernel.Start(new KernelOptions { Cores = 1 });

    [GlobalCleanup]
    public async Task Stop() => await _kernel.DisposeAsync();

    [Benchmark(Baseline = true)]
    public async Task Channel_AndReader()
    {
        var channel = Channels.Bounded(singleWriter: true);
        Task reader = Channels.ReadAll(channel.Reader, static _ => { });
        channel.Writer.Complete();
        await reader;
    }

    [Benchmark]
    public async Task Kernel_SpawnStop() => await _kernel.StopAgentAsync(_kernel.Spawn(null, Factory));
}
