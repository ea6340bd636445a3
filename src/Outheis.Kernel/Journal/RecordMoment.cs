namespace Outheis;

/// <summary>What a Tick, Opened or Closed record says about the run and the wall time of what follows it in its
/// lane.</summary>
/// <param name="Run">0: the record does not say.</param>
/// <param name="UtcTicks">Wall time.</param>
internal readonly record struct RecordMoment(uint Run, long UtcTicks)
{
    /// <summary>False for records that say nothing of it, nearly all.</summary>
    public static unsafe bool TryRead(RecordHeader* record, out RecordMoment moment)
    {
        moment = default;
        if (record->Kind is not (JournalKind.Tick or JournalKind.Opened or JournalKind.Closed))
        {
            return false;
        }

        var payload = new ReadOnlySpan<byte>(record + 1, record->Length - RecordHeader.Bytes);
        if (record->Kind == JournalKind.Tick && TickRecord.TryRead(payload, out TickRecord tick))
        {
            moment = new RecordMoment(0, tick.UtcTicks);
            return true;
        }

        if (record->Kind == JournalKind.Opened && OpenedRecord.TryRead(payload, out OpenedRecord opened))
        {
            moment = new RecordMoment(opened.Run, opened.UtcTicks);
            return true;
        }

        ClosedRecord closed = default;
        bool isClosed = record->Kind == JournalKind.Closed && ClosedRecord.TryRead(payload, out closed);
        moment = isClosed ? new RecordMoment(0, closed.UtcTicks) : default;
        return isClosed;
    }
}
