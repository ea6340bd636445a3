using System.Globalization;

namespace Outheis.Testing;

/// <summary>
/// Where every decision of a simulation comes from: a seed, or the record of an earlier run. What was drawn is kept, so
/// that a run can be repeated exactly, shortened, and repeated again.
/// </summary>
/// <remarks>
/// Zero is always the simplest choice: the first core, no fault, nothing in between. A record that has come to its end
/// goes on with zeros; so a shorter record is a simpler run. One thread.
/// </remarks>
public sealed class Choices
{
    /// <summary>A run that draws more than this has failed: it never comes to rest, maybe within one step.</summary>
    internal const int DrawsMost = 1 << 24;

    private readonly List<int> _drawn = [];
    private readonly IReadOnlyList<int>? _recorded;
    private readonly BoundedRecord? _bounds;
    private ulong _state;

    /// <summary>Draws from a seed.</summary>
    /// <param name="seed">Any number; equal seeds give equal choices.</param>
    public Choices(ulong seed)
    {
        Seed = seed;
        _state = seed * 0x9E3779B97F4A7C15 + 0x632BE59BD9B4E019;
    }

    /// <summary>Repeats what was drawn before.</summary>
    /// <param name="recorded">From <see cref="Drawn"/>, possibly shortened.</param>
    public Choices(IReadOnlyList<int> recorded)
    {
        ArgumentNullException.ThrowIfNull(recorded);
        _recorded = recorded;
        _bounds = recorded as BoundedRecord;
    }

    /// <summary>The seed; null when a record is repeated.</summary>
    public ulong? Seed { get; }

    /// <summary>Everything drawn so far, in order.</summary>
    public IReadOnlyList<int> Drawn => _drawn;

    /// <summary>Steps of all simulations that draw from here.</summary>
    internal long Steps { get; private set; }

    /// <summary>Fails the run that draws from here: the newest simulation does, whoever draws.</summary>
    internal Action<string, string>? Failing { get; set; }

    /// <summary>One of the numbers from 0 to <paramref name="bound"/> - 1, all as likely.</summary>
    /// <param name="bound">At least 1; with 1 nothing is drawn.</param>
    public int Draw(int bound)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(bound, 1);
        if (bound == 1)
        {
            return 0;
        }

        if (_drawn.Count >= (_bounds?.DrawsMost ?? DrawsMost))
        {
            FailTooLong($"more than {_drawn.Count} choices");
        }

        int drawn = _recorded is null ? (int)(Next() % (ulong)bound)
            : _drawn.Count < _recorded.Count ? _recorded[_drawn.Count] % bound
            : 0;
        _drawn.Add(drawn);
        return drawn;
    }

    /// <summary>True once in <paramref name="oneIn"/> times on average: always when it is 1, never when it is
    /// 0.</summary>
    /// <param name="oneIn">0 or more.</param>
    public bool Chance(int oneIn) => oneIn > 0 && Draw(oneIn) == oneIn - 1;

    /// <summary>One of some things.</summary>
    /// <typeparam name="T">Of what.</typeparam>
    /// <param name="from">At least one; the first is the simplest.</param>
    public T Pick<T>(IReadOnlyList<T> from)
    {
        ArgumentNullException.ThrowIfNull(from);
        return from[Draw(from.Count)];
    }

    /// <summary>Counts a step of a simulation that draws from here.</summary>
    internal void CountStep()
    {
        if (++Steps > (_bounds?.StepsMost ?? long.MaxValue))
        {
            FailTooLong($"more than {_bounds!.StepsMost} steps");
        }
    }

    private void FailTooLong(string what)
    {
        Failing?.Invoke(
            _bounds is null ? "progress" : BoundedRecord.Overrun, string.Create(
                CultureInfo.InvariantCulture, $"{what}: it never comes to rest."));
        throw new InvalidOperationException($"Drawn without a simulation: {what}.");
    }

    // Splitmix64: small, good enough, and the same everywhere.
    private ulong Next()
    {
        ulong z = _state += 0x9E3779B97F4A7C15;
        z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9;
        z = (z ^ (z >> 27)) * 0x94D049BB133111EB;
        return z ^ (z >> 31);
    }
}
