namespace Outheis;

/// <summary>A turn: one agent runs until its inbox is empty, its budget spent, or it awaits or
/// ends.</summary>
internal sealed unsafe partial class Core
{
    private const MessageFlags BegunFlags =
        MessageFlags.Redelivered | MessageFlags.Timer | MessageFlags.Offload | MessageFlags.Told;

    /// <summary>A stop has ended this core's agents: one that comes back from its handler ends likewise.</summary>
    public bool HasEndedAgents;

    /// <summary>Within a turn: others could run. What is handled once more is alone.</summary>
    public bool ShouldYield => Replay is null && HasWork();

    // What came ahead of all else may begin beside the turns in flight, though what was first before might not.
    private static bool MayBeginNow(AgentCell agent) =>
        agent.State == AgentState.Waiting && agent.Turns is { } turns && turns.MayBegin(agent);

    // After a turn of a low class: whether something has come that those are not to delay, as far as the first message
    // of each ring and of the ingress tells.
    private bool HasUrgentArrivals()
    {
        if (!IsJournalFull && IsUrgent(Ingress.Peek()))
        {
            return true;
        }

        foreach (CoreRing? ring in In)
        {
            if (ring is not null && IsUrgent(ring.Peek()))
            {
                return true;
            }
        }

        return false;
    }

    // For an agent of the default class or above, asked by one, or for the core itself, as replies are. A slot of the
    // ingress that its sender gave up may look so too, and costs a pass.
    private bool IsUrgent(Message* first) =>
        first != null
        && ((first->IsAsk && first->Qos >= Qos.Default)
            || Kernel.Agents.Find(first->Target) is not { EffectiveQos: < Qos.Default });

    /// <param name="agent">From the ready queue.</param>
    /// <param name="most">Messages.</param>
    private void RunTurn(AgentCell agent, int most)
    {
        if (agent.State == AgentState.Suspended || agent.Detached is not null
            || (agent.Exclusion is not null && !TryEnterExclusion(agent)))
        {
            return;      // suspended, or ended and begun anew, since it was put into the ready queue; or kept aside
        }

        if (agent.Spending is { } spending && agent.State == AgentState.Ready)
        {
            RunTurnOnBudget(agent, spending, most);
        }
        else
        {
            RunTurnNow(agent, most);
        }
    }

    private void RunTurnNow(AgentCell agent, int most)
    {
        ForgetAmbient();
        Running = agent;
        Counters.Turns++;
        if (agent.Async is { HasResumes: true } context)
        {
            context.RunResumes();
        }

        if (agent.State == AgentState.Ready)
        {
            agent.State = AgentState.Running;
            if (!LetsOthersIn(agent))
            {
                RunMessages(agent, most);
            }
        }

        EndTurn(agent);
    }

    /// <summary>An agent's code comes next: what another one left in its thread's execution context, as an
    /// <see cref="AsyncLocal{T}"/> or a culture, is nothing to it.</summary>
    public void ForgetAmbient()
    {
        ExecutionContext? now = ExecutionContext.Capture();
        if (!ReferenceEquals(now, _ambient))
        {
            RestoreAmbient(now);
        }
    }

    private void RestoreAmbient(ExecutionContext? now)
    {
        if (now is null)
        {
            ExecutionContext.RestoreFlow();      // somebody had stopped its flow
        }

        if (_ambient is not null)
        {
            ExecutionContext.Restore(_ambient);
        }
    }

    private void RunMessages(AgentCell agent, int most)
    {
        Message* message = null;
        try
        {
            for (int taken = 0; taken < most && (taken == 0 || Control.IsEmpty)
                && agent is { State: AgentState.Running, StopWanted: null }; taken++)
            {
                message = agent.Turns is { } turns ? turns.Take(agent) : agent.Inbox.Take();
                if (message == null)
                {
                    break;
                }

                if (message->Has(BegunFlags) && !TryBegin(agent, message))
                {
                    message = null;
                    continue;
                }

                Current = message;

                Tap?.NoteConsumed(agent, message);
                if (!message->Has(MessageFlags.Uncredited))
                {
                    agent.Credits.GiveHome();
                }

                Interference.At(Moment.HandlerBegins);
                Deliver(agent, message);
                Cells.Return(message);
                message = null;
            }
        }
        catch (Exception bug)
        {
            LeaveAgent();
            Lifecycle.HandlerThrew(this, agent, message, bug);
        }

        Current = _root;
    }

