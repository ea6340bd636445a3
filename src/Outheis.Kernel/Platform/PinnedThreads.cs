using System.Collections.Concurrent;

namespace Outheis;

/// <summary>One operating-system thread per core, bound to one processor where the system can do that; and another one
/// for each handler that is long at something, so that its core goes on.</summary>
internal sealed class PinnedThreads : CoreThreads
{
    private readonly ConcurrentDictionary<Core, Driver> _drivers = new();
    private int[][] _places = [];

    public override int Place(KernelOptions options)
    {
        ProcessorFacts facts = ProcessorFacts.OfThisThread(countsBusy: options.Cores is null);
        _places = CorePlacement.Decide(facts, options.Cores, options.Processors, options.Pin);
        return _places.Length;
    }

    public override void Start(Core core)
    {
        var driver = new Driver(core, _places[core.Index]);
        _drivers[core] = driver;
        driver.Start();
    }

    public override void Fence() => Interlocked.MemoryBarrierProcessWide();

    public override Sleeper MakeSleeper() => FutexSleeper.IsHere ? new FutexSleeper() : new MonitorSleeper();

    public override bool Stop(Core core, TimeSpan atMost) => _drivers[core].Stop(atMost);

    public override bool TakeOver(Core core) => _drivers[core].TakeOver();

    public override int? ProcessorOf(Core core) =>
        _drivers.TryGetValue(core, out Driver? driver) ? driver.Processor : null;

    /// <summary>Runs passes; with nothing to do looks on for a while, then yields, then parks.</summary>
    /// <remarks>Time is read where it was read before anybody counted it: once per round of looks.</remarks>
    private sealed class Driver
    {
        private const int LooksPerPass = 32;      // a look is a few loads, a pass also reads the clock

        private static readonly long s_idleSpin =
            (long)(Limits.IdleSpin.TotalSeconds * TimeProvider.System.TimestampFrequency);

        private readonly Core _core;
        private readonly int[] _processors;      // to be bound to; none: unbound
        private readonly List<Thread> _threads = [];      // those that have not ended, and perhaps some that have
        private readonly TaskCompletionSource _bound = new();
        private int _isStopping;

        public Driver(Core core, int[] processors)
        {
            _core = core;
            _processors = processors;
        }

        public int? Processor { get; private set; }

        public void Start()
        {
            Begin(Run);
            _bound.Task.Wait();
        }

        public bool TakeOver() => _core.Seat.TrySeize(spare =>
        {
            try
            {
                Begin(() => RunSpare(spare));
                return true;
            }
            catch (Exception failure) when (failure is OutOfMemoryException or ThreadStartException)
            {
                return false;      // the system has no thread for it: the core waits
            }
        });

        public bool Stop(TimeSpan atMost)
        {
            Volatile.Write(ref _isStopping, 1);
            _core.Post(new Nudge());
            if (!_core.Seat.Close(atMost))
            {
                return false;
            }

            lock (_threads)
            {
                return _threads.TrueForAll(thread => thread.Join(atMost));
            }
        }

        private void Begin(ThreadStart run)
        {
            var thread = new Thread(run) { IsBackground = true, Name = $"outheis core {_core.Index}" };
            thread.UnsafeStart();      // nothing that is around the caller of Kernel.Start goes with it
            lock (_threads)
            {
                _threads.RemoveAll(static ended => !ended.IsAlive);
                _threads.Add(thread);
            }
        }

        private void Run()
        {
            if (Bind())
            {
                Processor = _processors[0];
            }

            _core.Seat.SitDown();
            _bound.SetResult();
            Drive();
        }

        private void RunSpare(Sitter me)
        {
            Bind();
            if (_core.Seat.SitBy(me))
            {
                Drive();
            }
        }

        private bool Bind() => _processors.Length > 0 && Affinity.TryBind(_processors) && _processors.Length == 1;

        // As long as this thread has the core.
        private void Drive()
        {
            _core.Enter();
            _core.Kernel.Watch.NoteAwake();
            bool isNeeded = true;
            while (isNeeded && Volatile.Read(ref _isStopping) == 0)
            {
                if (_core.RunPass() == 0)
                {
                    Idle();
                }

                isNeeded = !_core.Seat.IsWanted || _core.Seat.HandOver();
            }

            if (isNeeded)
            {
                _core.Seat.GetUp();
            }

            Core.Leave();
        }

        private void Idle()
        {
            long start = TimeProvider.System.GetTimestamp(), seen = start;
            do
            {
                for (int looks = 0; looks < LooksPerPass && !_core.HasWork(); looks++)
                {
                    Thread.SpinWait(1);
                }

                if (_core.RunPass() > 0)
                {
                    return;
                }

                seen = CountIdle(seen);
            }
            while (seen - start < s_idleSpin);

            for (int i = 0; i < Limits.IdleYields; i++)
            {
                Thread.Yield();
                seen = CountIdle(seen);
                if (_core.RunPass() > 0)
                {
                    return;
                }
            }

            Park(seen);
        }

        private void Park(long since)
        {
            Parker parker = _core.Parker;
            parker.Announce();
            if (_core.HasWork() || Volatile.Read(ref _isStopping) != 0)
            {
                parker.Cancel();
                return;
            }

            _core.Counters.FallAsleep(since);
            parker.Sleep(_core.SleepAtMost());
            _core.Counters.Awake(TimeProvider.System.GetTimestamp());
            _core.Kernel.Watch.NoteAwake();
        }

        private long CountIdle(long since)
        {
            long now = TimeProvider.System.GetTimestamp();
            _core.Counters.Idle.Add(now - since);
            return now;
        }
    }
}
