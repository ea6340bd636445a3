namespace Outheis;

/// <summary>What the kernel itself does, as records of the core that does it.</summary>
internal static unsafe class JournalTapRecords
{
    public static void RecordStarted(this JournalTap tap, AgentCell agent)
    {
        if (agent.Incarnation == 1)
        {
            tap.RecordSpawned(agent);
            agent.TellSpawned();
        }

        var fields = new RecordHeader
        {
            Kind = agent.Incarnation == 1 ? JournalKind.Started : JournalKind.Restarted, Target = agent.Id.Value,
        };
        tap.Record(in fields, new StartedRecord(agent.Incarnation));
    }

    /// <summary>Its name. Told by the agent's core, and before that by each core that sends to it: whoever reads the
    /// message knows whom it was for, even if the agent's core never came to tell.</summary>
    public static void RecordSpawned(this JournalTap tap, AgentCell agent)
    {
        var fields = new RecordHeader { Kind = JournalKind.Spawned, Target = agent.Id.Value };
        uint supervisor = agent.Supervisor?.Id.Value ?? 0;
        tap.Record(in fields, new SpawnedRecord(1, supervisor, (byte)agent.Qos, agent.Name));
    }

    public static void RecordExited(this JournalTap tap, AgentCell agent, ExitReason reason)
    {
        var fields = new RecordHeader { Kind = JournalKind.Exited, Target = agent.Id.Value };
        string words = reason.Exception is null ? "" : reason.ToString();
        tap.Record(in fields, new ExitedRecord(agent.Incarnation, (byte)reason.Kind, words));
    }

    public static void RecordCapability(this JournalTap tap, JournalKind kind, CapabilityNode node)
    {
        RecordHeader fields = Fields(kind, node, node.Id);
        uint parent = node.Parent?.Id ?? 0;
        tap.Record(
            in fields, new CapabilityRecord(parent, node.Holder.Id.Value, (byte)node.Granted, node.Purpose ?? ""));
    }

    public static void RecordRevoked(this JournalTap tap, uint id, CapabilityNode through)
    {
        RecordHeader fields = Fields(JournalKind.Revoked, through, id);
        tap.Record(in fields, new CapabilityRecord(through.Id, through.Holder.Id.Value, 0, ""));
    }

    public static void RecordDeadLetter(this JournalTap tap, Message* message, DeadLetterReason reason)
    {
        var fields = new RecordHeader
        {
            Kind = JournalKind.DeadLetter,
            TypeId = message->Route,
            Sender = message->Sender,
            Target = message->Target,
            Cause = message->Position,
        };
        tap.Record(in fields, new DeadLetterRecord((byte)reason, message->Position));
    }

    /// <summary>The asker of this correlation gave up: timed out, cancelled or ended.</summary>
    public static void RecordGaveUp(this JournalTap tap, AgentCell callee, ulong correlation)
    {
        var fields = new RecordHeader
        {
            Kind = JournalKind.TimedOut,
            Target = callee.Id.Value,
        };
        tap.RecordCorrelation(in fields, correlation);
    }

    /// <summary>The answer to this correlation is a failure: the callee threw, ended, could not send it, or would have
    /// waited for the asker.</summary>
    public static void RecordFailedReply(this JournalTap tap, uint callee, ulong correlation, AskOutcome outcome)
    {
        var fields = new RecordHeader
        {
            Kind = JournalKind.Replied,
            Flags = RecordFlags.Failed,
            Sender = callee,
            Badge = outcome == AskOutcome.Failed ? 0u : (uint)outcome,
        };
        tap.RecordCorrelation(in fields, correlation);
    }

    /// <summary>A message that had a try: Attempted or Resumed, or Quarantined because it had too many.</summary>
    public static void RecordAttempt(
        this JournalTap tap, JournalKind kind, AgentCell agent, long message, uint number, string reason)
    {
        var fields = new RecordHeader { Kind = kind, Target = agent.Id.Value, Cause = message };
        tap.Record(in fields, new AttemptRecord(number, 0, reason));
    }

    /// <summary>A message of an earlier process that nobody will be handed.</summary>
    public static void RecordDeadLetter(
        this JournalTap tap, AgentCell agent, JournalEntry message, DeadLetterReason reason)
    {
        var fields = new RecordHeader
        {
            Kind = JournalKind.DeadLetter, Target = agent.Id.Value, Cause = message.Position,
        };
        tap.Record(in fields, new DeadLetterRecord((byte)reason, message.Position));
    }

    /// <summary>A durable agent was handed what no message says.</summary>
    public static void RecordObserved(this JournalTap tap, AgentCell agent, long cause, byte what, long value)
    {
        var fields = new RecordHeader { Kind = JournalKind.Observed, Sender = agent.Id.Value, Cause = cause };
        tap.Record(in fields, new ObservedRecord(what, value));
    }

    /// <summary>A durable agent's send or ask was refused, or its wish to arm a timer.</summary>
    public static void RecordRefused(this JournalTap tap, AgentCell agent, long cause, in RefusedRecord refused)
    {
        var fields = new RecordHeader { Kind = JournalKind.Refused, Sender = agent.Id.Value, Cause = cause };
        tap.Record(in fields, in refused);
    }

    /// <summary>A durable agent has no timer of this key any more.</summary>
    public static void RecordDisarmed(this JournalTap tap, AgentCell agent, long cause, string key)
    {
        var fields = new RecordHeader { Kind = JournalKind.Disarmed, Sender = agent.Id.Value, Cause = cause };
        tap.Record(in fields, new DisarmedRecord(key));
    }

    /// <summary>A supervisor's verdict on a child.</summary>
    public static void RecordSupervised(
        this JournalTap tap, AgentCell supervisor, long cause, AgentId child, in SupervisedRecord verdict)
    {
        var fields = new RecordHeader
        {
            Kind = JournalKind.Supervised, Sender = supervisor.Id.Value, Target = child.Value, Cause = cause,
        };
        tap.Record(in fields, in verdict);
    }

    /// <summary>An agent leaves for a core, or has come to it: then the cause is that it left, in the other lane, and
    /// what it did before stands before what it does now. Returns where.</summary>
    public static long RecordMoved(this JournalTap tap, AgentCell agent, int to, long cause)
    {
        var fields = new RecordHeader { Kind = JournalKind.Moved, Target = agent.Id.Value, Cause = cause };
        return tap.Record(in fields, new MovedRecord((byte)to));
    }

    /// <summary>Appends a message that came from outside, in whatever form its type has. False: no room, try
    /// later.</summary>
    public static bool TryAppendEntered(this JournalTap tap, Message* slot, object? reference) =>
        Route.Of(slot->Route).TryJournal(tap, slot, reference);

    private static RecordHeader Fields(JournalKind kind, CapabilityNode node, uint id) => new()
    {
        Kind = kind,
        TypeId = node.Route.Index,
        Sender = node.Parent?.Holder.Id.Value ?? 0,
        Target = node.Target.Id.Value,
        Badge = node.Badge,
        Capability = id,
    };
}
