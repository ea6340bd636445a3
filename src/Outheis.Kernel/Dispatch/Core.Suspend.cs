namespace Outheis;

/// <summary>
/// Suspending agents, counted (GC-20). A suspended agent is not in the ready queue, or is dropped from it by its next
/// turn; its channel takes messages until it is full, its timers count, what it awaits comes and waits. An op does it,
/// between turns, so the message under way is over then; an asynchronous one stays where it awaits.
/// </summary>
internal sealed unsafe partial class Core
{
    /// <summary>One of this core's agents, once more.</summary>
    public static void Suspend(AgentCell agent)
    {
        if (++agent.Suspends > 0 && agent.State is AgentState.Idle or AgentState.Ready or AgentState.Waiting)
        {
            agent.State = AgentState.Suspended;
        }
    }

    /// <summary>Takes one back. It was suspended.</summary>
    public void Resume(AgentCell agent)
    {
        if (--agent.Suspends > 0 || agent.State != AgentState.Suspended)
        {
            return;
        }

        bool waits = agent.Turns is { } turns ? !turns.MayBegin(agent) : agent.Async is { IsInTurn: true };
        agent.State = waits ? AgentState.Waiting : AgentState.Idle;
        if (agent.Async is not { HasResumes: true } && (waits || agent.Inbox.IsEmpty))
        {
            return;
        }

        if (agent.ReadySlot == ReadyQueue.NotWaiting)
        {
            MakeReady(agent);
        }
        else
        {
            agent.State = AgentState.Ready;      // where it stands
        }
    }

    /// <summary>A supervisor suspends its child. False: it is none of its.</summary>
    public bool Suspend(AgentCell self, AgentId child) => Supervise(self, child, SupervisedRecord.Suspend);

    /// <summary>A supervisor resumes its child. False: it is none of its, or not suspended by it.</summary>
    public bool Resume(AgentCell self, AgentId child) => Supervise(self, child, SupervisedRecord.Resume);

    private bool Supervise(AgentCell self, AgentId child, byte verdict)
    {
        if (Replay?.Supervised(child, verdict) is { } recorded)
        {
            return recorded;
        }

        AgentCell? cell = Kernel.Agents.Find(child.Value);
        bool resumes = verdict == SupervisedRecord.Resume;
        bool isTaken = cell?.Supervisor is { } supervisor && supervisor.Id == self.Id
            && (!resumes || cell.SuspendsBySupervisor > 0);
        Tap?.RecordSupervised(self, Current->Position, child, new SupervisedRecord(verdict, isTaken));
        if (isTaken)
        {
            cell!.SuspendsBySupervisor += resumes ? -1 : 1;
            self.HasSuspended = true;
            cell.Core.Post(new SuspendOp(cell, resumes));
        }

        return isTaken;
    }
}

/// <summary>A supervisor's wish, which it counts itself.</summary>
internal sealed class SuspendOp(AgentCell agent, bool resumes) : AgentOp(agent)
{
    protected override void RunAtHome(Core core)
    {
        if (resumes)
        {
            core.Resume(Agent);
        }
        else
        {
            Core.Suspend(Agent);
        }
    }
}

/// <summary>The host's wish, counted on the agent's core. False: it has ended for good.</summary>
internal sealed class HostSuspension(AgentCell agent, bool resumes) : AgentOp(agent), IThreadPoolWorkItem
{
    private readonly TaskCompletionSource<bool> _done = new();
    private bool _isCounted;
    private bool _isAlive;
    private bool _isBalanced;

    public Task<bool> Done => _done.Task;

    protected override void RunAtHome(Core core)
    {
        if (!_isCounted)
        {
            Count(core);
            _isCounted = true;
        }

        if (!resumes && Agent.Detached is not null)
        {
            core.Defer(this);      // a handler of it still runs, though others have its core
            return;
        }

        core.Kernel.Platform.Host.Queue(this);      // off the cores, as with HostSignal
    }

    private void Count(Core core)
    {
        _isAlive = Agent.State != AgentState.Dead;
        _isBalanced = !resumes || Agent.SuspendsByHost > 0;
        if (_isAlive && _isBalanced && resumes)
        {
            Agent.SuspendsByHost--;
            core.Resume(Agent);
        }
        else if (_isAlive && _isBalanced)
        {
            Agent.SuspendsByHost++;
            Core.Suspend(Agent);
        }
    }

    void IThreadPoolWorkItem.Execute()
    {
        if (!_isAlive || _isBalanced)
        {
            _done.TrySetResult(_isAlive);
            return;
        }

        _done.TrySetException(new InvalidOperationException(
            $"Over-resume of agent {Agent.Name}: it was resumed more often than suspended. Each ResumeAsync takes back "
            + "one SuspendAsync; what its supervisor suspended only that one resumes."));
    }
}
