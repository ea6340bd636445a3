namespace Outheis;

/// <summary>
/// Puts one core to sleep and wakes it: the only sleep/wake handshake of the kernel.
/// </summary>
/// <remarks>
/// Sleeping is rare and waking is asked after every send, so the fence is one-sided: the sleeper announces
/// itself and then makes every other thread of the process pass a full barrier (F1); a waker publishes its
/// work and then reads one word, without a fence of its own (F2). If the waker read "awake", its work was
/// published before the sleeper's barrier, and the sleeper's last look finds it. Otherwise it sees the
/// announcement and wakes.
/// </remarks>
internal sealed class Parker(Action fence, Sleeper sleeper)
{
    private PaddedFlag _parked;      // 1: announced; whoever changes it to 0 owns the wake

    /// <summary>Announced, and nobody has woken it since. For whoever has published work this is the look of
    /// <see cref="Wake"/>: if it says no, that work is found.</summary>
    public bool IsAnnounced => Volatile.Read(ref _parked.Value) != 0;      // F2 too. Pairs with F1.

    /// <summary>The core: announces sleep. The caller then looks for work once more and calls Sleep or
    /// Cancel.</summary>
    public void Announce()
    {
        Volatile.Write(ref _parked.Value, 1);
        fence();      // F1: announced BEFORE the caller's last look for work. Pairs with F2.
        Interference.At(Moment.Announced);
    }

    /// <summary>The core: found work after all.</summary>
    public void Cancel()
    {
        if (Interlocked.Exchange(ref _parked.Value, 0) == 0)
        {
            sleeper.Sleep(Timeout.InfiniteTimeSpan);      // a waker took the announcement: its signal is on the way
        }
    }

    /// <summary>The core: sleeps until woken or until the time is over.</summary>
    public void Sleep(TimeSpan atMost)
    {
        if (!sleeper.Sleep(atMost) && Interlocked.Exchange(ref _parked.Value, 0) == 0)
        {
            sleeper.Sleep(Timeout.InfiniteTimeSpan);      // timed out, but a waker had already taken the announcement
        }
    }

    /// <summary>Any thread, after it published work. True if the core slept.</summary>
    public bool Wake()
    {
        // F2: the caller's release store, then this read; ordered by the sleeper's process-wide barrier F1.
        return Volatile.Read(ref _parked.Value) != 0 && WakeParked();
    }

    private bool WakeParked()
    {
        if (Interlocked.Exchange(ref _parked.Value, 0) == 0)
        {
            return false;
        }

        sleeper.Signal();
        return true;
    }
}
