namespace Outheis;

/// <summary>A send that waits for room. Wake may be called from any thread; it makes the send try
/// again.</summary>
internal abstract class Waiter : KernelOp
{
    internal Waiter? NextWaiter;

    public abstract void Wake();
}

/// <summary>
/// Who waits for room in one place. Whoever waits adds itself, then looks for room once more; whoever makes
/// room does so with a full fence, then wakes everybody here. One of the two sees the other, so no waiter
/// sleeps beside free room.
/// </summary>
internal struct WaitList
{
    private Waiter? _top;

    public readonly bool Any => Volatile.Read(in _top) is not null;

    public void Add(Waiter waiter)
    {
        Waiter? top = Volatile.Read(ref _top);
        while (true)
        {
            waiter.NextWaiter = top;
            // F5: waiting is visible BEFORE the caller's second look for room. Pairs with F4, F6.
            Waiter? seen = Interlocked.CompareExchange(ref _top, waiter, top);
            if (ReferenceEquals(seen, top))
            {
                return;
            }

            top = seen;
        }
    }

    /// <summary>Wakes all, in the order in which they came.</summary>
    public void WakeAll()
    {
        Waiter? newest = Interlocked.Exchange(ref _top, null);
        Waiter? oldest = null;
        while (newest is not null)
        {
            (newest.NextWaiter, oldest, newest) = (oldest, newest, newest.NextWaiter);
        }

        while (oldest is not null)
        {
            Waiter waiter = oldest;
            oldest = waiter.NextWaiter;
            waiter.NextWaiter = null;
            waiter.Wake();
        }
    }
}
