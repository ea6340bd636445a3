namespace Outheis;

/// <summary>
/// Revocation with a promise: the rights fall at once, then every core passes a fence. A send that had passed
/// its check before is committed by then; one that checks later is refused. Outside threads check again after
/// their claim.
/// </summary>
internal static class Revocation
{
    public static Task Run(Kernel kernel, CapabilityNode? node)
    {
        if (node is null)
        {
            return Task.CompletedTask;
        }

        List<uint> dead = kernel.Capabilities.Revoke(node, itself: true);
        Interference.At(Moment.RightsFell);
        var done = new HostSignal(kernel.Platform.Host);
        var state = new FenceState(kernel.Cores.Length, done);
        Interlocked.MemoryBarrier();      // F9: dead BEFORE the look at what was claimed. Pairs with F10 in Ingress.
        Core home = node.Target.Core;
        bool isMoving = node.Target.State == AgentState.Moving;      // after its home: what it left may not be drained
        for (int i = 0; i < kernel.Cores.Length; i++)
        {
            Core core = kernel.Cores[(home.Index + i) % kernel.Cores.Length];      // from its home on (LW-26)
            bool isHome = ReferenceEquals(core, home);
            core.Post(new Fence(state, isHome ? dead : [], node, isHome || isMoving ? core.Ingress.Claimed : 0));
        }

        return kernel.OrStopped(done.Task);
    }

    private sealed class FenceState(int cores, HostSignal done)
    {
        private int _left = cores;

        public void Pass()
        {
            if (Interlocked.Decrement(ref _left) == 0)
            {
                done.Set();
            }
        }
    }

    /// <summary>Passes when the core is between turns and has drained what outside threads claimed before. What waits
    /// for room in the journal was accepted before: then it is enough that nobody is still filling what he claimed.
    /// </summary>
    private sealed class Fence(FenceState state, List<uint> toRecord, CapabilityNode node, long claimed) : KernelOp
    {
        public override void Run(Core core)
        {
            if (core.Ingress.Drained < claimed && !(core.IsJournalFull && core.Ingress.IsFilledTo(claimed)))
            {
                core.Defer(this);
                return;
            }

            foreach (uint id in toRecord)
            {
                core.Tap?.RecordRevoked(id, node);
            }

            core.Counters.Fences++;
            state.Pass();
        }
    }
}
