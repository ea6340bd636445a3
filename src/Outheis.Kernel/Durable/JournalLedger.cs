using System.Runtime.InteropServices;

namespace Outheis;

/// <summary>
/// What a journal's history leaves to be done: messages that were accepted and not taken, by the name of the agent they
/// are for; messages in quarantine; of durable agents the newest snapshot and what they took since. A fold over the
/// journal in its causal order: derived, disposable.
/// </summary>
/// <remarks>Names join runs: ids mean something in one run only. A name that two agents of one run have joins nothing.
/// </remarks>
internal sealed class JournalLedger
{
    private readonly Dictionary<(long Run, uint Agent), LedgerAgent> _agents = [];
    private readonly Dictionary<string, AgentPast> _pasts = new(StringComparer.Ordinal);
    private readonly Dictionary<(long Run, string Name), LedgerAgent> _names = [];
    private readonly Dictionary<(long Run, ulong Correlation), AgentPast> _asks = [];      // of durable agents
    private readonly Dictionary<long, LedgerMessage> _messages = [];      // waiting or in quarantine, by position
    private long _accepted;
    private long _closedRun;

    private JournalLedger()
    {
    }

    /// <summary>Messages that wait for their agent to be spawned again.</summary>
    public IEnumerable<LedgerMessage> Waiting => _messages.Values.Where(
        static message => message.Name.Length > 0 && !message.IsQuarantined);

    /// <summary>Messages that a person has to decide about.</summary>
    public IEnumerable<LedgerMessage> Quarantine => _messages.Values.Where(static message => message.IsQuarantined);

    /// <summary>Folds a history.</summary>
    /// <param name="history">In causal order.</param>
    /// <param name="end">Where to stop in the middle; null: nowhere.</param>
    public static JournalLedger Of(IEnumerable<JournalEntry> history, LedgerEnd? end = null)
    {
        var ledger = new JournalLedger();
        foreach (JournalEntry entry in history)
        {
            if (end?.IsReached(ledger, entry) ?? false)
            {
                break;
            }

            ledger.Note(entry);
        }

        return ledger;
    }

    /// <summary>What is known of the name so far; null: nothing.</summary>
    public AgentPast? Find(string name) => _pasts.GetValueOrDefault(name);

    /// <summary>Whether the record says that an agent of this name took something, or wrote its state down.</summary>
    public bool IsStepOf(string name, JournalEntry entry) =>
        (entry.Kind == JournalKind.Snapshot && NameOf(entry.Run, entry.Target) == name)
        || entry.Consumed.Any(taken => NameOf(entry.Run, taken.Target) == name);

    /// <summary>What the next agent of this name begins with; null: nothing. Nobody else gets it.</summary>
    public AgentPast? Take(string? name)
    {
        if (name is null || !_pasts.Remove(name, out AgentPast? past))
        {
            return null;
        }

        past.Waiting.AddRange(_messages.Values.Where(message => message.Name == name && !message.IsQuarantined)
            .OrderByDescending(static message => message.IsRetry).ThenBy(static message => message.Number));
        past.Waiting.ForEach(message => _messages.Remove(message.Position));
        past.IsCut = past.Run != _closedRun || past.EndsCutOff;
        return past;
    }

    private void Note(JournalEntry entry)
    {
        foreach (ConsumedMessage taken in entry.Consumed)
        {
            NoteTaken(entry.Run, taken);
        }

        switch (entry.Kind)
        {
            case JournalKind.Closed:
                _closedRun = entry.Run;
                break;
            case JournalKind.Spawned:
                NoteSpawned(entry);
                break;
            case JournalKind.Sent:
                NoteSent(entry);
                break;
            case JournalKind.DeadLetter when DeadLetterRecord.TryRead(entry.Payload.Span, out DeadLetterRecord letter):
                NoteDeadLetter(entry, (DeadLetterReason)letter.Reason);
                break;
            case JournalKind.Attempted or JournalKind.Quarantined or JournalKind.Released:
                NoteVerdict(entry);
                break;
            case JournalKind.Snapshot:
                PastOf(entry.Run, entry.Target)?.Begin(entry);
                break;
        }

        NoteOutput(entry);
    }

