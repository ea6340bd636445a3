namespace Outheis.Testing;

/// <summary>How long and how a litmus test runs. Change the time; the rest is right for most shapes.</summary>
public sealed record LitmusOptions
{
    /// <summary>How long rounds are begun; default one second. A rare outcome needs minutes or hours.</summary>
    public TimeSpan Time { get; init; } = TimeSpan.FromSeconds(1);

    /// <summary>Rounds whose states exist at the same time; default 1024, less where one state is large.</summary>
    public int Batch { get; init; } = 1024;

    /// <summary>
    /// Longest delay of an actor at the start of its round, in steps of about a nanosecond; default 256. The delays are
    /// random, and short ones are as likely as long ones. 0: none.
    /// </summary>
    public int DelayMost { get; init; } = 256;

    /// <summary>Whether each actor's thread is bound to a processor, where the system can do that; default true. Two
    /// actors that share a processor see no reordering.</summary>
    public bool Pin { get; init; } = true;

    /// <summary>Seed of the delays. It does not make a run repeatable: the processors decide the rest.</summary>
    public ulong Seed { get; init; } = 1;

    /// <summary>How long an actor may take beyond <see cref="Time"/> before the run gives up on it; default one
    /// minute.</summary>
    public TimeSpan Patience { get; init; } = TimeSpan.FromMinutes(1);

    internal void Check()
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(Time, TimeSpan.Zero, nameof(Time));
        ArgumentOutOfRangeException.ThrowIfLessThan(Batch, 1, nameof(Batch));
        ArgumentOutOfRangeException.ThrowIfNegative(DelayMost, nameof(DelayMost));
        ArgumentOutOfRangeException.ThrowIfLessThan(Patience, TimeSpan.Zero, nameof(Patience));
    }
}
