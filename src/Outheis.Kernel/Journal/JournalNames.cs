namespace Outheis;

/// <summary>Names of agents and message types, and incarnations, by run: what Spawned, Schema, Started and Restarted
/// records said so far.</summary>
internal sealed class JournalNames
{
    public const string Host = "host";

    private readonly Dictionary<(uint Run, uint Agent), string> _agents = [];
    private readonly Dictionary<(uint Run, int Type), JournalType> _types = [];
    private readonly Dictionary<(uint Run, uint Agent), uint> _incarnations = [];

    public string? Agent(uint run, uint agent) =>
        agent == 0 ? Host : _agents.GetValueOrDefault((run, agent));

    /// <summary>The one that ran when the record at hand was written; 0 if no record so far tells it.</summary>
    public uint Incarnation(uint run, uint agent) => _incarnations.GetValueOrDefault((run, agent));

    public JournalType? Type(uint run, int type) => _types.GetValueOrDefault((run, type));

    /// <summary>The message types of a run, with their numbers.</summary>
    public IEnumerable<(int Id, SchemaRecord Schema)> TypesOf(uint run) => _types
        .Where(type => type.Key.Run == run).Select(static type => (type.Key.Type, type.Value.Schema));

    /// <summary>What a record said that is not read again.</summary>
    public void Tell(uint run, uint agent, string name) => _agents[(run, agent)] = name;

    /// <summary>What a record said that is not read again.</summary>
    public void Tell(uint run, int type, SchemaRecord schema) => _types[(run, type)] = new JournalType(schema);

    /// <summary>Whether a record may tell something of this, so that it is worth finding again.</summary>
    public static bool Tells(JournalKind kind) =>
        kind is JournalKind.Spawned or JournalKind.Schema or JournalKind.Started or JournalKind.Restarted;

    public unsafe void Note(LaneReader lane)
    {
        if (!Tells(lane.Record->Kind))
        {
            return;
        }

        if (lane.Record->Kind == JournalKind.Spawned
            && SpawnedRecord.TryRead(lane.Payload, out SpawnedRecord spawned))
        {
            _agents[(lane.Run, lane.Record->Target)] = spawned.Name;
        }
        else if (lane.Record->Kind == JournalKind.Schema
            && SchemaRecord.TryRead(lane.Payload, out SchemaRecord schema))
        {
            _types[(lane.Run, lane.Record->TypeId)] = new JournalType(schema);
        }
        else if (lane.Record->Kind is JournalKind.Started or JournalKind.Restarted
            && StartedRecord.TryRead(lane.Payload, out StartedRecord started))
        {
            _incarnations[(lane.Run, lane.Record->Target)] = started.Incarnation;
        }
    }
}
