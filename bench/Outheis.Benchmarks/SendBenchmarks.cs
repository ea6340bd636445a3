using System.Threading.Channels;
using BenchmarkDotNet.Attributes;

namespace Outheis.Benchmarks;

/// <summary>
/// A thousand messages, and until the last one has been taken. Fewer than the capacity: nobody waits for
/// room.
/// </summary>
[MemoryDiagnoser]
public class SendBenchmarks
{
    private const int Messages = 1000;

    private static readonly ManualResetEventSlim Taken = new(false);

    private readonly Channel<long> _channel = Channels.Bounded(singleWriter: true);
    private Kernel _kernel = null!;
    private Capability<long> _sink;
    private Capability<long> _source;

    [GlobalSetup]
    public void Start()
    {
        _ = Channels.ReadAll(_channel.Reader, Take);
        _kernel = Kernel.Start(new KernelOptions { Cores = 1 });
        AgentId sink = _kernel.Spawn("sink", () => new SinkAgent(Take));
        _sink = _kernel.Grant<long>(sink);
        _source = _kernel.Grant<long>(
            _kernel.Spawn("source", endow => new SourceAgent(endow.Grant<long>(sink))));
    }

    [GlobalCleanup]
    public async Task Stop()
    {
        _channel.Writer.Complete();
        await _kernel.DisposeAsync();
    }

    [Benchmark(Baseline = true, OperationsPerInvoke = Messages)]
    public void Channel_Write()
    {
        Taken.Reset();
        for (long n = 1; n <= Messages; n++) _channel.Writer.TryWrite(n);
        Taken.Wait();
    }

    [Benchmark(OperationsPerInvoke = Messages)]
    public void Host_Send()
    {
        Taken.Reset();
        for (long n = 1; n <= Messages; n++) MustFit(_sink.Send(n));
        Taken.Wait();
    }

    [Benchmark(OperationsPerInvoke = Messages)]
    public void Agent_Send()
    {
        Taken.Reset();
        MustFit(_source.Send(Messages));
        Taken.Wait();
    }

    private static void MustFit(SendResult result)
    {
        if (result != SendResult.Sent) throw new InvalidOperationException($"a send ended in {result}");
    }

    private static void Take(long n)
    {
        if (n == Messages) Taken.Set();
    }
}
