namespace Outheis;

/// <summary>Writes the first run of a fork: states and messages, in one lane, as a kernel would have left them.
/// </summary>
internal sealed unsafe class ForkWriter : IDisposable
{
    private const int FirstTypeId = 1 << 16;      // above the numbers of the tap, which writes the states

    private readonly JournalDirectory _journal;
    private readonly JournalLane _lane;
    private readonly JournalTap _tap;
    private readonly MessageCodecs _codecs;
    private readonly Dictionary<string, uint> _agents = new(StringComparer.Ordinal);
    private readonly Dictionary<SchemaRecord, int> _types = [];
    private uint _chain;

    public ForkWriter(string directory, IJournalDisk disk, MessageCodecs codecs, int segmentBytes)
    {
        var settings = new JournalSettings
        {
            Lanes = 1, SegmentBytes = segmentBytes,
            KernelVersion = typeof(Kernel).Assembly.GetName().Version?.ToString() ?? "",
        };
        _journal = JournalDirectory.Open(directory, settings, disk, TimeProvider.System, out _);
        _codecs = codecs;
        _lane = _journal.Lane(0);
        _tap = new JournalTap(_lane, codecs, TimeProvider.System);
    }

    public void Begin(in ForkedRecord forked) => Append(new RecordHeader { Kind = JournalKind.Forked }, in forked);

    public ForkReport Write(JournalReplay replay, LedgerReader past, ReplayMessage[] waiting, ForkEdits edits)
    {
        List<string> states = [];
        foreach (ReplayedAgent agent in replay.Begun.Where(static agent => agent is { Face: not null, LostWhy: null }))
        {
            var cell = new AgentCell(
                agent.Cell.Kernel, null, new AgentId(IdOf(agent.Name)), agent.Name, null, null, agent.Cell.Qos, 1);
            if (!agent.Face!.TrySnapshot(_tap, cell))
            {
                throw Refused();
            }

            states.Add(agent.Name);
            past.Find(agent.Name)?.Timers.ForEach(timer => Arm(IdOf(agent.Name), timer));
        }

        (int messages, int requests) = (0, 0);
        foreach (ReplayMessage message in waiting)
        {
            bool isRequest = message.Correlation != 0;
            requests += isRequest ? 1 : 0;
            messages += !isRequest && TryWrite(replay, message, edits) ? 1 : 0;
        }

        foreach ((string agent, ForkedMessage message) in edits.Added)
        {
            (SchemaRecord schema, byte[] payload) = message.Encode(_codecs);
            Send(new RecordHeader { Target = IdOf(agent), Qos = (byte)Qos.Default }, schema, payload);
            messages++;
        }

        _journal.Close();
        return new ForkReport(states, messages, requests, replay.Report.NotReplayed);
    }

    public void Dispose() => _journal.Dispose();

    private void Arm(uint agent, PastTimer timer)
    {
        ref readonly ArmedRecord then = ref timer.Entry.Armed;
        ArmedRecord record = then with
        {
            DueTicks = then.DueTicks + (timer.Taken * then.PeriodTicks),
            UptimeTicks = 0,
            Flags = then.Flags & ~ArmedFlags.Anew,
        };
        byte[] payload = new byte[record.Bytes + timer.Entry.Payload.Length];
        record.Write(payload);
        timer.Entry.Payload.CopyTo(payload.AsMemory(record.Bytes));
        var header = new RecordHeader
        {
            Kind = JournalKind.Armed,
            Sender = agent,
            Target = agent,
            Qos = (byte)timer.Entry.Qos,
        };
        Append(header, timer.Entry.Type!.Schema, payload);
    }

    private bool TryWrite(JournalReplay replay, ReplayMessage message, ForkEdits edits)
    {
        JournalNames names = replay.Names;
        if (names.Agent(message.Run.Number, message.Target) is not { } target || message.Type.Schema is not { } type
            || message.IsOfItsRun)
        {
            return false;      // the parent no longer tells whom it was for, or it meant an incarnation of its
        }

        (SchemaRecord schema, byte[] payload) =
            (type.Schema, message.Entry is { } entry ? entry.Payload.ToArray() : message.Payload.ToArray());
        if (edits.Changed.TryGetValue(message.Position, out ForkedMessage? edited))
        {
            if (edited is null)
            {
                return false;
            }

            (schema, payload) = edited.Encode(_codecs);
        }

        string? sender = message.Sender == 0 ? null : names.Agent(message.Run.Number, message.Sender);
        var header = new RecordHeader
        {
            Sender = message.Sender == 0 ? 0 : sender is null ? AgentId.OfEarlierRun.Value : IdOf(sender),
            Target = IdOf(target), Badge = message.Badge, Qos = (byte)message.Qos,
        };
        Send(header, schema, payload);
        return true;
    }

    private void Send(RecordHeader header, in SchemaRecord schema, byte[] payload)
    {
        (header.Kind, header.Chain) = (JournalKind.Sent, ++_chain << 8);
        Append(header, in schema, payload);
    }

    private void Append(RecordHeader header, in SchemaRecord schema, byte[] payload)
    {
        if (!_types.TryGetValue(schema, out int type))
        {
            type = FirstTypeId + _types.Count;
            _types.Add(schema, type);
            Append(new RecordHeader { Kind = JournalKind.Schema, TypeId = type }, in schema);
        }

        header.TypeId = type;
        if (!_lane.TryReserve(payload.Length))
        {
            throw Refused();
        }

        RecordHeader* record = _lane.Begin(payload.Length);
        *record = header;
        payload.CopyTo(new Span<byte>(record + 1, payload.Length));
        _lane.Commit(record, payload.Length);
    }

    private uint IdOf(string name)
    {
        if (!_agents.TryGetValue(name, out uint id))
        {
            id = (uint)_agents.Count + 1;
            _agents.Add(name, id);
            Append(
                new RecordHeader { Kind = JournalKind.Spawned, Target = id },
                new SpawnedRecord(1, 0, (byte)Qos.Default, name));
        }

        return id;
    }

    private void Append<TRecord>(RecordHeader header, in TRecord record)
        where TRecord : struct, IJournalRecord<TRecord>
    {
        if (!_lane.TryAppend(in header, in record))
        {
            throw Refused();
        }
    }

    private JournalException Refused() => new(
        _lane.Refusal?.Message ?? "The fork could not be written.", _lane.Refusal);
}
