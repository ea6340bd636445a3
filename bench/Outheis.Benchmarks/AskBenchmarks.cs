using System.Threading.Channels;
using BenchmarkDotNet.Attributes;

namespace Outheis.Benchmarks;

/// <summary>
/// A request from outside and its answer, one at a time. What is allocated is this class's own task.
/// </summary>
[MemoryDiagnoser]
public class AskBenchmarks
{
    private readonly Channel<long> _requests = Channels.Bounded(singleWriter: true);
    private readonly Channel<long> _answers = Channels.Bounded(singleWriter: true);
    private Kernel _kernel = null!;
    private AskCapability<long, long> _answerer;

    [GlobalSetup]
    public void Start()
    {
        _ = Channels.ReadAll(_requests.Reader, n => _answers.Writer.TryWrite(n + 1));
        _kernel = Kernel.Start(new KernelOptions { Cores = 1 });
        _answerer = _kernel.GrantAsk<long, long>(_kernel.Spawn("answerer", () => new AnswerAgent()));
    }

    [GlobalCleanup]
    public async Task Stop()
    {
        _requests.Writer.Complete();
        await _kernel.DisposeAsync();
    }

    [Benchmark(Baseline = true)]
    public async Task<long> Channel_Pair()
    {
        _requests.Writer.TryWrite(1);
        return await _answers.Reader.ReadAsync();
    }

    [Benchmark]
    public async Task<long> Host_Ask() => await _answerer.AskAsync(1);
}
