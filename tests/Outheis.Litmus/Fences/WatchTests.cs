using Outheis.Testing;
using Xunit;
using static Outheis.Testing.LitmusOutcome;

namespace Outheis.Litmus.Fences;

/// <summary>F13 and F14: no core is awake while nobody looks at it.</summary>
public sealed class WatchTests
{
    /// <summary>Threads of which the only one notes that it was called.</summary>
    private sealed class NotedWorker : HostThreads, IWorker
    {
        public bool WasCalled { get; set; }

        public override TaskScheduler Scheduler => TaskScheduler.Default;

        public override int Processors => 1;

        public override void Queue(IThreadPoolWorkItem item) => item.Execute();

        public override IWorker StartWorker(string name, Action work) => this;

        public override IPoolThread MakePoolThread(string name, IPoolWork work, TimeSpan restMost) =>
            throw new NotSupportedException();

        public void Signal() => WasCalled = true;

        public void Rest(TimeSpan atMost)
        {
        }

        public void Dispose()
        {
        }
    }

    private sealed class Desk : IDisposable
    {
        private readonly NotedWorker _worker = new();
        private readonly Kernel _kernel;
        private bool _rests;

        public Desk()
        {
            _kernel = IdleKernel.Make(host: _worker);
            Renew();
        }

        public string Outcome => $"{(_rests ? "rests" : "looks")}, {(_worker.WasCalled ? "called" : "not called")}";

        /// <summary>The watch looks and the core is announced as asleep.</summary>
        public void Renew()
        {
            _kernel.Watch.BeginLooking();
            _worker.WasCalled = false;
            if (!_kernel.Cores[0].Parker.IsAnnounced)
            {
                _kernel.Cores[0].Parker.Announce();
            }
        }

        public void Dispose() => _worker.Dispose();

        public void Rest() => _rests = _kernel.Watch.TryRest();

        public void WakeUp()
        {
            _kernel.Cores[0].Parker.Sleep(TimeSpan.Zero);      // its time is over
            _kernel.Watch.NoteAwake();
        }
    }

    [Fact]
    public void Rest_AgainstACoreThatWakes_OneSeesTheOther() => Experiment.Expect(
        new LitmusTest<Desk>
        {
            Name = "TurnWatch.TryRest against NoteAwake",
            Make = static () => new Desk(),
            Reset = static desk => desk.Renew(),
            Actors = [static desk => desk.Rest(), static desk => desk.WakeUp()],
            Observe = static desk => desk.Outcome,
            Outcomes =
            [
                Allowed("looks, not called", "its last look saw the core"),
                Allowed("rests, called", "the core saw that nobody looks"),
                Allowed("looks, called", "each saw the other"),
                Forbidden("rests, not called", "a core is awake and nobody looks at it: F13/F14"),
            ],
        },
        batch: 64);
}
