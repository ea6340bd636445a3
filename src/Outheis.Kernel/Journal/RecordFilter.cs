namespace Outheis;

/// <summary>A <see cref="JournalQuery"/> as a test of the record that a lane has at hand. Allocates nothing.</summary>
internal sealed unsafe class RecordFilter
{
    private readonly JournalNames _names;
    private readonly long _from;                // 0: not asked for
    private readonly long _since, _sinceElsewhere, _until;
    private readonly uint? _agent, _chain;
    private readonly string? _agentName, _typeName;
    private readonly ulong? _kinds;             // a bit for each; null: any

    /// <param name="query">What was asked for.</param>
    /// <param name="fromTicks">The time of the record it begins with.</param>
    /// <param name="names">As far as they are known.</param>
    public RecordFilter(JournalQuery query, long fromTicks, JournalNames names)
    {
        _names = names;
        _from = query.From ?? 0;
        _since = query.Since?.UtcTicks ?? long.MinValue;
        _sinceElsewhere = query.Since?.UtcTicks ?? fromTicks;
        _until = query.Until?.UtcTicks ?? long.MaxValue;
        (_agent, _agentName) = (query.Agent?.Value, query.AgentName);
        (_typeName, _chain) = (query.TypeName, query.Chain);
        _kinds = query.Kinds?.Aggregate(0ul, static (bits, kind) => bits | BitOf(kind));
    }

    public bool Accepts(LaneReader lane) =>
        (_kinds is not { } kinds || (kinds & BitOf(lane.Record->Kind)) != 0)
        && IsInRange(lane)
        && (_chain is not { } chain || lane.Record->Chain == chain)
        && (_agent is not { } agent || IsAbout(lane.Record, agent))
        && (_agentName is null || IsAbout(lane, _agentName))
        && (_typeName is null || IsOfType(lane));

    private bool IsInRange(LaneReader lane)
    {
        bool isHere = _from != 0 && lane.Lane == RecordHeader.LaneOf(_from);
        return lane.UtcTicks < _until
            && (isHere ? lane.Position >= _from && lane.UtcTicks >= _since : lane.UtcTicks >= _sinceElsewhere);
    }

    private static bool IsAbout(RecordHeader* record, uint agent) =>
        agent == 0 ? IsOfHost(record) : record->Sender == agent || record->Target == agent;

    // Where a kind of record has no sender or target, that is 0 too.
    private static bool IsOfHost(RecordHeader* record) => record->Kind switch
    {
        JournalKind.Sent => record->Sender == 0 || record->Target == 0,
        JournalKind.Replied => record->Target == 0 && (record->Flags & RecordFlags.Failed) == 0,
        JournalKind.Granted => record->Sender == 0,
        _ => false,
    };

    private bool IsAbout(LaneReader lane, string name)
    {
        (uint sender, uint target) = (lane.Record->Sender, lane.Record->Target);
        return name == JournalNames.Host ? IsOfHost(lane.Record)
            : (sender != 0 && _names.Agent(lane.Run, sender) == name)
                || (target != 0 && target != sender && _names.Agent(lane.Run, target) == name);
    }

    private bool IsOfType(LaneReader lane) =>
        lane.Record->TypeId != 0 && _names.Type(lane.Run, lane.Record->TypeId) is { } type
        && (type.SimpleName == _typeName || type.Schema.Name == _typeName);

    private static ulong BitOf(JournalKind kind) => (int)kind < 64 ? 1ul << (int)kind : 0;
}
