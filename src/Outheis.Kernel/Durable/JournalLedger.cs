using System.Runtime.InteropServices;

namespace Outheis;

/// <summary>
/// What a journal's history leaves to be done: messages that were accepted and not taken, by the name of the agent they
/// are for; messages in quarantine; of durable agents the newest snapshot and what they took since. A fold over the
/// journal in its causal order, which keeps positions alone: derived, disposable.
/// </summary>
/// <remarks>Names join runs: ids mean something in one run only. A name that two agents of one run have joins nothing.
/// </remarks>
internal sealed unsafe partial class JournalLedger
{
    private readonly Dictionary<uint, LedgerRun> _runs = [];
    private readonly Dictionary<string, LedgerPast> _pasts = new(StringComparer.Ordinal);
    private readonly Dictionary<(uint Run, ulong Correlation), LedgerPast> _asks = [];      // of durable agents
    private readonly Dictionary<long, Accepted> _messages = [];      // waiting or in quarantine, by position
    private long _accepted;
    private LedgerRun _run = new(0);      // of the newest record

    /// <summary>How many messages wait for their agent to be spawned again.</summary>
    public int Waiting => _messages.Values.Count(static message => message.IsWaiting);

    /// <summary>Everybody of whom something is known.</summary>
    public IEnumerable<string> Names => _pasts.Keys;

    /// <summary>What a person has to decide about, in the order of acceptance.</summary>
    public IEnumerable<LedgerMessage> Quarantine(LedgerEntries entries) => _messages.Values
        .Where(static message => message.Verdict is { IsQuarantined: true })
        .OrderBy(static message => message.Number).Select(message => message.TryRead(entries)).OfType<LedgerMessage>();

    /// <summary>What the next agent of this name begins with; null: nothing.</summary>
    /// <exception cref="JournalException">A record that it consists of is no longer there.</exception>
    public AgentPast? Find(string? name, LedgerEntries entries)
    {
        if (name is null || !_pasts.TryGetValue(name, out LedgerPast? past))
        {
            return null;
        }

        var found = new AgentPast(past.Name) { Run = past.Run };
        int lost = 0;      // timers whose records are gone
        if (past.Snapshot is { } snapshot)
        {
            found.Begin(entries.Read(in snapshot));
        }

        foreach (LedgerTurn turn in past.Turns)
        {
            found.NoteTaken(
                entries.Read(turn.Message), [.. turn.Earlier.Select(effect => entries.Read(in effect))], turn.Attempts);
            turn.Outputs.ForEach(output => found.NoteOutput(entries.Read(in output)));
            if (turn.IsCutOff)
            {
                found.NoteCutOff(turn.Message.Position);
            }
        }

        foreach (RecordPlace reply in past.Replies.Values)
        {
            found.NoteReply(entries.Read(in reply));
        }

        foreach (LedgerTimer timer in past.Timers.Armed)
        {
            if (entries.TryRead(timer.Place) is { } armed)
            {
                found.Timers.Add(new PastTimer(armed, timer.Taken));
            }
            else
            {
                lost++;
            }
        }

        Accepted[] waiting = [.. _messages.Values.Where(message => message.Agent.Past == past && message.IsWaiting)
            .OrderByDescending(static message => message.Verdict?.IsRetry ?? false)
            .ThenBy(static message => message.Number)];
        found.Waiting.AddRange(waiting.Select(message => message.TryRead(entries)).OfType<LedgerMessage>());
        found.GivenUp = past.GivenUp + lost + waiting.Length - found.Waiting.Count;
        found.IsCut = !past.IsClosed || found.EndsCutOff;
        return found;
    }

    /// <summary>The message that an agent of this name took last, since its newest snapshot; 0: none.</summary>
    public long NewestTaken(string name) =>
        _pasts.TryGetValue(name, out LedgerPast? past) && past.Turns is [.., { } newest] ? newest.Message.Position : 0;

    /// <summary>Whether the record at hand says that an agent of this name took something, or wrote its state
    /// down.</summary>
    public bool IsStepOf(string name, LaneReader lane)
    {
        RecordHeader* record = lane.Record;
        LedgerRun run = RunOf(lane.Run);
        if ((record->Kind == JournalKind.Snapshot && NameOf(run, record->Target) == name)
            || ((record->Flags & RecordFlags.Takes) != 0 && NameOf(run, record->Sender) == name))
        {
            return true;
        }

        if (record->Kind == JournalKind.Consumed)
        {
            foreach (ConsumedEntry taken in MemoryMarshal.Cast<byte, ConsumedEntry>(lane.Content))
            {
                if (NameOf(run, taken.Target) == name)
                {
                    return true;
                }
            }
        }

        return false;
    }

