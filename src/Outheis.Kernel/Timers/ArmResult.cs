namespace Outheis;

/// <summary>What became of the wish to arm a timer that outlives the process. The zero value fails closed; on every
/// value but <see cref="Armed"/> nothing was written, and a timer of that key stays as it was.</summary>
public enum ArmResult : byte
{
    /// <summary>This agent is no durable one, or there is no journal, or this incarnation has ended, or the journal
    /// can make nothing durable any more. Retrying cannot help; <see cref="Context.After{T}"/> needs no
    /// journal.</summary>
    NotDurable = 0,

    /// <summary>In the journal.</summary>
    Armed,

    /// <summary>The journal has no room, or this agent has <see cref="Limits.ArmedPerAgent"/> timers armed.</summary>
    Full,

    /// <summary>The journaled form of its message is longer than <see cref="Limits.EncodedBytesMax"/>.</summary>
    TooLarge,
}
