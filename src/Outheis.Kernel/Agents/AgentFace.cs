namespace Outheis;

/// <summary>
/// What senders on other threads read of an agent. Written at its birth and at its death, so it stays in their
/// caches; what changes with each message lies behind <see cref="AgentRecord"/>.
/// </summary>
internal abstract class AgentFace(Kernel kernel, Core? core, AgentId id) : KernelOp
{
    public readonly Kernel Kernel = kernel;
    public readonly AgentId Id = id;
    public WaitList Waiters;                            // who waits for room in the channel

    private Core _core = core!;                         // null for the host, which has none
    private int _isDead;

    /// <summary>Whose thread has it, or will have it when its move is over.</summary>
    public Core Core => Volatile.Read(ref _core);      // A34

    /// <summary>Ended for good.</summary>
    public bool IsDead => Volatile.Read(ref _isDead) != 0;      // A9

    public bool IsHost => Id.Value == 0;

    /// <summary>The journal has its name. Seen late, it is told twice.</summary>
    public bool IsSpawnTold { get; private set; }

    /// <summary>The agent's core.</summary>
    public void TellSpawned() => IsSpawnTold = true;

    /// <summary>The core that it leaves: from here on whatever is for it goes to another one.</summary>
    public void TellCore(Core core) => Volatile.Write(ref _core, core);      // R34: that it moves, BEFORE to where.

    /// <summary>Ends it for everybody, before its channel is emptied.</summary>
    protected bool TryTellDead() => Interlocked.Exchange(ref _isDead, 1) == 0;      // R9. Senders read it, A9.
}
