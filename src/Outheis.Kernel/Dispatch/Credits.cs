using System.Runtime.InteropServices;

namespace Outheis;

/// <summary>
/// Keeps the bound of one agent's channel. A message may be on its way only with a credit, so the channel
/// never holds more than its capacity, wherever senders run.
/// </summary>
/// <remarks>
/// Credits lie in three places: shared (any thread, atomic), home (the target's core, plain) and leases (a
/// remote sender, during one turn). What is shared is the difference of two counts, so that a sender and the
/// home core write to different lines: senders count what they take, the home core counts what it returns, and
/// senders look at that only when what they know of is used up. Invariants:
/// <code>
///       shared == capacity - taken + returned
///   C1  shared + home + leases + messages on their way == capacity
///   C2  home &lt;= 2 * keep at the end of each turn of the target; keep == capacity / 16, 0 without home senders
///   C3  a lease is given back when the turn that took it ends
///   C4  returnedSeen &lt;= returned: what senders know may lag, never lead
/// </code>
/// So traffic on one core costs no atomic. Where senders of the target's own core and others mix, the others
/// may see Full at most 1/8 of the capacity early; otherwise, and below 16 messages, the count is exact.
/// </remarks>
[StructLayout(LayoutKind.Explicit, Size = 16 + 12 + 2 * Gap)]
internal struct Credits
{
    private const int Gap = CacheLine.PairedBytes;      // between what the home core writes and what senders write

    [FieldOffset(0)] private int _home;
    [FieldOffset(4)] private readonly int _keep;
    [FieldOffset(8)] private int _homeTook;      // 1: a home sender took credits since the last turn's end
    [FieldOffset(12)] private int _returned;     // modulo 2^32; written by the home core, read by senders
    [FieldOffset(16 + Gap)] private int _taken;      // modulo 2^32; senders
    [FieldOffset(20 + Gap)] private int _returnedSeen;      // senders
    [FieldOffset(24 + Gap)] private readonly int _capacity;

    public Credits(int capacity)
    {
        _capacity = capacity;
        _keep = capacity / Limits.HomeShare;
    }

    public readonly int Capacity => _capacity;

    /// <summary>Credits that the home core keeps for its own senders. The home core.</summary>
    public readonly int Home => _home;

    /// <summary>Credits that nobody holds. For looking only.</summary>
    public readonly int Free => _capacity - (Volatile.Read(in _taken) - Volatile.Read(in _returned));

    /// <summary>One credit for a sender on the target's own core.</summary>
    public bool TryTakeHome()
    {
        _homeTook = 1;
        if (_home > 0)
        {
            _home--;
            return true;
        }

        int got = TakeShared(Math.Max(1, _keep));
        _home = Math.Max(0, got - 1);
        return got > 0;
    }

    /// <summary>Up to <paramref name="wanted"/> credits for a sender on any thread; 0 when there is
    /// none.</summary>
    public int TakeShared(int wanted)
    {
        while (true)
        {
            int taken = Volatile.Read(ref _taken);
            int free = _capacity - (taken - Volatile.Read(ref _returnedSeen));
            if (free < wanted)
            {
                free = _capacity - (taken - Refresh());
            }

            int got = Math.Min(wanted, free);
            if (got <= 0 || Interlocked.CompareExchange(ref _taken, taken + got, taken) == taken)
            {
                return Math.Max(0, got);
            }
        }
    }

    /// <summary>A sender gives back what it took and did not use, from any thread. A full fence: whoever waits for
    /// room is looked for afterwards (F4).</summary>
    public void GiveBack(int credits) => Interlocked.Add(ref _taken, -credits);

    /// <summary>The home core handled (or buried) one message.</summary>
    public void GiveHome() => _home++;

    /// <summary>
    /// End of a turn on the home core: keeps its share, gives the rest to whoever wants it. While somebody
    /// waits for room it is held back until a quarter of the channel is free or the agent has nothing left to
    /// do, so that a waiting sender is woken for a batch and not for each message.
    /// </summary>
    /// <returns>True when whoever waits is to be woken.</returns>
    public bool Settle(bool somebodyWaits, bool isIdle)
    {
        int keep = somebodyWaits || _homeTook == 0 ? 0 : _keep;
        _homeTook = 0;
        if (somebodyWaits && !isIdle && _home + Free < _capacity / 4)
        {
            return false;
        }

        if (_home > 2 * keep)
        {
            int surplus = _home - keep;
            _home = keep;
            Volatile.Write(ref _returned, _returned + surplus);
            Interlocked.MemoryBarrier();      // F4: room is visible BEFORE the look for waiters. Pairs with F5.
            return true;
        }

        return somebodyWaits;
    }

    /// <summary>The home core, whose agent leaves: nothing is kept for its senders. Whoever waits for room is to be
    /// woken.</summary>
    public void GiveUpHome()
    {
        int kept = _home;
        (_home, _homeTook) = (0, 0);
        Volatile.Write(ref _returned, _returned + kept);
        Interlocked.MemoryBarrier();      // F4 again. Pairs with F5.
    }

    // Two senders may overwrite each other here; the older value is the smaller one (C4).
    private int Refresh()
    {
        int returned = Volatile.Read(ref _returned);
        Volatile.Write(ref _returnedSeen, returned);
        return returned;
    }
}
