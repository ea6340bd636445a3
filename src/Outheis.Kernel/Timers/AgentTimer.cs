namespace Outheis;

/// <summary>
/// A timer of one agent, as <see cref="Context.After{T}"/>, <see cref="Context.Every{T}"/> and
/// <see cref="Context.At{T}"/> make it. Means something to that agent's present incarnation alone, whose end cancels
/// it. A value without a timer, or of one that is over, is harmless everywhere.
/// </summary>
public readonly record struct AgentTimer
{
    /// <summary>One that is of no core, for who handles what is recorded: a handler that looks whether it has a timer
    /// finds that it has.</summary>
    internal static readonly AgentTimer Never = new(Limits.CoresMax - 1, IndexMask, 1);

    private const int IndexBits = 24;
    private const int IndexMask = (1 << IndexBits) - 1;

    internal AgentTimer(int core, int index, uint generation) =>
        Id = ((ulong)generation << 32) | ((uint)core << IndexBits) | (uint)index;

    internal AgentTimer(ulong id) => Id = id;

    internal ulong Id { get; }

    /// <summary>Where it was started. Its agent may have moved since.</summary>
    internal int Core => (int)((uint)Id >> IndexBits);

    internal int Index => (int)(uint)Id & IndexMask;

    internal uint Generation => (uint)(Id >> 32);
}
