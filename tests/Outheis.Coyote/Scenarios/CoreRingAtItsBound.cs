namespace Outheis.Coyote;

/// <summary>
/// The last free slot of the ring between two cores: I1 to I3 of <see cref="CoreRing"/>, INV-03. What the receiver sees
/// is whole and in order, each message once; the sender overwrites nothing that was not taken.
/// </summary>
internal sealed unsafe class CoreRingAtItsBound : Scenario, IDisposable
{
    private const int Before = Limits.RingSlots - 1;      // what lies in the ring when the two begin
    private const int Tries = 3;

    private readonly CoreRing _ring = new();
    private long _sent;
    private long _taken;

    public CoreRingAtItsBound()
    {
        for (int i = 0; i < Before; i++)
        {
            TrySend();
        }
    }

    public override void Run() => Together(
        () =>
        {
            for (int i = 0; i < Tries; i++)
            {
                TrySend();
            }
        },
        () =>
        {
            for (int i = 0; i < Tries; i++)
            {
                TryTake();
                _ring.Free();
            }
        });

    public override void Check()
    {
        while (TryTake())
        {
        }

        Claim(_sent > Before, "there was a free slot");
        Claim(_taken == _sent, $"INV-03: {_sent} sent, {_taken} taken");
    }

    public void Dispose() => _ring.Dispose();

    private void TrySend()
    {
        Message* slot = _ring.TryClaim();
        if (slot != null)
        {
            slot->Badge = (ulong)_sent;
            _ring.PutReference(_sent);
            _ring.Publish(slot);
            _sent++;
        }
    }

    private bool TryTake()
    {
        Message* slot = _ring.Peek();
        if (slot == null)
        {
            return false;
        }

        Claim(slot->Badge == (ulong)_taken, $"I1: message {slot->Badge} at {_taken}");
        Claim(_ring.TakeReference() is long beside && beside == _taken, "the object beside it is of another message");
        _ring.Take();
        _taken++;
        return true;
    }
}
