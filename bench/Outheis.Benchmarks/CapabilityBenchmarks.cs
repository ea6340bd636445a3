using System.Threading.Channels;
using BenchmarkDotNet.Attributes;

namespace Outheis.Benchmarks;

/// <summary>May this holder send? Beside a channel, which asks nobody.</summary>
[MemoryDiagnoser]
public class CapabilityBenchmarks
{
    private const int Held = 256;

    private readonly Channel<long> _channel = Channels.Bounded(singleWriter: true);
    private Kernel _kernel = null!;
    private CapabilityNode[] _nodes = [];
    private AgentCell _holder = null!;

    [GlobalSetup]
    public void Start()
    {
        _kernel = Kernel.Start(new KernelOptions { Cores = 1 });
        AgentId sink = _kernel.Spawn("sink", () => new SinkAgent(static _ => { }));
        _nodes = [.. Enumerable.Range(0, Held).Select(_ => _kernel.Grant<long>(sink).Node!)];
        _holder = _nodes[0].Holder;
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

    [Benchmark(OperationsPerInvoke = Held)]
    public int Capability_Allows()
    {
        int allowed = 0;
        foreach (CapabilityNode node in _nodes) allowed += node.Allows(_holder, Rights.Send) ? 1 : 0;
        return allowed;
    }
}
