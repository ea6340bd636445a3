namespace Outheis;

/// <summary>How one agent stands with its budget. Its core alone, but for what says otherwise.</summary>
internal sealed class Spending(Budget budget)
{
    public readonly Budget Budget = budget;
    public long ThrottledUntil;      // 0: it is not; others look at it
    public long ToldUntil;           // the policy was followed for this period
    public Core? WaitsAt;            // whose list it is in: it may have been let go meanwhile
    public long WaitsUntil;          // when it is due there; what else the list has of it is old

    /// <summary>Its agent leaves its core; the next one asks the budget anew.</summary>
    public void Leave()
    {
        WaitsAt = null;
        Volatile.Write(ref ThrottledUntil, 0);
    }

    /// <summary>Any thread.</summary>
    public bool IsThrottled => Volatile.Read(ref ThrottledUntil) != 0;
}
