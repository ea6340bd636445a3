using System.Runtime.InteropServices;

namespace Outheis;

/// <summary>What each kind of record means for the work under way.</summary>
internal sealed partial class ReplaySource
{
    private void Note(in JournalRecord record)
    {
        RecordedRun run = RunOf(in record);
        if (record.Takes)
        {
            Take(run, in record, record.Sender.Value, record.Cause);
        }

        switch (record.Kind)
        {
            case JournalKind.Sent:
                NoteSent(run, in record);
                break;
            case JournalKind.Consumed:
                foreach (ConsumedEntry taken in MemoryMarshal.Cast<byte, ConsumedEntry>(record.Payload))
                {
                    Take(run, in record, taken.Target, taken.Position);
                }

                break;
            case JournalKind.Replied:
                NoteReplied(run, in record);
                break;
            case JournalKind.TimedOut:
                NoteEnd(run, in record);
                break;
            case JournalKind.Observed or JournalKind.Refused or JournalKind.EffectBegun or JournalKind.EffectEnded
                or JournalKind.Supervised or JournalKind.Disarmed:
                NoteAct(run, in record);
                break;
            case JournalKind.Armed when ArmedRecord.TryRead(record.Payload, out ArmedRecord armed) && !armed.IsAnew:
                NoteAct(run, in record);
                break;
            case JournalKind.Snapshot:
                NoteSnapshot(run, in record);
                break;
            case JournalKind.DeadLetter or JournalKind.Attempted or JournalKind.Quarantined or JournalKind.Exited
                or JournalKind.Started or JournalKind.Restarted or JournalKind.Spawned or JournalKind.Opened
                or JournalKind.Released:
                NoteLife(run, in record);
                break;
        }

        IsUntilPassed |= Until != 0 && record.Lane == RecordHeader.LaneOf(Until) && record.Position >= Until
            && !_waiting.ContainsKey(Until) && !IsTaken(Until);
    }

    private bool IsTaken(long position) =>
        cast.Agents.Any(agent => agent.Turns.Any(turn => turn.Work == ReplayWork.Message && turn.Position == position));

    private void NoteLife(RecordedRun run, in JournalRecord record)
    {
        switch (record.Kind)
        {
            case JournalKind.Opened when OpenedRecord.TryRead(record.Payload, out OpenedRecord opened):
                run.OpenedTicks = opened.UtcTicks;
                _open[record.Lane] = default;      // whatever the core ran when its process was killed is not over
                break;
            case JournalKind.Spawned when record.TargetName is { } name && !run.IsTold(record.Target.Value):
                run.Tell(record.Target.Value, name, cast.Join(run, record.Target.Value, name));
                break;
            case JournalKind.Started or JournalKind.Restarted:
                NoteStarted(run, in record);
                break;
            case JournalKind.Exited:
                NoteExited(run, in record);
                break;
            case JournalKind.DeadLetter when DeadLetterRecord.TryRead(record.Payload, out DeadLetterRecord letter):
                NoteDeadLetter(run, in record, (DeadLetterReason)letter.Reason);
                break;
            case JournalKind.Attempted:
                NoteAttempted(run, in record);
                break;
            case JournalKind.Quarantined:
                NoteQuarantined(run, in record);
                break;
            case JournalKind.Released when AttemptRecord.TryRead(record.Payload, out AttemptRecord verdict)
                && verdict.Verdict == AttemptRecord.Drop:
                _waiting.Remove(record.Cause);
                break;
        }
    }

    private void NoteSent(RecordedRun run, in JournalRecord record)
    {
        // A signal of the kernel has no capability: nobody's handler sent it.
        long turn = record.Capability != 0 ? NoteAct(run, in record) : 0;
        if (record.Target.Value != 0 && (KeepsAll || run.Expects(record.Target.Value)))
        {
            Keep(run, in record, turn);
        }
    }

    private long NoteAct(RecordedRun run, in JournalRecord record)
    {
        if (run.Agent(record.Sender.Value) is not { } agent || agent.TurnOf(record.Cause) is not { } turn
            || turn.Route is { IsStream: true })
        {
            return 0;      // of a stream there may be any number, and it is not handled once more
        }

        int index = turn.Count;
        ref RecordedAct act = ref turn.Add(run, in record);
        if (act.IsAsk)
        {
            act.Reply = _early.Remove((run.Number, act.Correlation), out JournalEntry? end) ? end : null;
            turn.Unanswered += end is null ? 1 : 0;
            _asks[(run.Number, act.Correlation)] = (turn, index);
        }

        return turn.Number;
    }

    private void NoteReplied(RecordedRun run, in JournalRecord record)
    {
        if (!record.IsFailure)
        {
            NoteAct(run, in record);
        }

        NoteEnd(run, in record);
    }

