namespace Outheis;

/// <summary>
/// The edges of <see cref="AgentState"/> that are not turns: start, end, restart. All run on the agent's
/// core. An end goes in this order: the incarnation is fenced, what it holds is released, what waits for it
/// is told, then its supervisor hears of it (OT-08, INV-20).
/// </summary>
internal static unsafe class Lifecycle
{
    public static void Start(Core core, AgentCell agent)
    {
        if (agent.State == AgentState.Dead)
        {
            return;      // the kernel stopped while its factory ran
        }

        if (agent.StopWanted is not null)
        {
            agent.State = AgentState.Idle;
            core.EndTurn(agent);
            return;
        }

        if (DurableStart.TrySetAside(core, agent))
        {
            return;
        }

        core.NoteBirth(agent);
        core.Tap?.RecordStarted(agent);
        if (agent.Supervisor is not null)
        {
            Signal(core, agent, new ChildStarted(agent.Id, agent.Name, agent.Incarnation));
        }

        core.ForgetAmbient();
        core.Running = agent;
        core.ForgetTurnTime();
        agent.State = AgentState.Running;
        agent.HasStarted = true;
        try
        {
            AgentPast? past = agent.Past;
            DurableStart.Restore(core, agent, past);
            core.EnterAgent();
            agent.Instance!.OnStart(new Context(core, agent));
            core.LeaveAgent();
            agent.Past = null;      // else the next incarnation gets what waits
            DurableStart.Finish(core, agent, past);
        }
        catch (Exception bug)
        {
            core.LeaveAgent();
            End(core, agent, new ExitReason(ExitKind.Error, bug));
        }

        core.EndTurn(agent);
    }

    /// <summary>The next incarnation of an agent that ended. A factory that throws is one more end
    /// (OT-45).</summary>
    public static void Restart(Core core, AgentCell agent)
    {
        if (agent.State != AgentState.Ended)
        {
            return;
        }

        agent.Incarnation++;
        core.Kernel.Capabilities.ReleaseHeld(agent);      // what was granted to it since its end was the last one's
        agent.StopWanted = null;
        agent.HasStarted = false;
        try
        {
            Agent instance = agent.Construct();
            if (instance.GetType() != agent.Instance!.GetType())
            {
                throw new InvalidOperationException(
                    $"The factory of {agent.Name} made a {instance.GetType().Name} where it made a "
                    + $"{agent.Instance.GetType().Name} before; capabilities to it would not fit.");
            }

            agent.Instance = instance;
        }
        catch (Exception bug)
        {
            End(core, agent, new ExitReason(ExitKind.Error, bug));
            return;
        }

        if (agent.Durable is not null)
        {
            DurableStart.FindPast(core, agent);
        }
        else
        {
            Start(core, agent);
        }
    }

    /// <summary>A synchronous handler, or the synchronous beginning of an asynchronous one, threw.</summary>
    public static void HandlerThrew(Core core, AgentCell agent, Message* inFlight, Exception bug)
    {
        SynchronizationContext.SetSynchronizationContext(null);
        ulong failed = 0;
        if (inFlight != null)
        {
            if (inFlight->Has(MessageFlags.Extended))
            {
                failed = inFlight->Correlation;
                inFlight->Correlation = 0;
            }

            inFlight->Flags |= MessageFlags.Uncredited;      // its credit went back when it was taken
            if (failed == 0 && DurableStart.TryKeep(core, agent, inFlight, bug))
            {
                core.Cells.Return(inFlight);
            }
            else
            {
                core.Bury(inFlight, agent, DeadLetterReason.HandlerFailed);
            }

            core.LeaveResumed();      // that cell is another message's from now on
        }

        End(core, agent, new ExitReason(ExitKind.Error, bug), failed);
    }

    /// <summary>An asynchronous handler threw after an await.</summary>
    public static void TurnThrew(Core core, AgentCell agent, in Message inFlight, Exception bug)
    {
        Message message = inFlight;
        TellFailed(core, agent, &message, bug);
        End(core, agent, new ExitReason(ExitKind.Error, bug), message.Correlation);
    }

    /// <summary>The handler of a message threw: it is to be tried again, or is a dead letter.</summary>
    public static void TellFailed(Core core, AgentCell agent, Message* message, Exception bug)
    {
        if (message->IsAsk || !DurableStart.TryKeep(core, agent, message, bug))
        {
            core.Report(message, Route.Of(message->Route), DeadLetterReason.HandlerFailed);
        }
    }