    private void NoteOutput(JournalEntry entry)
    {
        if (entry.Kind is JournalKind.Replied or JournalKind.TimedOut
            && _asks.Remove((entry.Run, entry.Correlation), out AgentPast? asker))
        {
            asker.NoteReply(entry);
        }

        if (PastOf(entry.Run, entry.Sender) is { Snapshot: not null } past)
        {
            past.NoteOutput(entry);
            if (entry.Kind == JournalKind.Sent && entry.Correlation != 0)
            {
                _asks[(entry.Run, entry.Correlation)] = past;
            }
        }
    }

    private void NoteSpawned(JournalEntry entry)
    {
        if (entry.TargetName is not { Length: > 0 } name || name[0] == '#')
        {
            return;
        }

        LedgerAgent agent = AgentOf(entry);
        if (agent.IsTold)
        {
            return;      // by another core already
        }

        (agent.IsTold, agent.Name) = (true, name);
        if (!_names.TryAdd((entry.Run, name), agent))
        {
            _names[(entry.Run, name)].Name = agent.Name = "";
        }

        _pasts.TryAdd(name, new AgentPast(name));
        _pasts[name].Run = entry.Run;
    }

    private void NoteSent(JournalEntry entry)
    {
        if (entry.Target != AgentId.Host)
        {
            _messages[entry.Position] = new LedgerMessage(entry, AgentOf(entry), ++_accepted);
        }
    }

    // What another core sent to an agent may come before the record that names it.
    private LedgerAgent AgentOf(JournalEntry entry)
    {
        ref LedgerAgent? agent = ref CollectionsMarshal.GetValueRefOrAddDefault(
            _agents, (entry.Run, entry.Target.Value), out _);
        return agent ??= new LedgerAgent();
    }

    private void NoteTaken(long run, ConsumedMessage taken)
    {
        if (_messages.Remove(taken.Position, out LedgerMessage? message))
        {
            PastOf(run, taken.Target)?.NoteTaken(message.Entry);
        }
    }

    private void NoteDeadLetter(JournalEntry entry, DeadLetterReason reason)
    {
        if (reason == DeadLetterReason.KernelStopped)
        {
            PastOf(entry.Run, entry.Target)?.NoteCutOff(entry.Cause);      // if it had been taken; else it waits
            return;
        }

        _messages.Remove(entry.Cause);
        PastOf(entry.Run, entry.Target)?.NoteFailed(entry.Cause);
    }

    private void NoteVerdict(JournalEntry entry)
    {
        if (!AttemptRecord.TryRead(entry.Payload.Span, out AttemptRecord record))
        {
            return;
        }

        if (!_messages.TryGetValue(entry.Cause, out LedgerMessage? message))
        {
            // It was taken, and its handler threw.
            if (PastOf(entry.Run, entry.Target) is not { } past || past.NoteFailed(entry.Cause) is not { } failed)
            {
                return;
            }

            message = new LedgerMessage(failed, new LedgerAgent { Name = past.Name }, ++_accepted) { IsRetry = true };
            _messages[entry.Cause] = message;
        }

        message.Attempts = entry.Kind == JournalKind.Released ? 0 : record.Number;
        message.IsQuarantined = entry.Kind == JournalKind.Quarantined;
        message.Reason = record.Reason;
        if (entry.Kind == JournalKind.Released && record.Verdict == AttemptRecord.Drop)
        {
            _messages.Remove(entry.Cause);
        }
    }

    private string? NameOf(long run, AgentId agent) =>
        _agents.TryGetValue((run, agent.Value), out LedgerAgent? found) && found.Name.Length > 0 ? found.Name : null;

    private AgentPast? PastOf(long run, AgentId agent) =>
        NameOf(run, agent) is { } name ? _pasts.GetValueOrDefault(name) : null;
}

