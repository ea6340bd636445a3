namespace Outheis;

/// <summary>
/// What the acts of a handler come to while it handles a recorded message once more: nothing leaves, and what it
/// was told then it is told again. The core that runs the handler finds it in <see cref="Core.Replay"/>.
/// </summary>
/// <remarks>The handlers run in the name of a stand-in cell that holds no capability, so that each send and ask comes
/// to the refusals' path, where the core finds this. Live sends pay nothing for it.</remarks>
internal abstract class Replaying
{
    /// <summary>Nothing is done that was not done then.</summary>
    public abstract bool IsMute { get; }

    /// <summary>What the handler awaits without its being recorded never comes: it is an agent that may.</summary>
    public virtual bool LosesAwaits => false;

    /// <summary>Whose capabilities it derives from; null: from none.</summary>
    public virtual AgentCell? Deriver => null;

    /// <summary>In whose name the stand-in does what was not done then; null: nothing is.</summary>
    public virtual AgentCell? Actor => null;

    /// <summary>What a send in the name of the stand-in comes to.</summary>
    public abstract SendResult Sent<T>(CapabilityNode? node, in T message);

    /// <summary>The answer to an ask. False: it was not asked then, and is asked now.</summary>
    public abstract bool TryAnswer<TRequest, TReply>(
        CapabilityNode? node, in TRequest request, out ValueTask<TReply> answer);

    /// <summary>The request being handled is answered.</summary>
    public abstract void Replied<TReply>(in TReply reply);

    /// <summary>What came of an effect then. False: it was not begun, and is run now.</summary>
    public abstract bool TryRecall<T>(AgentContext context, string key, string name, out Effect<T> effect);

    /// <summary>The wall time that the handler saw, in UTC ticks; null: it looks at the clock now.</summary>
    public abstract long? Clock();

    /// <summary>The random number that it got; null: none, and it gets one now.</summary>
    public abstract ulong? Random();

    /// <summary>How long the kernel had run; null: as long as it has run now.</summary>
    public abstract TimeSpan? Uptime();

    /// <summary>Why work was not taken; null: it was, and is not run again.</summary>
    public abstract OffloadResult? Offloaded();

    /// <summary>What became of its wish to reserve; null: it had none then, and reserves now.</summary>
    public abstract ReserveResult? Reserved();

    /// <summary>What became of its wish to arm a timer; null: it had none then, and arms one now.</summary>
    public abstract ArmResult? Armed<T>(in TimerTerms terms, in T message);

    /// <summary>It disarms a timer. False: it did not then, and does now.</summary>
    public abstract bool Disarmed(string key);

    /// <summary>Whether the child was the agent's to decide about; null: nothing was decided, and it is now.</summary>
    /// <param name="child">Which.</param>
    /// <param name="verdict">As <see cref="SupervisedRecord"/> numbers it.</param>
    public abstract bool? Supervised(AgentId child, byte verdict);

    /// <summary>What came of it when it made an agent; null: it made none then, and makes one now.</summary>
    public abstract ChildRecord? Spawned();
}
