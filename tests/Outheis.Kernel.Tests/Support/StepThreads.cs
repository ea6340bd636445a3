namespace Outheis.Tests;

/// <summary>
/// One thread drives all cores of a kernel, a pass at a time, in an order drawn from a seed. There is nobody to order
/// memory for, so the fence does nothing.
/// </summary>
internal sealed class StepThreads(int seed) : CoreThreads
{
    private readonly Random _random = new(seed);
    private readonly List<Core> _cores = [];
    private int _sleepers;
    private readonly Lock _lock = new();      // a stop comes from the thread pool

    public override int Place(KernelOptions options) => options.Cores ?? 2;

    public override void Start(Core core) => _cores.Add(core);

    public override void Fence()
    {
    }

    public override bool Stop(Core core, TimeSpan atMost)
    {
        lock (_lock)
        {
            _cores.Remove(core);
            return true;
        }
    }

    public override int? ProcessorOf(Core core) => null;

    /// <summary>The cores that were woken, in that order.</summary>
    public List<int> Woken { get; } = [];

    // For the cores in their order.
    public override Sleeper MakeSleeper()
    {
        int index = _sleepers++;
        return new HeardSleeper(() =>
        {
            lock (Woken)
            {
                Woken.Add(index);
            }
        });
    }

    /// <summary>What the watch is told that asks for another thread to have a core: nobody is that.</summary>
    public Func<Core, bool> Taking { get; set; } = static _ => false;

    public override bool TakeOver(Core core) => Taking(core);

    /// <summary>One pass of one core, drawn at random.</summary>
    public int Step()
    {
        lock (_lock)
        {
            return _cores.Count == 0 ? 0 : Pass(_cores[_random.Next(_cores.Count)]);
        }
    }

    /// <summary>One pass of each core, in a random order.</summary>
    public int StepAll()
    {
        lock (_lock)
        {
            Core[] order = [.. _cores];
            _random.Shuffle(order);
            return order.Sum(Pass);
        }
    }

    /// <summary>One pass of this core.</summary>
    public static int Pass(Core core)
    {
        core.Enter();
        try
        {
            return core.RunPass();
        }
        finally
        {
            Core.Leave();
        }
    }

    private sealed class HeardSleeper(Action heard) : Sleeper
    {
        private readonly MonitorSleeper _inner = new();

        public override void Signal()
        {
            heard();
            _inner.Signal();
        }

        public override bool Sleep(TimeSpan atMost) => _inner.Sleep(atMost);
    }
}
