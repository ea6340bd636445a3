using System.Text;

namespace Outheis;

/// <summary>What a durable timer was asked to be: of which key, and due when.</summary>
/// <param name="Key">Names it among its agent's.</param>
/// <param name="Delay">Until it is due first, on the kernel's clock; without meaning if it has a time.</param>
/// <param name="Period">Between two times; zero: it is due once.</param>
/// <param name="When">The time that the wall clock is to show; null: it goes by the delay.</param>
internal readonly record struct TimerTerms(string Key, TimeSpan Delay, TimeSpan Period, DateTimeOffset? When)
{
    public static TimerTerms After(string key, TimeSpan delay) => new(Checked(key), Ahead(delay), TimeSpan.Zero, null);

    public static TimerTerms At(string key, DateTimeOffset when) =>
        new(Checked(key), TimeSpan.Zero, TimeSpan.Zero, when);

    public static TimerTerms Every(string key, TimeSpan period, TimeSpan? first)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(period, Limits.TimerTick);
        return new TimerTerms(Checked(key), Ahead(first ?? period), period, null);
    }

    private static TimeSpan Ahead(TimeSpan delay) => delay < TimeSpan.Zero ? TimeSpan.Zero : delay;

    /// <exception cref="ArgumentException">It is empty, or too long for a record.</exception>
    public static string Checked(string key)
    {
        ArgumentException.ThrowIfNullOrEmpty(key);
        return Encoding.UTF8.GetByteCount(key) <= Limits.TimerKeyBytes ? key : throw new ArgumentException(
            $"The key of a timer has {Limits.TimerKeyBytes} bytes at most; put the rest into its message.",
            nameof(key));
    }
}
