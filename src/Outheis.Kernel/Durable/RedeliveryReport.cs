namespace Outheis;

/// <summary>What became of the messages that earlier processes accepted and did not handle, so far. Any
/// thread.</summary>
public sealed class RedeliveryReport
{
    private long _delivered;
    private long _quarantined;
    private long _abandoned;
    private long _unknown;
    private long _givenUp;
    private string? _firstUnknown;

    /// <summary>Put into the channel of the agent that has the name now.</summary>
    public long Delivered => Volatile.Read(ref _delivered);

    /// <summary>Set aside because they had ended an agent or a process too often.</summary>
    public long Quarantined => Volatile.Read(ref _quarantined);

    /// <summary>Requests whose asker went with its process.</summary>
    public long Abandoned => Volatile.Read(ref _abandoned);

    /// <summary>Of a type that this program did not say it has, or that it cannot read, or that the agent does not
    /// handle. They stay in the journal, and wait for a program that does.</summary>
    public long Unknown => Volatile.Read(ref _unknown);

    /// <summary>Lost: the journal's retention gave up their records before anybody had their agent's name again. Keep
    /// more than what may wait, or an archive.</summary>
    public long GivenUp => Volatile.Read(ref _givenUp);

    /// <summary>Why the first of the <see cref="Unknown"/> was not delivered and what to do, as in "add an upcaster
    /// from version 1 to 2"; null: there is none.</summary>
    public string? FirstUnknown => Volatile.Read(ref _firstUnknown);

    internal void CountGivenUp(int messages) => Interlocked.Add(ref _givenUp, messages);

    internal void CountDelivered() => Interlocked.Increment(ref _delivered);

    internal void CountQuarantined() => Interlocked.Increment(ref _quarantined);

    internal void CountAbandoned() => Interlocked.Increment(ref _abandoned);

    internal void CountUnknown(string reason)
    {
        Interlocked.CompareExchange(ref _firstUnknown, reason, null);
        Interlocked.Increment(ref _unknown);
    }
}
