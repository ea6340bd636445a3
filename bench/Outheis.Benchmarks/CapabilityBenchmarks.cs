using System.Threading.Channels;
using BenchmarkDotNet.Attributes;

namespace Outheis.Benchmarks;

/// <summary>May this holder send? Beside a channel, which asks nobody.</summary>
[MemoryDiagnoser]
public class CapabilityBenchmarks
{
    private readonly Channel<long> _channel = Channels.Bounded(singleWriter: true);
    private Kernel _kernel = null!;
    private CapabilityNode _node = null!;
    private AgentCell _holder = null!;

    [GlobalSetup]
    public void Start()
    {
        _kernel = Kernel.Start(new KernelOptions { Cores = 1 });
        _node = _kernel.Grant<long>(_kernel.Spawn("sink", () => new SinkAgent(static _ => { }))).Node!;
        _holder = _node.Holder;
    }

    [GlobalCleanup]
    public async Task Stop() => await _kernel.DisposeAsync();

    [Benchmark(Baseline = true)]
    public long Channel_WriteRead()
    {
        _channel.Writer.TryWrite(1);
        _channel.Reader.TryRead(out long value);
        return value;
    }

    [Benchmark]
    public bool Capability_Allows() => _node.Allows(_holder, Rights.Send);
}