    // False: there is no such message any more.
    private bool TryBegin(AgentCell agent, Message* message)
    {
        if (message->Has(MessageFlags.Timer))
        {
            return Timers.TryTake(agent, message);
        }

        if (message->Has(MessageFlags.Offload))
        {
            return Offloads.TryTake(agent, message);
        }

        if (message->Has(MessageFlags.Told))
        {
            return TryTakeTold(agent, message);
        }

        BeginAttempt(agent, message->Position);
        return true;
    }

    // In the journal before the message is told to be taken: if it ends the process, the next one counts.
    private void BeginAttempt(AgentCell agent, long message)
    {
        Dictionary<long, uint> attempts = agent.Attempts!;
        uint number = attempts.GetValueOrDefault(message) + 1;
        attempts[message] = number;
        Tap!.RecordAttempt(JournalKind.Attempted, agent, message, number, "");
    }

    private void Deliver(AgentCell agent, Message* message)
    {
        object? reference = null;
        if (message->Has(MessageFlags.Reference))
        {
            reference = Cells.TakeReference(message);
            message->Flags &= ~MessageFlags.Reference;
        }

        Route route = Route.Of(message->Route);
        if (message->IsAsk && IsAbandoned(message->Correlation))
        {
            route.Discard(reference);
            EndOverride(agent, message->Correlation);
            Report(message, route, DeadLetterReason.AskAbandoned);
            return;
        }

        Counters.Handled++;
        agent.Durable?.NoteTaken();
        route.Deliver(this, agent, message, reference);
    }

    /// <summary>After every turn, and after everything that ran an agent's code outside one.</summary>
    public void EndTurn(AgentCell agent)
    {
        Running = null;
        _turnTime = 0;
        Current = _root;
        if (_leaseCount > 0)
        {
            CloseLeases();
        }

        if (agent.Turns is { } turns && agent.State is AgentState.Running or AgentState.Idle && !turns.MayBegin(agent))
        {
            agent.State = AgentState.Waiting;
        }

        if (agent.StopWanted is { } reason && (agent.State is AgentState.Running or AgentState.Idle
            || (agent.State == AgentState.Waiting && HasEndedAgents)))
        {
            Lifecycle.End(this, agent, reason);
        }

        if (agent.Exclusion is not null)
        {
            LeaveExclusion(agent);
        }

        if (agent.State is AgentState.Running or AgentState.Idle)
        {
            agent.Durable?.SnapshotIfDue(this, agent);
            agent.State = AgentState.Idle;
            if (agent.Suspends > 0)
            {
                agent.State = AgentState.Suspended;      // since before it started, or while others had its core
            }
            else if (!agent.Inbox.IsEmpty || agent.Async is { HasResumes: true })
            {
                MakeReady(agent);
            }
        }
        else if (agent.State == AgentState.Waiting && agent.Suspends > 0)
        {
            agent.State = AgentState.Suspended;
        }
        else if (agent.State == AgentState.Waiting && agent.Async!.HasResumes)
        {
            MakeReady(agent);      // the turn awaits something that came while it ran, as Task.Yield does
        }

        if (agent.Credits.Settle(agent.Waiters.Any, isIdle: agent.State != AgentState.Ready) && agent.Waiters.Any)
        {
            agent.Waiters.WakeAll();
        }

        if (GathersTo is { } open)
        {
            Give(agent, open);
        }
    }

    /// <summary>Makes the message of an asynchronous turn current while that turn runs on.</summary>
    public void EnterResumed(AgentCell agent, in Message message)
    {
        Running = agent;
        *_resumed = message;
        Current = _resumed;
    }

    public void LeaveResumed() => Current = _root;

    /// <summary>Something was sent between turns: closes what it opened.</summary>
    public void EndAside()
    {
        Running = null;
        _turnTime = 0;
        if (_leaseCount > 0)
        {
            CloseLeases();
        }
    }
}
