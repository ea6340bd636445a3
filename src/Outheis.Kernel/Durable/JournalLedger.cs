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
