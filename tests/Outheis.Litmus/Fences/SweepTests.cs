using Outheis.Testing;
using Xunit;
using static Outheis.Testing.LitmusOutcome;

namespace Outheis.Litmus.Fences;

/// <summary>
/// F7 and F8: the timer that ends overdue asks turns itself off while an ask begins. Off beside an ask under way means
/// that the ask never times out.
/// </summary>
public sealed class SweepTests
{
    /// <summary>A clock whose one timer is fired by hand and remembers whether it is on.</summary>
    private sealed class HandTimer : TimeProvider, ITimer
    {
        private TimerCallback _callback = null!;
        private object? _state;

        public bool IsOn { get; private set; }

        public bool WasOff { get; private set; }

        public int ChangedBy { get; private set; }      // managed thread

        public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period)
        {
            (_callback, _state) = (callback, state);
            return this;
        }

        public bool Change(TimeSpan dueTime, TimeSpan period)
        {
            IsOn = dueTime != Timeout.InfiniteTimeSpan;
            WasOff |= !IsOn;
            ChangedBy = Environment.CurrentManagedThreadId;
            return true;
        }

        public void Fire() => _callback(_state);

        public void Forget() => WasOff = false;

        public void Dispose()
        {
        }

        public ValueTask DisposeAsync() => default;
    }

    private sealed class Desk : IDisposable
    {
        private readonly HandTimer _timer = new();
        private readonly HostAsks _asks;
        private HostAsk<int>? _ask;
        private int _sweeper;

        public Desk() => _asks = new HostAsks(_timer);

        public string Outcome => !_timer.IsOn ? "off"
            : !_timer.WasOff ? "never off"
            : _timer.ChangedBy == _sweeper ? "on by the sweep" : "on by the ask";

        /// <summary>The timer is on and no ask is under way.</summary>
        public void Renew()
        {
            EndAsk();
            if (!_timer.IsOn)
            {
                Begin();
                EndAsk();
            }

            _timer.Forget();
        }

        public void Begin() => _ask = _asks.Rent<int>(null!, Timeout.InfiniteTimeSpan);

        public void Sweep()
        {
            _sweeper = Environment.CurrentManagedThreadId;
            _timer.Fire();
        }

        public void Dispose() => _timer.Dispose();

        private void EndAsk()
        {
            if (_ask is not null)
            {
                _asks.Withdraw(_ask, _ask.Generation);
                _ask = null;
            }
        }
    }

    [Fact]
    public void Sweep_AgainstABeginningAsk_LeavesTheTimerOn() => Experiment.Expect(
        new LitmusTest<Desk>
        {
            Name = "HostAsks.Sweep against Rent",
            Make = static () => new Desk(),
            Reset = static desk => desk.Renew(),
            Actors = [static desk => desk.Sweep(), static desk => desk.Begin()],
            Observe = static desk => desk.Outcome,
            Outcomes =
            [
                Allowed("never off", "the sweep's first look saw the ask"),
                Allowed("on by the sweep", "its last look saw the ask"),
                Allowed("on by the ask", "the ask saw that the timer is off"),
                Forbidden("off", "an ask is under way and nobody looks at its deadline: F7/F8"),
            ],
        },
        batch: 128);
}
