namespace Outheis;

/// <summary>What came of an act on the world outside.</summary>
public enum EffectOutcome : byte
{
    /// <summary>Nobody knows: the process ended between the intent and the outcome. It may have happened or not; the
    /// kernel never runs it again by itself. Ask the other side with the idempotency key, or begin another effect with
    /// another key.</summary>
    InDoubt = 0,

    /// <summary>It was done, and this is what came back.</summary>
    Done = 1,

    /// <summary>It threw.</summary>
    Failed = 2,
}

/// <summary>One act on the world outside, and what came of it: now, or when it was recorded.</summary>
/// <typeparam name="T">What comes back.</typeparam>
/// <param name="Outcome">What came of it.</param>
/// <param name="Value">What came back; only when it was done.</param>
/// <param name="IdempotencyKey">The same whenever this effect of this message is spoken of: give it to the other
/// side, so that it recognises a repetition (ES-10).</param>
/// <param name="Error">What it threw, in words; only when it failed.</param>
public readonly record struct Effect<T>(EffectOutcome Outcome, T? Value, string IdempotencyKey, string? Error)
{
    /// <summary>What came back.</summary>
    /// <exception cref="InvalidOperationException">It failed, or is in doubt.</exception>
    public T Required => Outcome == EffectOutcome.Done ? Value! : throw new InvalidOperationException(
        Outcome == EffectOutcome.Failed ? $"Effect {IdempotencyKey} failed: {Error}"
            : $"Effect {IdempotencyKey} is in doubt: the process ended before it was known to be over.");
}
