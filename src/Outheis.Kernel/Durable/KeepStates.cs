namespace Outheis;

/// <summary>
/// Writes the states and timers of a core's durable agents down anew. Where the retention gives segments up, what they
/// are made of, and what they are called, must not be among them: so all do it whenever any lane has left a segment.
/// </summary>
internal sealed class KeepStates : KernelOp
{
    /// <summary>Any thread.</summary>
    public static void Everywhere(Kernel kernel) =>
        Array.ForEach(kernel.Cores, static core => core.Post(new KeepStates()));

    public override void Run(Core core)
    {
        core.Tap?.TellTypesAnew();
        foreach (AgentCell agent in core.Kernel.Agents.Snapshot())
        {
            if (agent.Core != core || agent.Durable is not { } durable)
            {
                continue;
            }

            durable.TellAllAnew();
            if (agent.Async is { IsInTurn: true } || agent.Detached is not null)
            {
                durable.SnapshotSoon();
            }
            else if (agent.State is AgentState.Idle or AgentState.Ready or AgentState.Suspended)
            {
                durable.Snapshot(core, agent);
            }
        }
    }
}
