namespace Outheis;

/// <summary>What lies where on this core, for whoever checks or lists it. The core's thread, or while nobody is at
/// work.</summary>
internal sealed unsafe partial class Core
{
    /// <summary>Ops that have not run, or wait to run again.</summary>
    public IEnumerable<KernelOp> PendingOps => Chain(_ops).Concat(Chain(Control.Newest)).Concat(_deferred).Concat(_due);

    private static IEnumerable<KernelOp> Chain(KernelOp? op)
    {
        for (; op is not null; op = op.NextOp)
        {
            yield return op;
        }
    }

    /// <summary>Shows each message that waits for room in a ring to another core.</summary>
    public void LookAtOutbox(MessageLook look)
    {
        foreach (ref readonly Inbox waiting in _outbox.AsSpan())
        {
            waiting.Look(look);
        }
    }

    /// <summary>Shows each message that waits for its agent to come.</summary>
    public void LookAtBefore(MessageLook look)
    {
        foreach (Before held in _before.Values)
        {
            held.Entered.Look(look);
            held.FromOutside.Look(look);
        }
    }
}
