namespace Outheis;

/// <summary>Work for the core of an agent, wherever that is by then: an op that finds it gone follows it, and one that
/// comes before it waits there.</summary>
internal abstract class AgentOp(AgentCell agent) : KernelOp
{
    public AgentCell Agent => agent;

    public sealed override void Run(Core core)
    {
        if (core.IsHomeFor(agent, this))
        {
            RunAtHome(core);
        }
    }

    /// <summary>Runs on the thread of the agent's core, between turns.</summary>
    protected abstract void RunAtHome(Core core);
}
