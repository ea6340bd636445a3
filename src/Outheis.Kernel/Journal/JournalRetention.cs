namespace Outheis;

/// <summary>How much of its history a journal keeps. What is older is given up when a new segment is prepared: never
/// before something newer is on the disk, if any of it was made durable for somebody.</summary>
public sealed class JournalRetention
{
    private JournalRetention(long? bytes, TimeSpan? age) => (Bytes, Age) = (bytes, age);

    /// <summary>Everything. A full disk refuses sends until there is room.</summary>
    public static JournalRetention KeepAll { get; } = new(null, null);

    internal bool IsBounded => Bytes is not null || Age is not null;

    internal long? Bytes { get; }

    internal TimeSpan? Age { get; }

    /// <summary>A ring: at least so much of the newest history, in whole segments. On top come the segment that is
    /// held ready and up to 8 segments or 32 MiB, whichever is less but at least one, that are given up at a
    /// time.</summary>
    /// <param name="perCore">Bytes of each core's history, at least 1.</param>
    public static JournalRetention KeepBytes(long perCore)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(perCore, 1);
        return new JournalRetention(perCore, null);
    }

    /// <summary>At least everything that is not older than this. Segments go as a whole, some at a time, when a new one
    /// is prepared: an idle core keeps what it has.</summary>
    /// <param name="age">By the kernel's wall clock; more than zero.</param>
    public static JournalRetention KeepFor(TimeSpan age)
    {
        ArgumentOutOfRangeException.ThrowIfLessThanOrEqual(age, TimeSpan.Zero);
        return new JournalRetention(null, age);
    }

    /// <summary>In words.</summary>
    public override string ToString() =>
        Bytes is { } bytes ? $"KeepBytes({bytes})" : Age is { } age ? $"KeepFor({age:c})" : "KeepAll";
}
