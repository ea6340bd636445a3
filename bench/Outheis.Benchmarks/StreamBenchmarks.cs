using System.Runtime.CompilerServices;
using System.Threading.Channels;
using BenchmarkDotNet.Attributes;

namespace Outheis.Benchmarks;

/// <summary>
/// A hundred thousand items, taken with await foreach, by one that may be as many behind as its window has room for.
/// </summary>
[MemoryDiagnoser]
public class StreamBenchmarks
{
    private const int Items = 100_000;

    private Kernel _kernel = null!;
    private StreamCapability<int, long> _source;
    private AskCapability<int, long> _near;
    private AskCapability<int, long> _far;

    [Params(32, 1024)]
    public int Window { get; set; }

    [GlobalSetup]
    public void Start()
    {
        _kernel = Kernel.Start(new KernelOptions { Cores = 2 });
        AgentId source = _kernel.Spawn("source", () => new StreamAgent(), new SpawnOptions { Core = 1 });
        _source = _kernel.GrantStream<int, long>(source);
        _near = _kernel.GrantAsk<int, long>(SpawnTaker(source, core: 1));
        _far = _kernel.GrantAsk<int, long>(SpawnTaker(source, core: 0));
    }

    [GlobalCleanup]
    public async Task Stop() => await _kernel.DisposeAsync();

    [Benchmark(Baseline = true, OperationsPerInvoke = Items)]
    public async Task<long> Channel_Bounded()
    {
        Channel<long> channel = Channel.CreateBounded<long>(
            new BoundedChannelOptions(Window) { SingleReader = true, SingleWriter = true });
        Task writes = Task.Run(async () =>
        {
            for (long n = 1; n <= Items; n++) await channel.Writer.WriteAsync(n);
            channel.Writer.Complete();
        });
        long last = 0;
        await foreach (long n in channel.Reader.ReadAllAsync()) last = n;
        await writes;
        return last;
    }

    [Benchmark(OperationsPerInvoke = Items)]
    public async Task<long> Agents_OneCore() => await _near.AskAsync(Window);

    [Benchmark(OperationsPerInvoke = Items)]
    public async Task<long> Agents_TwoCores() => await _far.AskAsync(Window);

    [Benchmark(OperationsPerInvoke = Items)]
    public async Task<long> Agent_ToHost()
    {
        long last = 0;
        await foreach (long n in _source.StreamAsync(Items, Window)) last = n;
        return last;
    }

    private AgentId SpawnTaker(AgentId source, int core) => _kernel.Spawn(
        "taker", born => new TakerAgent(born.GrantStream<int, long>(source)), new SpawnOptions { Core = core });

    private sealed class StreamAgent : Agent, IProduce<int, long>
    {
        public async IAsyncEnumerable<long> ProduceAsync(
            int request, AgentContext context, [EnumeratorCancellation] CancellationToken cancellationToken)
        {
            await Task.CompletedTask;
            for (long n = 1; n <= request; n++) yield return n;
        }
    }

    private sealed class TakerAgent(StreamCapability<int, long> source) : Agent, IAnswerAsync<int, long>
    {
        public async ValueTask<long> AnswerAsync(
            int request, AgentContext context, CancellationToken cancellationToken)
        {
            long last = 0;
            await foreach (long n in context.StreamAsync(source, Items, request)) last = n;
            return last;
        }
    }
}
