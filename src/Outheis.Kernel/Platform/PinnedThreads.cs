using System.Collections.Concurrent;

namespace Outheis;

/// <summary>One operating-system thread per core, bound to one processor where the system can do
/// that.</summary>
internal sealed class PinnedThreads(bool pin) : CoreThreads
{
    private readonly ConcurrentDictionary<Core, Driver> _drivers = new();

    public override int DefaultCores => Math.Min(Environment.ProcessorCount, Limits.CoresMax);

    public override void Start(Core core)
    {
        var driver = new Driver(core, pin ? Affinity.Processor(core.Index) : null);
        _drivers[core] = driver;
        driver.Start();
    }

    public override void Fence() => Interlocked.MemoryBarrierProcessWide();

    public override bool Stop(Core core, TimeSpan atMost) => _drivers[core].Stop(atMost);

    public override int? ProcessorOf(Core core) =>
        _drivers.TryGetValue(core, out Driver? driver) ? driver.Processor : null;

    /// <summary>Runs passes; with nothing to do looks on for a while, then yields, then parks.</summary>
    private sealed class Driver
    {
        private const int LooksPerPass = 32;      // a look is a few loads, a pass also reads the clock

        private readonly Core _core;
        private readonly Thread _thread;
        private readonly TaskCompletionSource _bound = new();
        private int _isStopping;

        public Driver(Core core, int? processor)
        {
            _core = core;
            Processor = processor;
            _thread = new Thread(Run) { IsBackground = true, Name = $"outheis core {core.Index}" };
        }

        public int? Processor { get; private set; }

        public void Start()
        {
            _thread.Start();
            _bound.Task.Wait();
        }

        public bool Stop(TimeSpan atMost)
        {
            Volatile.Write(ref _isStopping, 1);
            _core.Post(new Nudge());
            return _thread.Join(atMost);
        }

        private void Run()
        {
            if (Processor is { } processor && !Affinity.TryBind(processor))
            {
                Processor = null;
            }

            _bound.SetResult();
            _core.Enter();
            while (Volatile.Read(ref _isStopping) == 0)
            {
                if (_core.RunPass() == 0)
                {
                    Idle();
                }
            }

            Core.Leave();
        }

        private void Idle()
        {
            long start = TimeProvider.System.GetTimestamp();
            while (TimeProvider.System.GetElapsedTime(start) < Limits.IdleSpin)
            {
                for (int looks = 0; looks < LooksPerPass && !_core.HasWork(); looks++)
                {
                    Thread.SpinWait(1);
                }

                if (_core.RunPass() > 0)
                {
                    return;
                }
            }

            for (int i = 0; i < Limits.IdleYields; i++)
            {
                Thread.Yield();
                if (_core.RunPass() > 0)
                {
                    return;
                }
            }

            Parker parker = _core.Parker;
            parker.Announce();
            if (_core.HasWork() || Volatile.Read(ref _isStopping) != 0)
            {
                parker.Cancel();
                return;
            }

            _core.Counters.Parks++;
            parker.Sleep(_core.SleepAtMost());
        }

        private sealed class Nudge : KernelOp
        {
            public override void Run(Core core)
            {
            }
        }
    }
}