    /// <summary>Whether the record at hand says that a message was taken.</summary>
    public static bool IsTaken(long position, LaneReader lane)
    {
        RecordHeader* record = lane.Record;
        bool isTaken = (record->Flags & RecordFlags.Takes) != 0 && record->Cause == position;
        if (record->Kind == JournalKind.Consumed)
        {
            foreach (ConsumedEntry taken in MemoryMarshal.Cast<byte, ConsumedEntry>(lane.Content))
            {
                isTaken |= taken.Position == position;
            }
        }

        return isTaken;
    }

    /// <summary>What a turn has armed and disarmed so far is taken back.</summary>
    public void TakeBackTimers(long message)
    {
        foreach (LedgerPast past in _pasts.Values)
        {
            past.Timers.NoteFailed(message);
        }
    }

    /// <summary>Nobody can be given what is before these: messages whose records are gone.</summary>
    /// <param name="lost">What was not read.</param>
    /// <param name="archived">Of what else is gone, the part that an archive has; null: there is none.</param>
    public void Forget(IEnumerable<LaneLoss> lost, LedgerEntries? archived)
    {
        foreach (LaneLoss loss in lost)
        {
            foreach (Accepted message in _messages.Values)
            {
                if (message.Place.Position < loss.To && RecordHeader.LaneOf(message.Place.Position) == loss.Lane
                    && archived?.TryRead(message.Place) is null)
                {
                    _messages.Remove(message.Place.Position);
                    message.Agent.Past?.GivenUp += message.IsWaiting ? 1 : 0;
                }
            }
        }
    }

    /// <summary>Takes the record at hand in.</summary>
    public void Note(LaneReader lane)
    {
        RecordHeader* record = lane.Record;
        LedgerRun run = RunOf(lane.Run);
        if ((record->Flags & RecordFlags.Takes) != 0)
        {
            NoteTaken(run, record->Sender, record->Cause);
        }

        switch (record->Kind)
        {
            case JournalKind.Consumed:
                foreach (ConsumedEntry taken in MemoryMarshal.Cast<byte, ConsumedEntry>(lane.Content))
                {
                    NoteTaken(run, taken.Target, taken.Position);
                }

                return;
            case JournalKind.Sent:
                NoteSent(run, lane);
                break;
            case JournalKind.Closed:
                NoteClosed(lane.Run);
                break;
            case JournalKind.Spawned:
                NoteSpawned(run, lane);
                break;
            case JournalKind.DeadLetter when DeadLetterRecord.TryRead(lane.Content, out DeadLetterRecord letter):
                NoteDeadLetter(run, record, (DeadLetterReason)letter.Reason);
                break;
            case JournalKind.Attempted or JournalKind.Quarantined or JournalKind.Released:
                NoteVerdict(run, lane);
                break;
            case JournalKind.Resumed when AttemptRecord.TryRead(lane.Content, out AttemptRecord resumed):
                PastOf(run, record->Target)?.NoteResumed(record->Cause, resumed.Number);
                break;
            case JournalKind.Snapshot:
                PastOf(run, record->Target)?.Begin(lane.RecordPlace);
                break;
            case JournalKind.Armed when ArmedRecord.TryRead(lane.Content, out ArmedRecord armed):
                PastOf(run, record->Sender)?.Timers.NoteArmed(
                    armed.Key, new LedgerTimer(lane.RecordPlace, 0, armed.PeriodTicks == 0), record->Cause);
                break;
            case JournalKind.Disarmed when DisarmedRecord.TryRead(lane.Content, out DisarmedRecord disarmed):
                PastOf(run, record->Sender)?.Timers.NoteArmed(disarmed.Key, null, record->Cause);
                break;
        }

        NoteOutput(run, lane);
    }

    private void NoteOutput(LedgerRun run, LaneReader lane)
    {
        RecordHeader* record = lane.Record;
        if (_asks.Count > 0 && record->Kind is JournalKind.Replied or JournalKind.TimedOut
            && _asks.Remove((run.Number, lane.Correlation), out LedgerPast? asker))
        {
            asker.Replies[lane.Correlation] = lane.RecordPlace;
        }

        if (PastOf(run, record->Sender) is { Snapshot: not null } past)
        {
            past.NoteOutput(record->Cause, IsEffect(record), lane.RecordPlace);
            if (record->Kind == JournalKind.Sent && lane.Correlation != 0)
            {
                _asks[(run.Number, lane.Correlation)] = past;
            }
        }
    }

    // One that was told again is told by the records of the attempt that did it.
    private static bool IsEffect(RecordHeader* record) =>
        record->Kind is JournalKind.EffectBegun or JournalKind.EffectEnded && record->Badge == 0;