    // A late reply may be read before the record that its asker had given up.
    private void NoteEnd(RecordedRun run, in JournalRecord record)
    {
        ulong correlation = record.Correlation;
        if (!_asks.TryGetValue((run.Number, correlation), out (ReplayTurn Turn, int Act) ask))
        {
            if (record.IsFailure && Correlation.Table(correlation) != Correlation.HostTable)
            {
                _early[(run.Number, correlation)] = record.ToEntry();      // a failure names no cause
            }

            return;
        }

        ref RecordedAct act = ref ask.Turn.Acts[ask.Act];
        if (act.Reply is null || record.Kind == JournalKind.TimedOut)
        {
            ask.Turn.Unanswered -= act.Reply is null ? 1 : 0;
            act.Reply = record.ToEntry();
            Offer(ask.Turn.Agent);
        }
    }

    private void NoteStarted(RecordedRun run, in JournalRecord record)
    {
        SealLane(record.Lane);
        if (run.Agent(record.Target.Value) is not { LostWhy: null } agent
            || !StartedRecord.TryRead(record.Payload, out StartedRecord started))
        {
            return;
        }

        if (agent.Newest is { IsSealed: false } open)
        {
            open.IsCut = true;
            if (!agent.IsDurable)
            {
                Seal(agent);      // its process was killed; the next incarnation of a durable one goes on with it
            }
        }

        agent.Lives = true;
        ReplayTurn turn = Rent(agent, ReplayWork.Start, in record, run, record.Position);
        turn.Incarnation = agent.Incarnation = started.Incarnation;
        _open[record.Lane] = (turn, turn.Number);
    }

    private void NoteExited(RecordedRun run, in JournalRecord record)
    {
        if (run.Agent(record.Target.Value) is not { } agent || !agent.Lives
            || !ExitedRecord.TryRead(record.Payload, out ExitedRecord exited))
        {
            return;
        }

        bool isError = (ExitKind)exited.Reason == ExitKind.Error;
        bool goesOn = false;
        if (agent.Newest is { IsSealed: false } newest)
        {
            newest.IsFailed |= isError && newest.Work == ReplayWork.Start;
            newest.Failure = newest.IsFailed ? exited.Message : "";
            goesOn = newest.IsCut && agent.IsDurable;
        }

        agent.Lives = false;
        Rent(agent, ReplayWork.End, in record, run, record.Position);
        if (!goesOn)
        {
            Seal(agent);
        }
    }

    private void NoteSnapshot(RecordedRun run, in JournalRecord record)
    {
        if (run.Agent(record.Target.Value) is not { LostWhy: null } agent)
        {
            return;
        }

        agent.Lives = true;      // also where the history no longer has its beginning
        ReplayTurn turn = Rent(agent, ReplayWork.Snapshot, in record, run, record.Position);
        turn.Snapshot = record.ToEntry();
        Seal(agent);
    }

    private void NoteDeadLetter(RecordedRun run, in JournalRecord record, DeadLetterReason reason)
    {
        if (run.Agent(record.Target.Value)?.TurnOf(record.Cause) is { Work: ReplayWork.Message } turn)
        {
            turn.IsFailed |= reason == DeadLetterReason.HandlerFailed;
            turn.IsAbandoned |= reason is DeadLetterReason.AskAbandoned or DeadLetterReason.Quarantined;
            turn.Unanswered = reason == DeadLetterReason.Quarantined ? 0 : turn.Unanswered;
            turn.IsCut |= reason is DeadLetterReason.KernelStopped or DeadLetterReason.TargetDead;
        }
        else if (reason is DeadLetterReason.TargetDead or DeadLetterReason.AskAbandoned
            or DeadLetterReason.Unhandled)
        {
            _waiting.Remove(record.Cause);
        }
    }

    // What killed runs had left half done is set aside: it counts no more, and is not run, since it ends processes.
    private void NoteQuarantined(RecordedRun run, in JournalRecord record)
    {
        if (run.Agent(record.Target.Value)?.TurnOf(record.Cause) is { Work: ReplayWork.Message, IsFailed: false } turn)
        {
            (turn.IsAbandoned, turn.Unanswered) = (true, 0);
            NoteAttempted(run, in record);
        }
    }

    // Before the taking: it is delivered again. After it: its handler threw, and it will be.
    private void NoteAttempted(RecordedRun run, in JournalRecord record)
    {
        if (run.Agent(record.Target.Value)?.TurnOf(record.Cause) is { Work: ReplayWork.Message } turn)
        {
            turn.IsFailed = turn.KeepsMessage = true;
            turn.Message!.IsRedelivered = true;
            _waiting[record.Cause] = turn.Message;
        }
        else if (_waiting.TryGetValue(record.Cause, out ReplayMessage? message))
        {
            message.IsRedelivered = true;
        }
    }
}
