using BenchmarkDotNet.Attributes;

namespace Outheis.Benchmarks;

/// <summary>A million timers of one agent, armed in one turn: beside them, .NET's own.</summary>
[MemoryDiagnoser]
public class TimerBenchmarks
{
    private const int Timers = 1_000_000;

    private readonly Timer[] _timers = new Timer[Timers];
    private Kernel _kernel = null!;
    private AskCapability<Arm, int> _agent;

    [GlobalSetup]
    public void Start()
    {
        _kernel = Kernel.Start(new KernelOptions { Cores = 1 });
        _agent = _kernel.GrantAsk<Arm, int>(_kernel.Spawn("timers", static () => new TimerAgent()));
    }

    [GlobalCleanup]
    public async Task Stop() => await _kernel.DisposeAsync();

    [Benchmark(Baseline = true, OperationsPerInvoke = Timers)]
    public void DotNet_ArmAndDispose()
    {
        for (int i = 0; i < Timers; i++)
        {
            _timers[i] = new Timer(static _ => { }, null, TimerAgent.DelayOf(i), Timeout.InfiniteTimeSpan);
        }

        Array.ForEach(_timers, static timer => timer.Dispose());
    }

    [Benchmark(OperationsPerInvoke = Timers)]
    public async Task<int> Kernel_ArmAndCancel() =>
        await _agent.AskAsync(new Arm(Timers), TimeSpan.FromMinutes(1));

    private readonly record struct Arm(int Count);

    private readonly record struct Rang;

    private sealed class TimerAgent : Agent, IAnswer<Arm, int>, IHandle<Rang>
    {
        private readonly AgentTimer[] _timers = new AgentTimer[Timers];

        /// <summary>From a second up, spread over a minute.</summary>
        public static TimeSpan DelayOf(int i) => TimeSpan.FromMilliseconds(1000 + ((uint)i * 7919u % 60_000));

        public int Answer(in Arm request, Context context)
        {
            for (int i = 0; i < request.Count; i++)
            {
                _timers[i] = context.After(DelayOf(i), default(Rang), TimeSpan.Zero);
            }

            for (int i = 0; i < request.Count; i++)
            {
                context.Cancel(_timers[i]);
            }

            return request.Count;
        }

        public void Handle(in Rang message, Context context)
        {
        }
    }
}