    private void NoteSpawned(LedgerRun run, LaneReader lane)
    {
        LedgerAgent agent = run.AgentOf(lane.Record->Target);
        if (agent.IsTold || !SpawnedRecord.TryRead(lane.Content, out SpawnedRecord spawned))
        {
            return;      // by another core already
        }

        if (spawned.Name.Length == 0 || spawned.Name[0] == '#')
        {
            agent.IsTold = true;
            return;
        }

        ref LedgerPast? past = ref CollectionsMarshal.GetValueRefOrAddDefault(_pasts, spawned.Name, out _);
        past ??= new LedgerPast(spawned.Name);
        if (past.Run != run.Number && !past.IsClosed)
        {
            past.NoteKilled();      // until this run has finished it, which a snapshot tells
        }

        // What an earlier run's had to be given up was told to whom was spawned.
        (past.Run, past.IsClosed, past.GivenUp) = (run.Number, false, 0);
        run.Name(agent, spawned.Name, past);
    }

    private void NoteClosed(uint run)
    {
        foreach (LedgerPast past in _pasts.Values)
        {
            past.IsClosed |= past.Run == run;
        }
    }

    private void NoteSent(LedgerRun run, LaneReader lane)
    {
        if (lane.Record->Target == 0)
        {
            return;      // the host's
        }

        LedgerAgent agent = run.AgentOf(lane.Record->Target);
        if ((lane.Record->Flags & RecordFlags.Timer) != 0 && lane.Record->Cause != 0)
        {
            agent.Past?.Timers.NoteTaken(lane.Record->Cause, (long)lane.Labels);
        }

        if (!agent.JoinsNothing)
        {
            _messages[lane.Position] = new Accepted(lane.RecordPlace, agent, ++_accepted, null);
        }
    }

    private void NoteTaken(LedgerRun run, uint taker, long position)
    {
        if (position != 0 && _messages.Remove(position, out Accepted message))
        {
            PastOf(run, taker)?.NoteTaken(message.Place, message.Verdict?.Effects ?? []);
        }
    }

    private void NoteDeadLetter(LedgerRun run, RecordHeader* record, DeadLetterReason reason)
    {
        if (reason == DeadLetterReason.KernelStopped)
        {
            PastOf(run, record->Target)?.NoteCutOff(record->Cause);      // if it had been taken; else it waits
            return;
        }

        _messages.Remove(record->Cause);
        PastOf(run, record->Target)?.NoteFailed(record->Cause);
    }

    private void NoteVerdict(LedgerRun run, LaneReader lane)
    {
        (JournalKind kind, long position) = (lane.Record->Kind, lane.Record->Cause);
        if (!AttemptRecord.TryRead(lane.Content, out AttemptRecord record))
        {
            return;
        }

        if (!_messages.TryGetValue(position, out Accepted message))
        {
            // It was taken, and its handler threw.
            LedgerAgent agent = run.AgentOf(lane.Record->Target);
            if (agent.Past?.NoteFailed(position) is not { } failed)
            {
                return;
            }

            message = new Accepted(failed.Message, agent, ++_accepted, new LedgerVerdict { IsRetry = true });
            message.Verdict!.Effects.AddRange([.. failed.Earlier, .. failed.Effects]);
        }

        LedgerVerdict verdict = message.Verdict ?? new LedgerVerdict();
        _messages[position] = message with { Verdict = verdict };
        verdict.Attempts = kind == JournalKind.Released ? 0 : record.Number;
        verdict.IsQuarantined = kind == JournalKind.Quarantined;
        verdict.Reason = record.Reason;
        if (kind == JournalKind.Released && record.Verdict == AttemptRecord.Drop)
        {
            _messages.Remove(position);
        }
    }

    private LedgerRun RunOf(uint number)
    {
        if (_run.Number != number)
        {
            ref LedgerRun? run = ref CollectionsMarshal.GetValueRefOrAddDefault(_runs, number, out _);
            _run = run ??= new LedgerRun(number);
        }

        return _run;
    }

    private static LedgerPast? PastOf(LedgerRun run, uint agent) =>
        agent != 0 && run.Agents.TryGetValue(agent, out LedgerAgent? found) ? found.Past : null;

    private static string? NameOf(LedgerRun run, uint agent) => PastOf(run, agent)?.Name;

    /// <summary>A message that was accepted, and nobody has taken.</summary>
    private readonly partial record struct Accepted(
        RecordPlace Place, LedgerAgent Agent, long Number, LedgerVerdict? Verdict)
    {
        public bool IsWaiting => Agent.Past is not null && Verdict is not { IsQuarantined: true };

        // Without what it did outside it must not be handled once more.
        public LedgerMessage? TryRead(LedgerEntries entries)
        {
            JournalEntry?[] effects = [.. (Verdict?.Effects ?? []).Select(place => entries.TryRead(in place))];
            return entries.TryRead(Place) is { } entry && !effects.Contains(null)
                ? new LedgerMessage(entry, Agent.Past?.Name ?? "", Number, Verdict, effects!) : null;
        }
    }
}
