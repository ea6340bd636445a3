namespace Outheis;

/// <summary>What an accepted message survives.</summary>
public enum Durability : byte
{
    /// <summary>The death of the process, by whatever: it is in the journal's files, as the system holds them. Without
    /// a journal, nothing. Costs nothing beyond the append.</summary>
    Buffered,

    /// <summary>Also the death of the machine and the loss of power: the sender waits until the disk has it, together
    /// with everybody who waits at that time. Costs one flush, shared.</summary>
    Durable,
}