    /// <summary>Ends the incarnation. With a supervisor the channel is kept for the next one; without, the
    /// agent is dead.</summary>
    /// <param name="core">The agent's.</param>
    /// <param name="agent">Not ended yet.</param>
    /// <param name="reason">Why.</param>
    /// <param name="failed">The ask that it failed in; 0 for none.</param>
    public static void End(Core core, AgentCell agent, ExitReason reason, ulong failed = 0)
    {
        if (reason.Kind != ExitKind.Error && agent.HasStarted && agent.Async is not { IsInTurn: true })
        {
            agent.Durable?.Snapshot(core, agent);      // the next one has nothing to handle once more
        }

        core.RemoveReady(agent);
        if (agent.State != AgentState.Moving)      // else its channel is another core's as soon as it does not move
        {
            agent.State = AgentState.Ended;
        }

        agent.StopWanted = null;
        AgentContext? context = agent.Async;
        context?.Fence();
        agent.Async = null;
        if (agent.Exclusion is not null)
        {
            core.LeaveExclusion(agent);
        }

        RunOnStop(agent, reason);
        core.Kernel.Capabilities.ReleaseHeld(agent);
        core.Replies.AbandonAll(context);
        core.Timers.CancelAll(agent);
        core.Offloads.EndOf(agent);
        if (failed != 0)
        {
            core.FailReply(agent.Id.Value, failed, AskOutcome.Failed, reason.Exception);
        }

        context?.FailUnanswered(failed, reason.Exception);
        core.Tap?.RecordExited(agent, reason);
        bool isFinal = agent.IsEndFinal;
        ExitSignal? signal = agent.Supervisor is null && !reason.IsAbnormal ? null      // nobody hears of it
            : new ExitSignal(agent.Id, agent.Name, agent.Incarnation, reason) { IsFinal = isFinal };
        if (signal is not null && !core.Kernel.IsStopping && !isFinal && Signal(core, agent, signal))
        {
            return;      // the supervisor decides
        }

        Die(core, agent);
        if (signal is not null && (!isFinal || !Signal(core, agent, signal)))
        {
            core.Kernel.ReportUnsupervised(agent, signal);
        }
    }

    /// <summary>Ends an agent for good: what waits in its channel is buried.</summary>
    public static void Die(Core core, AgentCell agent)
    {
        if (!agent.TrySetDead())
        {
            return;      // its factory has thrown while the kernel stopped
        }

        core.Timers.CancelAll(agent);
        if (agent.Supervisor is not null)
        {
            core.Kernel.Capabilities.ReleaseHeld(agent);      // granted between its end and now
        }

        Message* cell;
        while ((cell = agent.Inbox.Take()) != null)
        {
            core.Bury(
                cell, agent, core.Kernel.IsStopping ? DeadLetterReason.KernelStopped : DeadLetterReason.TargetDead);
        }

        agent.Waiters.WakeAll();      // they see Dead
        core.Kernel.Agents.Remove(agent.Id.Value);
        if ((agent.HasSuspended || agent.Instance is IHandle<ExitSignal>) && !core.Kernel.IsStopping)
        {
            ReleaseChildren(core.Kernel, agent);
        }
        agent.Instance = null;
    }

    /// <summary>A child that ended and waits for the verdict of a supervisor that died would wait for ever.</summary>
    private static void ReleaseChildren(Kernel kernel, AgentCell supervisor)
    {
        foreach (AgentCell child in kernel.Agents.Snapshot())
        {
            if (ReferenceEquals(child.Supervisor, supervisor))
            {
                child.Core.Post(new OrphanOp(child));
            }
        }
    }

    /// <summary>Tells the supervisor. False if nobody is there to hear it.</summary>
    public static bool Signal<T>(Core core, AgentCell agent, T signal)
        where T : class
    {
        AgentCell? supervisor = agent.Supervisor;
        if (supervisor is null || supervisor.IsDead || supervisor.Instance is not IHandle<T>)
        {
            return false;
        }

        core.SendUncredited(
            supervisor.Core, supervisor.Id.Value, agent.Id.Value, HandleRoute<T>.Instance, correlation: 0, in signal,
            MessageFlags.Signal);
        return true;
    }

    private static void RunOnStop(AgentCell agent, ExitReason reason)
    {
        if (!agent.HasStarted)
        {
            return;
        }

        agent.HasStarted = false;
        agent.Core.ForgetAmbient();
        try
        {
            agent.Instance!.OnStop(reason);
        }
        catch (Exception)
        {
            // Best effort by contract: the incarnation has ended, and its reason stays the first one.
        }
    }
}

/// <summary>Tells an agent's core that its supervisor has died. What still lives goes on without one.</summary>
internal sealed class OrphanOp(AgentCell agent) : AgentOp(agent)
{
    protected override void RunAtHome(Core core)
    {
        if (Agent.State == AgentState.Ended)
        {
            Lifecycle.Die(core, Agent);
        }

        for (; Agent.SuspendsBySupervisor > 0; Agent.SuspendsBySupervisor--)
        {
            core.Resume(Agent);      // nobody else would
        }
    }
}

/// <summary>Asks an agent's core to restart or stop it.</summary>
internal sealed class LifecycleOp(AgentCell agent, bool restart, HostSignal? done = null) : AgentOp(agent)
{
    protected override void RunAtHome(Core core)
    {
        if (restart)
        {
            Lifecycle.Restart(core, Agent);
        }
        else
        {
            Stop(core);
        }

        done?.Set();
    }

    private void Stop(Core core)
    {
        Agent.IsEndFinal = true;
        switch (Agent.State)
        {
            case AgentState.Dead:
                break;
            case AgentState.Ended:
                Lifecycle.Die(core, Agent);
                break;
            case AgentState.Suspended:
            case AgentState.Idle or AgentState.Ready when Agent.Async is not { IsInTurn: true }:
                Lifecycle.End(core, Agent, ExitReason.Shutdown);
                break;
            default:
                Agent.StopWanted = ExitReason.Shutdown;      // when its turn ends
                Agent.Async?.CancelTurns();
                core.EndThrottle(Agent);
                break;
        }
    }
}
