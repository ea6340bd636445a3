namespace Outheis;

/// <summary>
/// What the kernel tells agents because they, or the host, wanted to hear of it: that a group is empty, what a source
/// has. Messages of the agent's own, as those of timers are: they take no room of the channel, are journaled when they
/// are taken, and mean nothing to a later run.
/// </summary>
internal sealed unsafe partial class Core
{
    /// <summary>Whether what this core's handler does now is done once more, and was done before.</summary>
    public bool IsOnceMore => Replay is not null || Running is { Factory: null };

    /// <summary>The same of this thread's handler, if it runs one.</summary>
    public static bool IsOnceMoreHere
    {
        get
        {
            if (t_current is not { } core)
            {
                return false;
            }

            using KernelCall call = core.Call();
            return core.IsOnceMore;
        }
    }

    /// <summary>An agent wants to hear when nothing of a group is under way.</summary>
    public void Notify<T>(AgentCell self, WorkGroup group, in T message)
    {
        ArgumentNullException.ThrowIfNull(group);
        if (IsOnceMore)
        {
            ToldRoute.Check<T>(self);
        }
        else
        {
            group.NotifyOf(self, in message);
        }
    }

    /// <summary>Puts what an agent is told behind what is there.</summary>
    /// <param name="agent">One of this core's.</param>
    /// <param name="incarnation">For which it is; 0: for whichever takes it.</param>
    /// <param name="message">What it is told; it handles that.</param>
    public void Tell<T>(AgentCell agent, uint incarnation, in T message)
    {
        if (agent.State == AgentState.Dead || IsForAnother(agent, incarnation))
        {
            ReportUntold(agent.Id.Value, MessageType<T>.Instance.Name, TooLateFor(agent));
            return;
        }

        Route route = MessageType<T>.Instance.RouteTo(agent.Instance!, isRequest: false)!;
        Message* cell = Cells.Rent();
        OwnMessage.Fill(Cells, cell, agent, route, MessageFlags.Told, in message);
        cell->Chain = NextChain();
        cell->Timer = incarnation;
        Put(agent, cell);
    }

    /// <summary>Puts what a source has behind what is there: the source stands for it until it is taken.</summary>
    public void TellMerged(AgentCell agent, Route route, MergeCell source)
    {
        if (agent.State == AgentState.Dead)
        {
            ReportUntold(agent.Id.Value, route.Message.Name, TooLateFor(agent));
            return;
        }

        Message* cell = Cells.Rent();
        OwnMessage.FillHeader(cell, agent, route, MessageFlags.Told | MessageFlags.Merged | MessageFlags.Reference);
        Cells.PutReference(cell, source);
        cell->Chain = NextChain();
        cell->Timer = 0;
        Put(agent, cell);
    }

    // False: it was for another incarnation, there is nothing, or it is held until the journal has room.
    private bool TryTakeTold(AgentCell agent, Message* message)
    {
        if (message->Has(MessageFlags.Merged))
        {
            return ((MergeCell)Cells.TakeReference(message)).TryTake(this, message);
        }

        if (IsForAnother(agent, message->Timer))
        {
            BuryTold(message, DeadLetterReason.IncarnationEnded);
            return false;
        }

        if (!TryJournalOwn(message))
        {
            Offloads.Hold(message);
            return false;
        }

        message->Flags &= ~MessageFlags.Told;      // whatever becomes of it now is told, as of any message
        return true;
    }

    /// <summary>Journals a message of an agent's own that is taken now. False: there is no room.</summary>
    public bool TryJournalOwn(Message* message)
    {
        if (Tap is null)
        {
            return true;
        }

        object? reference = message->Has(MessageFlags.Reference) ? Cells.LookAtReference(message) : null;
        return Route.Of(message->Route).TryJournal(Tap, message, reference);
    }

    private void BuryTold(Message* message, DeadLetterReason reason)
    {
        Route route = Route.Of(message->Route);
        if (message->Has(MessageFlags.Reference))
        {
            object carried = Cells.TakeReference(message);
            if (!message->Has(MessageFlags.Merged))
            {
                route.Discard(carried);
            }
        }

        ReportUntold(message->Target, route.Message.Name, reason);
        Cells.Return(message);
    }

    private void ReportUntold(uint agent, string message, DeadLetterReason reason) =>
        Kernel.DeadLetters.Add(new DeadLetter(reason, new AgentId(agent), new AgentId(agent), message, 0));

    private static bool IsForAnother(AgentCell agent, ulong incarnation) =>
        incarnation != 0 && incarnation != agent.Incarnation;

    private DeadLetterReason TooLateFor(AgentCell agent) =>
        Kernel.IsStopping ? DeadLetterReason.KernelStopped
        : agent.State == AgentState.Dead ? DeadLetterReason.TargetDead : DeadLetterReason.IncarnationEnded;
}
