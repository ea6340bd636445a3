namespace Outheis.Testing;

/// <summary>
/// A litmus test: two to four actors race over one small state, again and again, and each way in which it can end is in
/// a table that says whether it may. It finds what a model checker with sequential consistency assumes away: a missing
/// fence between a store and a load, a store that overtakes another.
/// </summary>
/// <remarks>
/// <para>In each round the actors meet, each waits for a random moment of up to some hundred nanoseconds, and then each
/// does its part once, on its own thread and processor. States are made and observed in batches, in turn by the actors'
/// threads, so they begin in the cache of one of them.</para>
/// <para>Cost: about 100 to 300 ns for a round of two tiny actors on two idle processors, most of it for meeting. Where
/// there are more actors than processors they meet once per batch, and then few rounds really race.</para>
/// <para>Limits: it proves the presence of a fault, never the absence. It sees only what this processor and this
/// compiler do: x86 reorders a store with a later load and nothing else, so a missing release or acquire shows there
/// only if the compiler moved something. Run it on the architecture in question, optimised
/// (<c>TieredCompilation</c> off), on a machine with idle processors.</para>
/// </remarks>
/// <typeparam name="TState">What one round works with, the actors' notes of what they saw included.</typeparam>
public sealed class LitmusTest<TState>
    where TState : class
{
    /// <summary>Heads the table.</summary>
    public required string Name { get; init; }

    /// <summary>A new state. Called for each round, or, with <see cref="Reset"/>, once for each place of a batch. One
    /// that is <see cref="IDisposable"/> is disposed after its last round, unless the run throws.</summary>
    public required Func<TState> Make { get; init; }

    /// <summary>Makes a new or used state ready for a round, where making one is dear. Null: each round has a new one.
    /// </summary>
    public Action<TState>? Reset { get; init; }

    /// <summary>
    /// Two to four. Each must end by itself: no waiting for another actor. What one throws ends the run and is thrown
    /// by <see cref="Run"/>.
    /// </summary>
    public required IReadOnlyList<Action<TState>> Actors { get; init; }

    /// <summary>How a round ended, after all its actors did. Sees everything that they wrote.</summary>
    public required Func<TState, string> Observe { get; init; }

    /// <summary>Every outcome that may be seen, and those that must not be. The rest is forbidden.</summary>
    public required IReadOnlyList<LitmusOutcome> Outcomes { get; init; }

    /// <summary>Runs whole batches of rounds until the time is over. The calling thread waits.</summary>
    /// <param name="options">Default: one second.</param>
    /// <exception cref="TimeoutException">An actor did not end.</exception>
    public LitmusResult Run(LitmusOptions? options = null)
    {
        options ??= new LitmusOptions();
        options.Check();
        ArgumentOutOfRangeException.ThrowIfLessThan(Actors.Count, 2, nameof(Actors));
        ArgumentOutOfRangeException.ThrowIfGreaterThan(Actors.Count, 4, nameof(Actors));
        return new LitmusRun<TState>(this, options).Run();
    }
}
