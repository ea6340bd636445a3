namespace Outheis;

/// <summary>
/// Hands an agent what an earlier process accepted for its namesake and did not handle, before anything new. The
/// agent's core, at its start.
/// </summary>
internal static unsafe class Redelivery
{
    public static void Run(Core core, AgentCell agent, AgentPast past)
    {
        MessageCodecs codecs = core.Kernel.Options.Codecs;
        Inbox newer = agent.Inbox;
        agent.Inbox = default;
        HashSet<long> handedOver = PositionsIn(newer);
        core.Kernel.Redelivered.CountGivenUp(past.GivenUp);
        foreach (LedgerMessage message in past.Waiting)
        {
            if (handedOver.Contains(message.Position))
            {
                // To an incarnation before, which ended before it came to it.
            }
            else if (message.Entry.Correlation != 0)
            {
                // Whoever asked has gone with its process.
                core.Tap!.RecordDeadLetter(agent, message.Entry, DeadLetterReason.AskAbandoned);
                core.Kernel.Redelivered.CountAbandoned();
            }
            else if (SignalCodecs.IsGone(message.Entry, core.Kernel))
            {
                core.Tap!.RecordDeadLetter(agent, message.Entry, DeadLetterReason.Unhandled);
                core.Kernel.DeadLetters.Add(new DeadLetter(
                    DeadLetterReason.Unhandled, AgentId.OfEarlierRun, agent.Id, message.Entry.TypeName ?? "",
                    message.Position));
            }
            else if (message.Attempts >= core.Kernel.Options.AttemptsMost)
            {
                Quarantine(core, agent, message.Entry, message.Attempts, message.Reason);
            }
            else if (codecs.RouteTo(message.Entry, agent.Instance!, out _) is { } route)
            {
                Put(core, agent, message, route, codecs);
            }
            else
            {
                core.Kernel.Redelivered.CountUnknown(
                    $"The {message.Entry.TypeFullName} at {message.Position} for {agent.Name} waits: this program has "
                    + $"no such type or {agent.Instance!.GetType().Name} no handler. Say Codecs.Add, or keep the "
                    + "handler.");
            }
        }

        agent.Inbox.PutAll(ref newer);
    }

    /// <summary>What killed runs had left half done: as <see cref="Quarantine"/>, and what nobody could be handed
    /// anyway, since it means its own run, is a dead letter.</summary>
    public static void SetAside(Core core, AgentCell agent, JournalEntry message, uint attempts)
    {
        if (message.Correlation != 0 || message.IsOfItsRun)
        {
            core.Tap!.RecordDeadLetter(agent, message, DeadLetterReason.Quarantined);
            Count(core, agent, message);
        }
        else
        {
            Quarantine(core, agent, message, attempts, "");
        }
    }

    // Nobody is handed it before a person has decided.
    private static void Quarantine(Core core, AgentCell agent, JournalEntry message, uint attempts, string reason)
    {
        core.Tap!.RecordAttempt(JournalKind.Quarantined, agent, message.Position, attempts, reason);
        Count(core, agent, message);
    }

    private static void Count(Core core, AgentCell agent, JournalEntry message)
    {
        core.Kernel.DeadLetters.Add(new DeadLetter(
            DeadLetterReason.Quarantined, AgentId.OfEarlierRun, agent.Id, message.TypeName ?? "", message.Position));
        core.Kernel.Redelivered.CountQuarantined();
    }

    private static HashSet<long> PositionsIn(Inbox inbox)
    {
        HashSet<long> positions = [];
        inbox.Look(message =>
        {
            if (message->Has(MessageFlags.Redelivered))
            {
                positions.Add(message->Position);
            }
        });
        return positions;
    }

    private static void Put(Core core, AgentCell agent, LedgerMessage message, Route route, MessageCodecs codecs)
    {
        Message* cell = core.Cells.Rent();
        try
        {
            object? reference = RedeliveredMessage.Fill(cell, message.Entry, route, codecs, agent);
            if (cell->Has(MessageFlags.Reference))
            {
                core.Cells.PutReference(cell, reference);
            }
        }
        catch (JournalException reason)
        {
            core.Cells.Return(cell);
            core.Kernel.Redelivered.CountUnknown(reason.Message);
            return;
        }

        agent.Attempts ??= [];
        agent.Attempts[message.Position] = message.Attempts;
        if (message.Effects.Count > 0)
        {
            agent.Effects ??= [];
            agent.Effects[message.Position] = new RecordedEffects(message.Effects);
        }

        agent.Inbox.Put(cell);
        core.Kernel.Redelivered.CountDelivered();
    }
}

/// <summary>Makes a message again from its record.</summary>
internal static unsafe class RedeliveredMessage
{
    /// <summary>Fills a cell. Returns what travels beside it.</summary>
    /// <exception cref="JournalException">The payload cannot be read.</exception>
    public static object? Fill(Message* cell, JournalEntry entry, Route route, MessageCodecs codecs, AgentCell target)
    {
        cell->Route = route.Index;
        cell->Target = target.Id.Value;
        cell->Sender = SenderNow(entry, target.Kernel);
        cell->Capability = 0;
        cell->Badge = entry.Badge;
        cell->Flags = MessageFlags.Uncredited | MessageFlags.Redelivered;
        cell->Qos = entry.Qos;
        cell->Chain = entry.Chain;
        cell->Position = entry.Position;
        if (entry.Correlation != 0 || entry.Labels != 0)
        {
            cell->Flags |= MessageFlags.Extended;
            (cell->Correlation, cell->Call, cell->Deadline, cell->Labels) = (entry.Correlation, 0, 0, entry.Labels);
        }

        codecs.RouteTo(entry, target.Instance!, out MessageType? type);
        return type!.Fill(codecs, entry, cell, out object? reference) is not { } reason
            ? reference
            : throw new JournalException(
                $"The {entry.TypeFullName} at {entry.Position} for {target.Name} cannot be read: {reason}.");
    }

    // Ids mean something in one run only. Whoever has the sender's name now is the sender; nobody is mistaken for the
    // host.
    private static uint SenderNow(JournalEntry entry, Kernel kernel) =>
        entry.Sender == AgentId.Host ? 0
        : entry.SenderName is { } name && kernel.Agents.FindByName(name) is { } now ? now.Id.Value
        : AgentId.OfEarlierRun.Value;
}
