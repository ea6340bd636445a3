using System.Globalization;
using System.Text;

namespace Outheis.Testing;

/// <summary>One outcome and how often it was seen.</summary>
/// <param name="Outcome">The row of the table; one that the table lacks is forbidden.</param>
/// <param name="Count">Rounds that ended so; 0 for a row that was never seen.</param>
public sealed record LitmusCount(LitmusOutcome Outcome, long Count);

/// <summary>What a litmus test saw. Its text is the table with the counts.</summary>
public sealed class LitmusResult
{
    internal LitmusResult(
        string name, TimeSpan elapsed, IReadOnlyList<LitmusOutcome> table, IReadOnlyDictionary<string, long> seen)
    {
        Name = name;
        Elapsed = elapsed;
        Rounds = seen.Values.Sum();
        IEnumerable<LitmusOutcome> unlisted = seen.Keys.Except(table.Select(static row => row.Text))
            .Order(StringComparer.Ordinal)
            .Select(static text => LitmusOutcome.Forbidden(text, "not in the table"));
        Counts = [.. table.Concat(unlisted).Select(row => new LitmusCount(row, seen.GetValueOrDefault(row.Text)))];
    }

    /// <summary>Of the test.</summary>
    public string Name { get; }

    /// <summary>Rounds that were run.</summary>
    public long Rounds { get; }

    /// <summary>How long they took, states and observations included.</summary>
    public TimeSpan Elapsed { get; }

    /// <summary>The rows of the table in its order, then what was seen and is not in it.</summary>
    public IReadOnlyList<LitmusCount> Counts { get; }

    /// <summary>Whether something was seen that must not be.</summary>
    public bool IsBroken =>
        Counts.Any(static row => row.Outcome.Verdict == LitmusVerdict.Forbidden && row.Count > 0);

    /// <summary>How often an outcome was seen.</summary>
    /// <param name="outcome">What Observe returned.</param>
    public long Count(string outcome) => Counts.FirstOrDefault(row => row.Outcome.Text == outcome)?.Count ?? 0;

    /// <summary>Fails with the table if something was seen that must not be.</summary>
    /// <exception cref="LitmusException">A forbidden outcome, or one that the table lacks.</exception>
    public void AssertNothingForbidden()
    {
        if (IsBroken)
        {
            throw new LitmusException(this);
        }
    }

    /// <summary>The table.</summary>
    public override string ToString()
    {
        int width = Counts.Max(static row => row.Outcome.Text.Length);
        var text = new StringBuilder();
        text.Append(CultureInfo.InvariantCulture, $"{Name}: {Rounds:N0} rounds in {Elapsed.TotalSeconds:F1} s");
        foreach ((LitmusOutcome outcome, long count) in Counts)
        {
            text.Append('\n').Append(CultureInfo.InvariantCulture, $"{count,14:N0}  ")
                .Append(outcome.Text.PadRight(width))
                .Append(CultureInfo.InvariantCulture, $"  {outcome.Verdict,-11}  {outcome.Comment}");
        }

        return text.ToString();
    }
}

/// <summary>A litmus test saw what must not be seen. The message is its table.</summary>
public sealed class LitmusException : Exception
{
    internal LitmusException(LitmusResult result)
        : base("Something forbidden was seen.\n" + result) => Result = result;

    /// <summary>What was seen.</summary>
    public LitmusResult Result { get; }
}