/// <summary>An agent of one run.</summary>
internal sealed class LedgerAgent
{
    /// <summary>Empty: joins nothing, or is not known yet.</summary>
    public string Name { get; set; } = "";

    /// <summary>A record has named it.</summary>
    public bool IsTold { get; set; }
}

/// <summary>A message that waits for its agent, or for a person.</summary>
internal sealed class LedgerMessage(JournalEntry entry, LedgerAgent agent, long number)
{
    public JournalEntry Entry => entry;

    public long Position => entry.Position;

    /// <summary>Of the agent that it is for.</summary>
    public string Name => agent.Name;

    /// <summary>Its place in the order of acceptance.</summary>
    public long Number => number;

    /// <summary>How often an attempt to handle it ended an agent or the process.</summary>
    public uint Attempts { get; set; }

    public bool IsQuarantined { get; set; }

    /// <summary>It had been taken, and is to be handled once more before anything else.</summary>
    public bool IsRetry { get; init; }

    /// <summary>Why, in words.</summary>
    public string Reason { get; set; } = "";
}

/// <summary>What a named agent's earlier lives left.</summary>
internal sealed class AgentPast(string name)
{
    private readonly Dictionary<ulong, JournalEntry> _replies = [];
    private readonly Dictionary<long, PastTurn> _byPosition = [];

    public string Name => name;

    /// <summary>The newest run that had it.</summary>
    public long Run { get; set; }

    /// <summary>That run did not end as it should: its newest message may have been handled in part only.</summary>
    public bool IsCut { get; set; }

    /// <summary>Its newest message was handled in part only, in a run that ended as it should.</summary>
    public bool EndsCutOff => Turns is [.., { IsCutOff: true }];

    /// <summary>Its newest snapshot; null: it is not durable.</summary>
    public JournalEntry? Snapshot { get; private set; }

    /// <summary>What it took since, in order.</summary>
    public List<PastTurn> Turns { get; } = [];

    /// <summary>What it was sent and did not take, in order.</summary>
    public List<LedgerMessage> Waiting { get; } = [];

    public void Begin(JournalEntry snapshot)
    {
        Snapshot = snapshot;
        Turns.Clear();
        _byPosition.Clear();
        _replies.Clear();
    }

    public void NoteTaken(JournalEntry message)
    {
        if (Snapshot is not null)
        {
            var turn = new PastTurn(message);
            Turns.Add(turn);
            _byPosition[message.Position] = turn;
        }
    }

    /// <summary>Its handler threw: the state is what it was before.</summary>
    public JournalEntry? NoteFailed(long position)
    {
        if (!_byPosition.Remove(position, out PastTurn? failed))
        {
            return null;
        }

        Turns.Remove(failed);
        return failed.Message;
    }

    /// <summary>The run ended while the agent awaited something in it.</summary>
    public void NoteCutOff(long position)
    {
        if (_byPosition.TryGetValue(position, out PastTurn? turn))
        {
            turn.IsCutOff = true;
        }
    }

    public void NoteOutput(JournalEntry entry)
    {
        if (_byPosition.TryGetValue(entry.Cause, out PastTurn? turn))
        {
            turn.Outputs.Add(entry);
        }
    }

    /// <summary>A reply or a failure that came back to it.</summary>
    public void NoteReply(JournalEntry entry)
    {
        _replies[entry.Correlation] = entry;
    }

    /// <summary>Whether the message is among those taken since the snapshot.</summary>
    public bool Has(long position) => _byPosition.ContainsKey(position);

    public JournalEntry? ReplyTo(ulong correlation) => _replies.GetValueOrDefault(correlation);
}

/// <summary>One message that a durable agent took, and what it did about it.</summary>
internal sealed class PastTurn(JournalEntry message)
{
    public JournalEntry Message => message;

    public List<JournalEntry> Outputs { get; } = [];

    public bool IsCutOff { get; set; }
}
