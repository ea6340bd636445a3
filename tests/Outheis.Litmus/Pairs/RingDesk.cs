namespace Outheis.Litmus.Pairs;

/// <summary>
/// A ring whose messages say which one they are: at the front of the slot, at its end, and in the object beside it.
/// What does not fit together was seen before it was whole, or overwritten before it was taken.
/// </summary>
internal abstract unsafe class RingDesk : IDisposable
{
    private ulong _taken;

    /// <summary>What became of the messages of this round: one torn message outweighs the others.</summary>
    public string Seen { get; private set; } = "";

    public bool Sent { get; protected set; }

    public void Renew() => (Seen, Sent) = ("nothing", false);

    /// <summary>The consumer: takes one message, if there is one, and gives its slot back.</summary>
    public void Take()
    {
        Message* slot = Peek();
        if (slot != null)
        {
            ulong expected = ++_taken;
            ulong front = slot->Badge, end = slot->Labels;
            object? beside = TakeBeside();
            bool isWhole = front == expected && end == expected && beside is ulong number && number == expected;
            Seen = isWhole && Seen != "torn" ? "whole" : "torn";
        }
    }

    /// <summary>The consumer: gives back the slot it took.</summary>
    public abstract void Free();

    /// <summary>A producer: puts the next message in, if there is room.</summary>
    public abstract void Send();

    public abstract void Dispose();

    protected static void Fill(Message* slot, ulong number)
    {
        slot->Badge = number;
        slot->Labels = number;
    }

    protected abstract Message* Peek();

    /// <summary>Takes the object, and moves on.</summary>
    protected abstract object? TakeBeside();
}

internal sealed unsafe class CoreRingDesk : RingDesk
{
    private readonly CoreRing _ring = new();
    private ulong _sent;

    public override void Free() => _ring.Free();

    public override void Dispose() => _ring.Dispose();

    public override void Send()
    {
        Message* slot = _ring.TryClaim();
        if (slot != null)
        {
            ulong number = ++_sent;
            Fill(slot, number);
            _ring.PutReference(number);
            _ring.Publish(slot);
            Sent = true;
        }
    }

    protected override Message* Peek() => _ring.Peek();

    protected override object? TakeBeside()
    {
        object? beside = _ring.TakeReference();
        _ring.Take();
        return beside;
    }
}

internal sealed unsafe class IngressDesk : RingDesk
{
    private readonly Ingress _ring = new();

    public override void Free() => _ring.Free();

    public override void Dispose() => _ring.Dispose();

    public override void Send()
    {
        Message* slot = _ring.TryClaim(out long position);
        if (slot != null)
        {
            ulong number = (ulong)position + 1;
            Fill(slot, number);
            _ring.PutReference(position, number);
            Ingress.Publish(slot, position);
            Sent = true;
        }
    }

    protected override Message* Peek() => _ring.Peek();

    protected override object? TakeBeside()
    {
        object? beside = _ring.TakeReference();
        _ring.Take();
        return beside;
    }
}
