using Outheis.Testing;
using Xunit;
using static Outheis.Testing.LitmusOutcome;

namespace Outheis.Litmus.Fences;

/// <summary>
/// F6 and F5: an outside send that waits for a slot, against a core that drains. The core is a real one; its actor runs
/// one pass. All slots are claimed and one is readable, so a pass frees one slot and fences once.
/// </summary>
public sealed unsafe class IngressWaitTests
{
    private sealed class Desk
    {
        private readonly Core _core = IdleKernel.Make().Cores[0];
        private NotedWaiter _waiter = new();
        private readonly Message*[] _slots = new Message*[Limits.IngressSlots];
        private long _published;
        private bool _sawRoom;

        public string Outcome => $"{(_sawRoom ? "room" : "no room")}, {(_waiter.Woken ? "woken" : "not woken")}";

        public void Renew()
        {
            _core.IngressWaiters.WakeAll();
            Message* slot;
            while ((slot = _core.Ingress.TryClaim(out long position)) != null)
            {
                slot->Flags = MessageFlags.Void;
                _slots[position % Limits.IngressSlots] = slot;      // to be published when its turn comes
            }

            Ingress.Publish(_slots[_published % Limits.IngressSlots], _published++);
            (_waiter, _sawRoom) = (new NotedWaiter(), false);
        }

        public void Drain() => _core.RunPass();

        public void WaitForSlot()
        {
            _core.IngressWaiters.Add(_waiter);
            _sawRoom = _core.CanEnter;
        }
    }

    [Fact]
    public void DrainIngress_AgainstAWaiter_OneSeesTheOther() => Experiment.Expect(
        new LitmusTest<Desk>
        {
            Name = "Core.DrainIngress against WaitList.Add",
            Make = static () => new Desk(),
            Reset = static desk => desk.Renew(),
            Actors = [static desk => desk.Drain(), static desk => desk.WaitForSlot()],
            Observe = static desk => desk.Outcome,
            Outcomes =
            [
                Allowed("room, woken", "each saw the other"),
                Allowed("room, not woken", "the second look found it"),
                Allowed("no room, woken", "the core found the waiter"),
                Forbidden("no room, not woken", "a send waits beside a free slot: F6/F5"),
            ],
        },
        batch: 32);
}
