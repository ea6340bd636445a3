namespace Outheis;

/// <summary>What one incarnation has offloaded: it ends with it. Made at its first use.</summary>
internal sealed class OffloadScope(AgentCell agent, CancellationTokenSource cancellation) : IThreadPoolWorkItem
{
    private bool _isOver;

    public AgentCell Agent => agent;

    /// <summary>Where it is counted, and comes home to: the agent's core as long as the incarnation lives.</summary>
    public Core Core { get; set; } = agent.Core;

    public uint Incarnation { get; } = agent.Incarnation;

    /// <summary>Work of which the agent has not heard yet. The agent's core only.</summary>
    public int UnderWay;

    /// <summary>Fires when the incarnation ends, or a stop has no more patience; on the host's threads.</summary>
    public CancellationToken Token => cancellation.Token;

    /// <summary>Written by the agent's core. A worker that sees it late does work for nobody.</summary>
    public bool IsOver => Volatile.Read(ref _isOver);

    /// <summary>The agent's core: nothing of it arrives any more.</summary>
    public void End()
    {
        Volatile.Write(ref _isOver, true);
        Cancel();
    }

    /// <summary>The agent's core: asks the work to end. Who listens to the token is run elsewhere.</summary>
    public void Cancel() => agent.Kernel.Platform.Host.Queue(this);

    void IThreadPoolWorkItem.Execute()
    {
        try
        {
            cancellation.Cancel();
        }
        catch (AggregateException)
        {
            // Somebody who listened threw, on a thread of the host's. The work hears of the token all the same.
        }
    }
}
