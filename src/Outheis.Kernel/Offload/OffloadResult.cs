namespace Outheis;

/// <summary>What became of the wish to offload.</summary>
public enum OffloadResult : byte
{
    /// <summary>As much work waits as <see cref="KernelOptions.OffloadQueue"/> says, or this agent has offloaded as
    /// much as <see cref="Limits.OffloadsPerAgent"/> says and not heard of it. Nothing will run. Try in a later turn,
    /// or shed.</summary>
    Full = 0,

    /// <summary>It runs, or waits for a thread. One message will come of it, unless this incarnation ends
    /// before.</summary>
    Accepted,

    /// <summary>The kernel has stopped, or this incarnation has ended. Nothing will run. Retrying cannot
    /// help.</summary>
    Stopped,
}

/// <summary>Work that was to be awaited was not taken. <see cref="Reason"/> says why.</summary>
public sealed class OffloadException : Exception
{
    internal OffloadException(OffloadResult result, string agent)
        : base(result == OffloadResult.Full
            ? $"{agent} cannot offload now: too much work waits for a thread, or for {agent} to hear of it. Try later "
                + "or shed load; KernelOptions.OffloadWorkers and OffloadQueue say how much there may be."
            : $"{agent} cannot offload any more: the kernel has stopped.")
    {
        Reason = result;
    }

    /// <summary>Why; never <see cref="OffloadResult.Accepted"/>.</summary>
    public OffloadResult Reason { get; }
}
