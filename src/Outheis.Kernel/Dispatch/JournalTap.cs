using System.Buffers;
using System.Runtime.CompilerServices;

namespace Outheis;

/// <summary>
/// Where one core's dispatch meets its journal lane: what was sent, what was consumed, who lived and died.
/// The core's thread only.
/// </summary>
/// <remarks>
/// A message is prepared (encoded, room reserved) before the point of no return and appended after it, so
/// appending cannot fail. Messages leave <see cref="ReserveBytes"/> of a full segment untouched; signals,
/// replies and the kernel's own records may use it, so a full disk stops traffic before it stops control
/// (hazard 10).
/// </remarks>
internal sealed unsafe partial class JournalTap(JournalLane lane, MessageCodecs codecs, TimeProvider time)
{
    private const int ReserveBytes = 16 << 10;
    private const int SlackBytes = ReserveBytes + RecordExtension.Bytes;
    private const int BatchBytes = RecordHeader.Bytes + ((Limits.ConsumedBatch + 1) * ConsumedEntry.Bytes);

    private readonly ArrayBufferWriter<byte> _encoded = new();
    private readonly ConsumedEntry[] _consumed = new ConsumedEntry[Limits.ConsumedBatch];
    private int _consumedCount;
    private ConsumedEntry _taken;                        // the newest, if no record tells it yet; position 0: none
    private int _prepared;                               // payload bytes of the message that was prepared
    private bool _preparedRaw;                           // they are the message itself, not _encoded
    private bool _tickDue = true;
    private bool _owes = true;                           // there may be something to tell before the next message
    private bool _refuses;                               // messages, not what the kernel itself has to say

    /// <summary>Wall time has moved on since the last record: the next one is preceded by a Tick.</summary>
    public bool TickDue
    {
        get => _tickDue;
        set
        {
            _tickDue = value;
            _owes |= value;
        }
    }

    /// <summary>Records that even the reserve had no room for.</summary>
    public long Lost { get; private set; }

    public JournalLane Lane => lane;

    /// <summary>No message is taken any more: it was to be durable, and none can be.</summary>
    public bool Refuses => _refuses;

    /// <summary>Whether a short message would be taken now.</summary>
    public bool HasRoom => !_refuses && lane.TryReserve(SlackBytes);

    /// <summary>Every message was to be durable, and none can be any more.</summary>
    public void RefuseMessages() => _refuses = true;

    /// <summary>Decode: the message's journaled form exists and its room is reserved, or why not. Nothing was
    /// written.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public SendResult Prepare<T>(Route route, in T message)
    {
        if (Carriage<T>.IsRaw && !_refuses && (uint)route.Index < (uint)_types.Length && _types[route.Index].IsRaw)
        {
            _prepared = Unsafe.SizeOf<T>();
            _preparedRaw = true;
            return lane.TryReserve(_prepared + SlackBytes) ? SendResult.Sent : PrepareSlow(route, in message);
        }

        return PrepareSlow(route, in message);
    }

    /// <summary>As <see cref="Prepare{T}"/> for what must not be refused: may use the reserve. False: cannot
    /// be journaled.</summary>
    public bool PrepareControl<T>(Route route, in T message)
    {
        try
        {
            if (Encode(route, in message) && lane.TryReserve(RecordExtension.Bytes + _prepared + BatchBytes))
            {
                return true;
            }
        }
        catch (Exception)
        {
            // The codec threw. What must not be refused goes on unjournaled.
        }

        _prepared = 0;
        Lost++;
        return false;
    }

