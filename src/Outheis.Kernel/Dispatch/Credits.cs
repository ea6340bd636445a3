using System.Runtime.InteropServices;

namespace Outheis;

/// <summary>
/// Keeps the bound of one agent's channel. A message may be on its way only with a credit, so the channel
/// never holds more than its capacity, wherever senders run.
/// </summary>
/// <remarks>
/// Credits lie in three places: shared (any thread, atomic), home (the target's core, plain) and leases (a
/// remote sender, during one turn). Invariants:
/// <code>
///   C1  shared + home + leases + messages on their way == capacity
///   C2  home &lt;= 2 * keep at the end of each turn of the target; keep == capacity / 16, 0 without home
///   senders C3  a lease is given back when the turn that took it ends
/// </code>
/// So traffic on one core costs no atomic. Where senders of the target's own core and others mix, the others
/// may see Full at most 1/8 of the capacity early; otherwise, and below 16 messages, the count is exact.
/// </remarks>
[StructLayout(LayoutKind.Explicit, Size = 16 + 2 * SharedOffset)]
internal struct Credits
{
    private const int SharedOffset = 64;      // away from what the home core writes

    [FieldOffset(0)] private int _home;
    [FieldOffset(4)] private readonly int _keep;
    [FieldOffset(8)] private readonly int _capacity;
    [FieldOffset(12)] private int _homeTook;      // 1: a home sender took credits since the last turn's end
    [FieldOffset(8 + SharedOffset)] private int _shared;

    public Credits(int capacity)
    {
        _capacity = capacity;
        _keep = capacity / Limits.HomeShare;
        _shared = capacity;
    }

    public readonly int Capacity => _capacity;

    /// <summary>Credits that nobody holds. For looking only.</summary>
    public readonly int Free => Volatile.Read(in _shared);

    /// <summary>One credit for a sender on the target's own core.</summary>
    public bool TryTakeHome()
    {
        _homeTook = 1;
        if (_home > 0)
        {
            _home--;
            return true;
        }

        int taken = TakeShared(Math.Max(1, _keep));
        _home = Math.Max(0, taken - 1);
        return taken > 0;
    }

    /// <summary>Up to <paramref name="wanted"/> credits for a sender on any thread; 0 when there is
    /// none.</summary>
    public int TakeShared(int wanted)
    {
        while (true)
        {
            int free = Volatile.Read(ref _shared);
            int taken = Math.Min(wanted, free);
            if (taken <= 0 || Interlocked.CompareExchange(ref _shared, free - taken, free) == free)
            {
                return Math.Max(0, taken);
            }
        }
    }

    /// <summary>Gives credits back from any thread. A full fence: whoever waits for room is looked for
    /// afterwards (F4).</summary>
    public void GiveShared(int credits) => Interlocked.Add(ref _shared, credits);

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
            GiveShared(surplus);      // F4: room is visible BEFORE the look for waiters. Pairs with F5 in WaitList.Add.
            return true;
        }

        return somebodyWaits;
    }
}
