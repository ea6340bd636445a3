namespace Outheis.Coyote;

/// <summary>
/// Two outside threads and a core at the last free slots of the ingress: I1 to I3 of <see cref="Ingress"/>, INV-02,
/// INV-03. Each message arrives once, whole, and in the order of its thread.
/// </summary>
internal sealed unsafe class IngressAtItsBound : Scenario, IDisposable
{
    private const int Before = Limits.IngressSlots - 2;
    private const int Tries = 2;
    private const int Threads = 3;      // two that send, and the one that filled the ring before

    private readonly Ingress _ingress = new();
    private readonly long[] _sent = new long[Threads];
    private readonly long[] _taken = new long[Threads];

    public IngressAtItsBound()
    {
        for (int i = 0; i < Before; i++)
        {
            TrySend(0);
        }
    }

    public override void Run() => Together(() => Send(1), () => Send(2), () =>
    {
        for (int i = 0; i < Tries; i++)
        {
            TryTake();
            _ingress.Free();
        }
    });

    public override void Check()
    {
        while (TryTake())
        {
        }

        Claim(_sent.Sum() >= Limits.IngressSlots, "there were two free slots");
        Claim(_sent.SequenceEqual(_taken), $"INV-03: {string.Join(' ', _sent)} sent, {string.Join(' ', _taken)} taken");
    }

    public void Dispose() => _ingress.Dispose();

    private void Send(int thread)
    {
        for (int i = 0; i < Tries; i++)
        {
            TrySend(thread);
        }
    }

    private void TrySend(int thread)
    {
        Message* slot = _ingress.TryClaim(out long position);
        if (slot != null)
        {
            (slot->Sender, slot->Badge) = ((uint)thread, (ulong)_sent[thread]);
            _ingress.PutReference(position, (thread, _sent[thread]));
            Ingress.Publish(slot, position);
            _sent[thread]++;
        }
    }

    private bool TryTake()
    {
        Message* slot = _ingress.Peek();
        if (slot == null)
        {
            return false;
        }

        uint thread = slot->Sender;
        Claim(slot->Badge == (ulong)_taken[thread], $"INV-02: {slot->Badge} of {thread} after {_taken[thread]} of it");
        Claim(
            _ingress.TakeReference() is (int of, long beside) && of == thread && beside == _taken[thread],
            "I1: the object beside it is of another message");
        _ingress.Take();
        _taken[thread]++;
        return true;
    }
}