    /// <summary>Commit: appends what was prepared. Returns the record's position.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public long AppendSent<T>(Message* message, long cause, in T content)
    {
        if (_owes || (_taken.Position != cause && _taken.Position != 0))
        {
            TellFirst(cause);
        }

        return Carriage<T>.IsRaw && _preparedRaw && !message->Has(MessageFlags.Extended)
            ? lane.Append(
                RecordHeader.What(JournalKind.Sent, (byte)message->Qos, FlagsOf(message, cause), message->Route),
                RecordHeader.Pair(message->Sender, message->Target), message->Badge, cause,
                RecordHeader.Pair(message->Capability, message->Chain), in content)
            : AppendEncoded(message, cause, in content);
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private long AppendEncoded<T>(Message* message, long cause, in T content)
    {
        RecordHeader* header = Begin(JournalKind.Sent, message, cause);
        return Commit(header, in content);
    }

    /// <summary>Appends the header of a message whose content is too long. 0 if there is no room even for
    /// that.</summary>
    public long AppendWithoutContent(Message* message, long cause)
    {
        _prepared = 0;
        if (!lane.TryReserve(RecordExtension.Bytes + BatchBytes))
        {
            Lost++;
            return 0;
        }

        TellFirst(cause);

        RecordHeader* header = Begin(JournalKind.Sent, message, cause);
        return lane.Commit(header, ExtensionOf(header));
    }

    /// <summary>Appends a reply that goes straight into its asker's slot.</summary>
    public void AppendReply<TReply>(
        Route route, AgentCell self, ulong correlation, Message* request, in TReply reply)
    {
        if (!PrepareControl(route, in reply))
        {
            return;
        }

        TellFirst(request->Position);
        Message header = default;
        header.Route = route.Index;
        header.Sender = self.Id.Value;
        header.Target = request->Sender;
        header.Chain = request->Chain;
        header.Qos = self.Qos;
        header.Flags = MessageFlags.Extended;
        header.Correlation = correlation;
        RecordHeader* record = Begin(JournalKind.Replied, &header, request->Position);
        Commit(record, in reply);
    }

    /// <summary>Notes that an agent took a message. The first record that it causes says so (<see
    /// cref="RecordFlags.Takes"/>); if it causes none a batch does: written when it is full, before any other record,
    /// and by <see cref="Flush"/> before the core sleeps. So the lane's order is that of the taking, and nothing that
    /// came of a message is told before the message was told to be taken: whatever a killed process leaves untold had
    /// no effect but on its own memory.</summary>
    public void NoteConsumed(AgentCell agent, Message* message)
    {
        if (_taken.Position != 0)
        {
            KeepTaken();
        }

        _taken.Target = agent.Id.Value;
        _taken.Incarnation = agent.Incarnation;
        _taken.Position = message->Position;
    }

    /// <summary>Writes what was consumed since the last flush.</summary>
    public void Flush()
    {
        if (_taken.Position != 0)
        {
            KeepTaken();
        }

        if (_consumedCount > 0)
        {
            WriteConsumed();
        }
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private void TellFirst(long cause)
    {
        if (_taken.Position != 0 && _taken.Position != cause)
        {
            KeepTaken();
        }

        if (_consumedCount > 0)
        {
            WriteConsumed();
        }

        if (TickDue)
        {
            Tick();
        }

        _owes = _consumedCount > 0;
    }

    private void KeepTaken()
    {
        _consumed[_consumedCount++] = _taken;
        _taken.Position = 0;
        _owes = true;
        if (_consumedCount == _consumed.Length)
        {
            WriteConsumed();
        }
    }

    private void WriteConsumed()
    {
        int bytes = _consumedCount * ConsumedEntry.Bytes;
        if (!lane.TryReserve(bytes))
        {
            if (_consumedCount == _consumed.Length)
            {
                Lost += _consumedCount;
                _consumedCount = 0;
            }

            return;
        }

        RecordHeader* header = lane.Begin(bytes);
        *header = new RecordHeader { Kind = JournalKind.Consumed };
        _consumed.AsSpan(0, _consumedCount).CopyTo(new Span<ConsumedEntry>(header + 1, _consumedCount));
        lane.Commit(header, bytes);
        _consumedCount = 0;
    }

    /// <summary>Appends a record that is a correlation and no more. May use the reserve.</summary>
    public void RecordCorrelation(in RecordHeader fields, ulong correlation)
    {
        RecordHeader extended = fields;
        extended.Flags |= RecordFlags.Extended;
        Record(in extended, new CorrelationRecord(correlation));
    }

    /// <summary>Appends a record about the kernel itself. May use the reserve.</summary>
    /// <returns>Where; 0: there was no room.</returns>
    public long Record<TRecord>(in RecordHeader fields, in TRecord record)
        where TRecord : struct, IJournalRecord<TRecord>
    {
        Flush();
        if (TickDue)
        {
            Tick();
        }

        if (lane.TryAppend(in fields, in record))
        {
            return lane.Position - RecordHeader.Aligned(record.Bytes);
        }

        Lost++;
        return 0;
    }

    private SendResult PrepareSlow<T>(Route route, in T message) =>
        _refuses ? SendResult.NotDurable : PrepareAccepted(route, in message);

    /// <summary>As <see cref="Prepare{T}"/>, for what its sender was told is accepted.</summary>
    public SendResult PrepareAccepted<T>(Route route, in T message)
    {
        if (!Encode(route, in message) || _prepared > Limits.EncodedBytesMax
            || _prepared + SlackBytes > lane.PayloadBytesMax)
        {
            return SendResult.TooLarge;
        }

        return lane.TryReserve(_prepared + SlackBytes) ? SendResult.Sent : SendResult.Full;
    }

    /// <summary>Finds the journaled form of a message. False if it is longer than the lane can ever
    /// take.</summary>
    private bool Encode<T>(Route route, in T message)
    {
        ref TypeEntry type = ref EntryOf<T>(route);
        _preparedRaw = type.IsRaw;
        _prepared = 0;
        if (type.IsRaw)
        {
            _prepared = Unsafe.SizeOf<T>();
        }
        else if (type.Codec is MessageCodec<T> codec)
        {
            _encoded.ResetWrittenCount();
            codec.Encode(in message, _encoded);
            _prepared = _encoded.WrittenCount;
        }

        return _prepared + RecordExtension.Bytes <= lane.PayloadBytesMax;
    }

    /// <summary>Says as well that the sender took the cause, if no record says so yet.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private RecordFlags FlagsOf(Message* message, long cause)
    {
        RecordFlags flags = message->Has(MessageFlags.Extended) ? RecordFlags.Extended : RecordFlags.None;
        if (cause != 0 && cause == _taken.Position && message->Sender == _taken.Target)
        {
            flags |= RecordFlags.Takes;
            _taken.Position = 0;
        }

        return flags;
    }

    private RecordHeader* Begin(JournalKind kind, Message* message, long cause)
    {
        RecordHeader* header = lane.Begin(_prepared);
        header->Describe(kind, (byte)message->Qos, FlagsOf(message, cause), message->Route);
        header->Route(message->Sender, message->Target, message->Capability, message->Chain);
        header->Badge = message->Badge;
        header->Cause = cause;
        if (message->Has(MessageFlags.Extended))
        {
            header->Flags |= message->Has(MessageFlags.Timer) ? RecordFlags.Timer
                : message->Has(MessageFlags.Signal) ? RecordFlags.Signal
                : message->Has(MessageFlags.Offload) ? RecordFlags.Offload
                : message->Has(MessageFlags.Told) ? RecordFlags.Told : RecordFlags.None;
            *(RecordExtension*)(header + 1) = new RecordExtension
            {
                Correlation = message->Correlation,
                Deadline = message->Deadline,
                Labels = message->Labels,
            };
        }

        return header;
    }

    private long Commit<T>(RecordHeader* header, in T content)
    {
        int extension = ExtensionOf(header);
        byte* payload = (byte*)(header + 1) + extension;
        if (_preparedRaw && Carriage<T>.IsRaw)
        {
            Unsafe.WriteUnaligned(payload, content);
        }
        else if (_prepared > 0)
        {
            _encoded.WrittenSpan.CopyTo(new Span<byte>(payload, _prepared));
        }

        return lane.Commit(header, extension + _prepared);
    }

    private static int ExtensionOf(RecordHeader* header) =>
        (header->Flags & RecordFlags.Extended) == 0 ? 0 : RecordExtension.Bytes;

    [MethodImpl(MethodImplOptions.NoInlining)]
    private void Tick()
    {
        TickDue = false;
        var fields = new RecordHeader { Kind = JournalKind.Tick };
        int kept = _prepared;
        var record = new TickRecord(time.GetUtcNow().UtcTicks);
        int both = kept + RecordExtension.Bytes + RecordHeader.Aligned(record.Bytes);
        bool fits = both <= lane.PayloadBytesMax && lane.TryReserve(both);
        RecordHeader* header = fits ? lane.Begin(record.Bytes) : null;
        if (header != null)
        {
            *header = fields;
            record.Write(new Span<byte>(header + 1, record.Bytes));
            lane.Commit(header, record.Bytes);
        }
    }
}
