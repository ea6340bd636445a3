namespace Outheis.Testing;

/// <summary>
/// A recorded journal as a test: the agent under test is given the messages that were taken then, in that order, and
/// what it sends, asks, replies and fails with is compared with what the journal says.
/// </summary>
/// <remarks>
/// What the journal does not hold is not repeated: sends that were refused, random numbers, clock reads (the wall clock
/// stands at the record's tick), how an ask failed, capabilities and other messages without a codec.
/// </remarks>
public static class Replay
{
    /// <summary>Runs the replay.</summary>
    /// <param name="agent">Of a <see cref="Recording"/>.</param>
    /// <param name="types">Every message type that it takes and is answered with; those that it sends too, so that they
    /// are recorded in the same way.</param>
    /// <param name="factory">Makes the agent under test, at each of its starts.</param>
    /// <exception cref="ReplayDivergedException">It did something else than the journal says.</exception>
    /// <exception cref="RecordingException">A message cannot be read.</exception>
    public static void Run(RecordedAgent agent, RecordedTypes types, Func<ReplayEndowment, Agent> factory)
    {
        if (FindDivergence(agent, types, factory) is { } divergence)
        {
            throw new ReplayDivergedException(divergence);
        }
    }

    /// <summary>Runs the replay and says where it first differs; null if nowhere.</summary>
    /// <inheritdoc cref="Run" path="/param"/>
    /// <exception cref="RecordingException">A message cannot be read.</exception>
    public static Divergence? FindDivergence(
        RecordedAgent agent, RecordedTypes types, Func<ReplayEndowment, Agent> factory)
    {
        ArgumentNullException.ThrowIfNull(agent);
        ArgumentNullException.ThrowIfNull(types);
        ArgumentNullException.ThrowIfNull(factory);
        using var stage = new ReplayStage(agent, types, factory);
        RecordedMessage[] messages = [.. agent.Messages.Where(static message => !message.IsAbandoned)];
        for (int i = 0; i < messages.Length; i++)
        {
            stage.Give(messages[i]);
            bool isCut = !agent.IsWhole && i == messages.Length - 1;
            Divergence? divergence = Compare(
                agent, types, stage, messages[i].Position, stage.PositionOf(i), isCut,
                $"{agent.Name} took {types.Describe(messages[i].Entry)}, message {i + 1} of {messages.Length}");
            if (divergence is not null)
            {
                return divergence;
            }
        }

        return Compare(agent, types, stage, 0, 0, isCut: false, $"{agent.Name}, outside any message");
    }

    /// <summary>What one message caused then and now: its position in either journal, 0 for none. A journal that is cut
    /// may end in the middle of it.</summary>
    private static Divergence? Compare(
        RecordedAgent agent, RecordedTypes types, ReplayStage stage, long cause, long causeNow, bool isCut,
        string where)
    {
        RecordedEffect[] then = [.. agent.Effects.Where(effect => effect.Entry.Cause == cause)];
        RecordedEffect[] now = [.. stage.Effects.Where(effect => effect.Entry.Cause == causeNow)];
        for (int i = 0; i < then.Length || (i < now.Length && !isCut); i++)
        {
            if (i >= then.Length || i >= now.Length || !then[i].IsSameAs(now[i], types))
            {
                return new Divergence(
                    i < then.Length ? then[i].Entry.Position : cause, where,
                    i < then.Length ? then[i].Describe(types) : null, i < now.Length ? now[i].Describe(types) : null);
            }
        }

        return null;
    }
}

/// <summary>Where a replay first differs from its journal.</summary>
/// <param name="Position">Of the record that says what should be; of the message, if there is no such record.</param>
/// <param name="Where">In the middle of what.</param>
/// <param name="Recorded">What the agent did then; null: nothing more.</param>
/// <param name="Replayed">What it did now; null: nothing more.</param>
public sealed record Divergence(long Position, string Where, string? Recorded, string? Replayed)
{
    /// <summary>All of it, in three lines.</summary>
    public override string ToString() =>
        $"{Where} (journal {Recording.Place(Position)}):\n  then it {Recorded ?? "did nothing more"}\n"
        + $"  now it {Replayed ?? "does nothing more"}";
}

/// <summary>An agent under test did something else than its journal says.</summary>
public sealed class ReplayDivergedException : Exception
{
    internal ReplayDivergedException(Divergence divergence)
        : base(divergence.ToString()) => Divergence = divergence;

    /// <summary>Where, and both values.</summary>
    public Divergence Divergence { get; }
}
