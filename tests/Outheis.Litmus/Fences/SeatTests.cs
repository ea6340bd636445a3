using Outheis.Testing;
using Xunit;
using static Outheis.Testing.LitmusOutcome;

namespace Outheis.Litmus.Fences;

/// <summary>F11 and F12: a core is not taken from a thread that comes out of an agent's code unseen. The fence is the
/// one that core threads have.</summary>
public sealed class SeatTests
{
    private const int DelayMost = 4096;      // the process-wide fence takes microseconds: meet it at every moment

    private static readonly Action s_fence = new PinnedThreads().Fence;

    private sealed class Desk
    {
        private readonly Core _core = IdleKernel.Make(s_fence).Cores[0];
        private bool _cameAlone;
        private bool _wasTaken;

        public Desk() => _core.EnterAgent();

        public string Outcome => $"{(_cameAlone ? "came alone" : "saw it")}, {(_wasTaken ? "taken" : "not taken")}";

        public void Renew()
        {
            _core.Share(false);
            _core.EnterAgent();
        }

        public void ComeBack() => _cameAlone = _core.ComesAlone();

        public void Take() => _wasTaken = _core.TryShare();
    }

    [Fact]
    public void Take_AgainstAReturn_OneSeesTheOther() => Experiment.Expect(
        new LitmusTest<Desk>
        {
            Name = "taking a core against coming back",
            Make = static () => new Desk(),
            Reset = static desk => desk.Renew(),
            Actors = [static desk => desk.ComeBack(), static desk => desk.Take()],
            Observe = static desk => desk.Outcome,
            Outcomes =
            [
                Allowed("came alone, not taken", "the taker saw it in the kernel"),
                Allowed("saw it, taken", "it waits for the core"),
                Allowed("saw it, not taken", "each saw the other: it goes on once the taker has let go"),
                Forbidden("came alone, taken", "two threads have one core: F11/F12"),
            ],
        },
        batch: 16,
        DelayMost);
}
