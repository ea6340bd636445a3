namespace Outheis;

/// <summary>What durable agents have to be told again: states, and what came of effects.</summary>
internal sealed unsafe partial class JournalTap
{
    /// <summary>Whether the content of a <typeparamref name="T"/> can be in a record.</summary>
    public static bool CanWrite<T>(MessageCodecs codecs) => Carriage<T>.IsRaw || codecs.Find(typeof(T)) is not null;

    /// <exception cref="ArgumentException">It cannot be.</exception>
    public static void RequireWritable<T>(MessageCodecs codecs)
    {
        if (!CanWrite<T>(codecs))
        {
            throw new ArgumentException(
                $"{typeof(T).Name} is no unmanaged struct and has no codec: give KernelOptions.Codecs one with "
                + "AddJson.");
        }
    }

    /// <summary>Appends that an effect is about to be run. False: there is no room.</summary>
    public bool TryAppendIntent(AgentCell agent, long cause, ulong number, string key, bool isToldAgain)
    {
        int bytes = RecordExtension.Bytes + JournalText.Bytes(key);
        if (!lane.TryReserve(bytes + BatchBytes + SlackBytes))
        {
            return false;
        }

        Message message = OfEffect(agent, number, isToldAgain);
        TellFirst(cause);
        _prepared = bytes - RecordExtension.Bytes;
        RecordHeader* record = Begin(JournalKind.EffectBegun, &message, cause);
        JournalText.Write(key, new Span<byte>((byte*)(record + 1) + RecordExtension.Bytes, _prepared));
        lane.Commit(record, bytes);
        return true;
    }

    /// <summary>Appends what came of an effect: the value, or the error in words. May use the reserve.</summary>
    public void AppendOutcome<T>(
        AgentCell agent, long cause, ulong number, in Effect<T> effect, bool isToldAgain)
    {
        Message message = OfEffect(agent, number, isToldAgain);
        message.Labels = (ulong)effect.Outcome;
        if (effect.Outcome == EffectOutcome.Done)
        {
            T value = effect.Value!;
            message.Route = StateRoute<T>.Instance.Index;
            if (PrepareControl(StateRoute<T>.Instance, in value))
            {
                TellFirst(cause);
                Commit(Begin(JournalKind.EffectEnded, &message, cause), in value);
            }

            return;
        }

        string error = effect.Error ?? "";
        _prepared = JournalText.Bytes(error);
        if (lane.TryReserve(RecordExtension.Bytes + _prepared + BatchBytes))
        {
            int bytes = _prepared;
            TellFirst(cause);
            _prepared = bytes;
            RecordHeader* record = Begin(JournalKind.EffectEnded, &message, cause);
            JournalText.Write(error, new Span<byte>((byte*)(record + 1) + RecordExtension.Bytes, bytes));
            lane.Commit(record, RecordExtension.Bytes + bytes);
        }
        else
        {
            Lost++;
        }
    }

    // Told again: nothing ran, an earlier attempt at the same message had done it.
    private static Message OfEffect(AgentCell agent, ulong number, bool isToldAgain)
    {
        Message message = default;
        message.Badge = isToldAgain ? 1u : 0u;
        message.Sender = agent.Id.Value;
        message.Flags = MessageFlags.Extended;
        message.Correlation = number;
        return message;
    }

    /// <summary>Appends the state of a durable agent. False: there was no room, or its encoding threw; an older
    /// snapshot still serves.</summary>
    public bool AppendSnapshot<TState>(Route route, AgentCell agent, in TState state)
    {
        if (!PrepareControl(route, in state))
        {
            return false;
        }

        TellFirst(cause: 0);
        Message header = default;
        header.Route = route.Index;
        header.Target = agent.Id.Value;
        RecordHeader* record = Begin(JournalKind.Snapshot, &header, cause: 0);
        Commit(record, in state);
        return true;
    }
}
