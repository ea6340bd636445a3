namespace Outheis.Testing;

/// <summary>What it means that an outcome was seen.</summary>
public enum LitmusVerdict
{
    /// <summary>It must never be seen: the memory order is broken. What is not in the table counts as this.</summary>
    Forbidden = 0,

    /// <summary>As it should be.</summary>
    Allowed,

    /// <summary>Correct, and worth knowing: a reordering that this machine really does.</summary>
    Interesting,
}

/// <summary>One row of a litmus test's table.</summary>
/// <param name="Text">What the test's Observe returns for it.</param>
/// <param name="Verdict">What it means.</param>
/// <param name="Comment">Why; for a forbidden one, which fence or pair is broken.</param>
public sealed record LitmusOutcome(string Text, LitmusVerdict Verdict, string Comment)
{
    /// <summary>A row that is as it should be.</summary>
    /// <param name="text">What Observe returns.</param>
    /// <param name="comment">How it comes about.</param>
    public static LitmusOutcome Allowed(string text, string comment) => new(text, LitmusVerdict.Allowed, comment);

    /// <summary>A row that is correct and worth knowing.</summary>
    /// <param name="text">What Observe returns.</param>
    /// <param name="comment">What it shows.</param>
    public static LitmusOutcome Interesting(string text, string comment) =>
        new(text, LitmusVerdict.Interesting, comment);

    /// <summary>A row that must never be seen.</summary>
    /// <param name="text">What Observe returns.</param>
    /// <param name="comment">Which fence or pair is broken then.</param>
    public static LitmusOutcome Forbidden(string text, string comment) => new(text, LitmusVerdict.Forbidden, comment);
}
