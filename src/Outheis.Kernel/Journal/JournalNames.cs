namespace Outheis;

/// <summary>Names of agents and message types, by run: what Spawned and Schema records said so far.</summary>
internal sealed class JournalNames
{
    private readonly Dictionary<(uint Run, uint Agent), string> _agents = [];
    private readonly Dictionary<(uint Run, int Type), SchemaRecord> _types = [];

    public string? Agent(uint run, uint agent) =>
        agent == 0 ? "host" : _agents.GetValueOrDefault((run, agent));

    public bool TryGetType(uint run, int type, out SchemaRecord schema) =>
        _types.TryGetValue((run, type), out schema);

    public unsafe void Note(LaneReader lane)
    {
        if (lane.Record->Kind == JournalKind.Spawned
            && SpawnedRecord.TryRead(lane.Payload, out SpawnedRecord spawned))
        {
            _agents[(lane.Run, lane.Record->Target)] = spawned.Name;
        }
        else if (lane.Record->Kind == JournalKind.Schema
            && SchemaRecord.TryRead(lane.Payload, out SchemaRecord schema))
        {
            _types[(lane.Run, lane.Record->TypeId)] = schema;
        }
    }
}
