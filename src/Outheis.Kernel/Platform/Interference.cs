using System.Diagnostics.CodeAnalysis;
using System.Runtime.CompilerServices;

namespace Outheis;

/// <summary>Where a simulation may come in between two operations of the kernel.</summary>
internal enum Moment : byte
{
    /// <summary>A message was taken; its handler has not run yet.</summary>
    HandlerBegins,

    /// <summary>An agent is about to send, ask, derive or reply.</summary>
    EffectBegins,

    /// <summary>It has done so.</summary>
    EffectDone,

    /// <summary>A message is in a ring, or in an ingress; nobody was woken yet.</summary>
    Published,

    /// <summary>A slot of an ingress is claimed and not yet filled.</summary>
    Claimed,

    /// <summary>Messages were copied out of a ring; their slots are not yet free.</summary>
    Taken,

    /// <summary>Slots were given back; whoever waits for them was not woken yet.</summary>
    Freed,

    /// <summary>A core announced its sleep and has not yet looked for work again.</summary>
    Announced,

    /// <summary>Somebody waits for room and has not yet looked for it again.</summary>
    WaiterAdded,

    /// <summary>Credits were taken for a message that is not written yet.</summary>
    CreditTaken,

    /// <summary>An agent leaves its core: its new home is visible, and no other core has seen a mark of it.</summary>
    AgentLeft,

    /// <summary>Rights have fallen; no core has passed its fence yet.</summary>
    RightsFell,

    /// <summary>A journal record is filled; its length is not written yet.</summary>
    RecordFilled,

    /// <summary>A journal record exists; its message is not delivered yet.</summary>
    RecordCommitted,
}

/// <summary>
/// What a simulation hangs into a thread so that other cores' steps, crashes and power cuts can happen in the middle of
/// the kernel's work. No other code uses it.
/// </summary>
/// <remarks>
/// The switch is read once per process, so that to the compiler <see cref="IsPossible"/> is a constant: where it is
/// off, as in every program that does not simulate, <see cref="At"/> is no instruction at all once a method is
/// optimized. The package's build files make it a constant for Native AOT too. No moment lies inside a lock or between
/// the two halves of a state that other cores may see.
/// </remarks>
internal abstract class Interference
{
    public const string Switch = "Outheis.Simulation";

    private static readonly bool s_isPossible = AppContext.TryGetSwitch(Switch, out bool isOn) && isOn;

    [ThreadStatic]
    private static Interference? t_current;

    /// <summary>Whether this process may simulate.</summary>
    [FeatureSwitchDefinition(Switch)]
    public static bool IsPossible => s_isPossible;

    /// <summary>This thread's; null: nothing comes in between.</summary>
    public static Interference? Current
    {
        get => t_current;
        set => t_current = value;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void At(Moment moment)
    {
        if (IsPossible)
        {
            t_current?.Happen(moment);
        }
    }

    /// <summary>May run other cores of the same kernel, on this thread. At an effect's moments it may throw.</summary>
    public abstract void Happen(Moment moment);
}
