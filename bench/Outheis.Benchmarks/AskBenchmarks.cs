using System.Threading.Channels;
using BenchmarkDotNet.Attributes;

namespace Outheis.Benchmarks;

/// <summary>A request from outside and its answer, one at a time.</summary>
[MemoryDiagnoser]
public class AskBenchmarks
{
    private readonly Channel<long> _requests = Channels.Bounded(singleWriter: true);
    private readonly Channel<long> _answers = Channels.Bounded(singleWriter: true);

    [GlobalSetup(Target = nameof(Channel_Pair))]
    public void StartAnswering() =>
        _ = Channels.ReadAll(_requests.Reader, n => _answers.Writer.TryWrite(n + 1));

    [GlobalCleanup(Target = nameof(Channel_Pair))]
    public void StopAnswering() => _requests.Writer.Complete();

    [Benchmark(Baseline = true)]
    public async Task<long> Channel_Pair()
    {
        _requests.Writer.TryWrite(1);
        return await _answers.Reader.ReadAsync();
    }
}
