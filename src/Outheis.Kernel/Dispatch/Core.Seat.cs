using System.Runtime.CompilerServices;

namespace Outheis;

/// <summary>
/// Whether the core's thread is in an agent's code or in the kernel's. While it is in an agent's, everything of the
/// core is as between two turns, but for that turn; so if it stays there for long another thread may have the core
/// (<see cref="CoreSeat"/>), and it waits for the core where it comes back into the kernel.
/// </summary>
internal sealed unsafe partial class Core
{
    private const int InKernel = 0;
    private const int InTurn = 1;

    private int _place;           // of the thread that has this core: the kernel's code, or an agent's
    private int _isShared;        // more than one thread has to do with this core; the seat's, under its lock

    public readonly CoreSeat Seat;

    private readonly List<DetachedTurn> _detached = [];

    /// <summary>Turns whose threads are still in an agent's code while others have this core.</summary>
    public int DetachedTurns => _detached.Count;

    public DetachedTurn? FindDetached(AgentCell agent) =>
        _detached.Find(turn => ReferenceEquals(turn.Agent, agent));

    /// <summary>The kernel is about to call an agent's code.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void EnterAgent() => Volatile.Write(ref _place, InTurn);

    /// <summary>It has returned, or thrown. This thread has the core when this returns.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void LeaveAgent()
    {
        if (!ComesAlone())
        {
            Seat.ComeBack();
        }
    }

    /// <summary>An agent's code calls the kernel. This thread has the core when this returns. Returns what
    /// <see cref="LeaveKernel"/> needs.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public int EnterKernel()
    {
        int was = _place;
        return !ComesAlone() && Seat.ComeBack() ? InTurn : was;
    }

    /// <summary>The kernel returns to the agent's code that called it.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void LeaveKernel(int was) => Volatile.Write(ref _place, was);      // all that was done, BEFORE the place

    /// <summary>Says that this thread is in the kernel. True: it has the core, for nobody else has to do with
    /// it.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public bool ComesAlone()
    {
        if (Volatile.Read(ref _isShared) != 0)
        {
            return false;      // the place may be another thread's
        }

        Volatile.Write(ref _place, InKernel);
        // F12: the place BEFORE the look whether it is shared. Pairs with F11.
        return Volatile.Read(ref _isShared) == 0;
    }

    /// <summary>For the seat: says that the core is shared. True: its thread is in an agent's code, and will see that
    /// it is when it comes out.</summary>
    public bool TryShare()
    {
        if (Volatile.Read(ref _isShared) == 0)
        {
            Share(true);
            Kernel.Platform.Threads.Fence();      // F11: shared BEFORE the look at its thread's place. Pairs with F12.
        }

        return IsInAgent;
    }

    /// <summary>The same for calls that are no hot path: a scope.</summary>
    public KernelCall Call() => new(this);

    /// <summary>As <see cref="Call"/>, for code that another thread may come to as well, which has no core to
    /// lose.</summary>
    public KernelCall CallIfHere() => ReferenceEquals(t_current, this) ? new(this) : default;

    private bool IsInAgent => Volatile.Read(ref _place) == InTurn && Replay is null;

    /// <summary>The calling thread, which is one of this core's, is in the kernel, and nobody else has to do with the
    /// core. So what is the core's own may be touched; an agent's code that calls without a context may not.</summary>
    /// <remarks>The place first: if another thread has set that, the core was shared before.</remarks>
    public bool IsAlone => Volatile.Read(ref _place) == InKernel && Volatile.Read(ref _isShared) == 0;      // A35

    /// <summary>For the seat: who comes into the kernel goes to it first, or does no longer.</summary>
    public void Share(bool isShared) =>
        Volatile.Write(ref _isShared, isShared ? 1 : 0);      // R35: shared, BEFORE the place of who has it next.

    public void SetPlace(bool inAgent) => Volatile.Write(ref _place, inAgent ? InTurn : InKernel);

    /// <summary>Sets the turn under way aside, as if it awaited something. Its agent stays Running, so nobody runs it
    /// or ends it.</summary>
    public DetachedTurn Detach()
    {
        var turn = new DetachedTurn
        {
            Agent = Running,
            Current = Current,
            Resumed = Current == _resumed ? *_resumed : null,
            TurnTime = _turnTime,
            Used = Used,
            Leases = _leases.AsSpan(0, _leaseCount).ToArray(),
        };
        _leaseCount = 0;
        Running?.Exclusion?.Bottom.Owner ??= Running;      // it is in the middle of something
        Running = null;
        Current = _root;
        _turnTime = 0;
        _detached.Add(turn);
        return turn;
    }

    /// <summary>Between two turns: goes on with one that was set aside.</summary>
    public void Attach(DetachedTurn turn)
    {
        _detached.Remove(turn);
        Running = turn.Agent;
        Current = turn.Current;
        if (turn.Resumed is { } resumed)
        {
            *_resumed = resumed;
        }

        _turnTime = turn.TurnTime;
        Used = turn.Used;
        turn.Leases.CopyTo(_leases, 0);
        _leaseCount = turn.Leases.Length;
        if (turn.Agent is { Suspends: > 0 })
        {
            Post(new Nudge());      // it handles no further message
        }
    }

    /// <summary>After <see cref="Attach"/>, and without any lock, for it runs callbacks of the agent's: fires the
    /// tokens that were to be fired meanwhile.</summary>
    public static void FireTokens(DetachedTurn turn) =>
        turn.Cancelled?.ForEach(static cancelled => cancelled.CancelReturned());
}

/// <summary>A call of the kernel by an agent's code, to its end.</summary>
internal readonly ref struct KernelCall
{
    private readonly Core? _core;
    private readonly int _was;

    public KernelCall(Core core)
    {
        _core = core;
        _was = core.EnterKernel();
    }

    public void Dispose() => _core?.LeaveKernel(_was);
}

/// <summary>What a core was at when its thread lost it.</summary>
internal sealed unsafe class DetachedTurn
{
    public AgentCell? Agent { get; init; }

    public Message* Current { get; init; }

    /// <summary>What <see cref="Current"/> points to, if that is not a cell of its own.</summary>
    public Message? Resumed { get; init; }

    public long TurnTime { get; init; }

    /// <summary>Of its budget.</summary>
    public (long Handled, long Journal) Used { get; init; }

    public required CapabilityNode[] Leases { get; init; }

    /// <summary>Turns of its agent whose tokens are to fire when it is back: their callbacks are the agent's.</summary>
    public List<AgentContext>? Cancelled { get; set; }
}
