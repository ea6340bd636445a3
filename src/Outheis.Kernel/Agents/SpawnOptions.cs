namespace Outheis;

/// <summary>How an agent is to live. One instance may serve many spawns.</summary>
public sealed record SpawnOptions
{
    /// <summary>Messages that the agent's channel holds; default
    /// <see cref="KernelOptions.ChannelCapacity"/>.</summary>
    public int? Capacity { get; init; }

    /// <summary>How soon its turns run.</summary>
    public Qos Qos { get; init; } = Qos.Default;

    /// <summary>The core it lives on, from 0, unless the host moves it (<see cref="Kernel.MoveAgentAsync"/>); default:
    /// the kernel spreads agents over its cores in turn, and may move them.</summary>
    public int? Core { get; init; }

    /// <summary>Whom it is not to be in the middle of something together with; it lives on that one's core. Default:
    /// nobody.</summary>
    public Exclusion? Exclusion { get; init; }

    /// <summary>The agent that hears of its exit as an <see cref="ExitSignal"/> and may restart it; default:
    /// nobody.</summary>
    public AgentId Supervisor { get; init; }

    /// <summary>What its turns count in, together with those of all others that run on it; default: none, and an agent
    /// that another one makes runs on its maker's.</summary>
    public Budget? Budget { get; init; }
}
