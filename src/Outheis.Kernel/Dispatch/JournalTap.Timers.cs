using System.Runtime.CompilerServices;

namespace Outheis;

/// <summary>Timers that outlive the process.</summary>
internal sealed unsafe partial class JournalTap
{
    /// <summary>Appends that a timer is armed, with what it will say. Returns the record's position, or 0 and why it
    /// was not.</summary>
    /// <param name="route">Of the message.</param>
    /// <param name="agent">Whose.</param>
    /// <param name="cause">The message being handled.</param>
    /// <param name="record">Which.</param>
    /// <param name="message">What it will say.</param>
    /// <param name="result">Why, in the agent's words.</param>
    public long TryAppendArmed<T>(
        Route route, AgentCell agent, long cause, in ArmedRecord record, in T message, out ArmResult result)
    {
        result = ArmResult.NotDurable;
        if (_refuses)
        {
            return 0;
        }

        result = ArmResult.TooLarge;
        if (!Encode(route, in message) || _prepared > Limits.EncodedBytesMax
            || record.Bytes + _prepared + SlackBytes > lane.PayloadBytesMax)
        {
            return 0;
        }

        // What the kernel writes anew is no traffic: it may use the reserve.
        int slack = record.IsAnew ? BatchBytes : SlackBytes;
        result = ArmResult.Full;
        if (!lane.TryReserve(record.Bytes + _prepared + slack))
        {
            return 0;
        }

        result = ArmResult.Armed;
        return AppendArmed(route, agent, cause, in record, in message);
    }

    /// <summary>Whether a record may be given up before it is looked at again, which is when a segment is left: it has
    /// to be written anew. What is in the newer half of what is kept need not, or timers that fill a segment would have
    /// themselves written without end.</summary>
    public bool IsOld(long position, JournalRetention retention)
    {
        JournalSegment newest = lane.Segments.Current;
        long behind = RecordHeader.OffsetOf(newest.FirstPosition) - RecordHeader.OffsetOf(position);
        return RecordHeader.LaneOf(position) != lane.Id || (behind > 0
            && (retention.Bytes is not { } kept || behind + (3L * newest.Bytes) > kept / 2));
    }

    private long AppendArmed<T>(Route route, AgentCell agent, long cause, in ArmedRecord record, in T message)
    {
        int content = _prepared;
        _prepared += record.Bytes;      // room for all of it is left by a Tick, too
        TellFirst(cause);
        Message header = default;
        (header.Route, header.Sender, header.Target) = (route.Index, agent.Id.Value, agent.Id.Value);
        header.Qos = agent.Qos;
        RecordHeader* begun = Begin(JournalKind.Armed, &header, cause);
        byte* payload = (byte*)(begun + 1);
        record.Write(new Span<byte>(payload, record.Bytes));
        if (_preparedRaw && Carriage<T>.IsRaw)
        {
            Unsafe.WriteUnaligned(payload + record.Bytes, message);
        }
        else
        {
            _encoded.WrittenSpan.CopyTo(new Span<byte>(payload + record.Bytes, content));
        }

        return lane.Commit(begun, record.Bytes + content);
    }
}
