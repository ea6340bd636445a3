namespace Outheis;

/// <summary>One recorded run: what its numbers of agents and types mean to the program that replays it.</summary>
internal sealed class RecordedRun(uint number, MessageCodecs codecs)
{
    private readonly Dictionary<string, uint> _ids = new(StringComparer.Ordinal);      // 0: several have the name
    private ReplayedAgent?[] _agents = new ReplayedAgent?[64];
    private bool[] _isTold = new bool[64];
    private RunType?[] _types = new RunType?[64];

    public uint Number => number;

    /// <summary>It has what plain agents were told, as far as was replayed.</summary>
    public bool KeepsInputs { get; set; }

    /// <summary>When it began, in UTC ticks; 0: the journal no longer tells.</summary>
    public long OpenedTicks { get; set; }

    /// <summary>The replayed agent of that number; null: it is none, or not told yet.</summary>
    public ReplayedAgent? Agent(uint id) => id < (uint)_agents.Length ? _agents[id] : null;

    /// <summary>Whether a message for it is worth keeping: it is replayed, or nobody knows yet.</summary>
    public bool Expects(uint id) => id >= (uint)_agents.Length || _agents[id] is not null || !_isTold[id];

    public bool IsTold(uint id) => id < (uint)_isTold.Length && _isTold[id];

    /// <summary>The only agent of that name so far.</summary>
    public uint? IdOf(string name) => _ids.TryGetValue(name, out uint id) && id != 0 ? id : null;

    public void Tell(uint id, string name, ReplayedAgent? agent)
    {
        if (id >= _agents.Length)
        {
            int length = Math.Max(_agents.Length * 2, (int)id + 1);
            Array.Resize(ref _agents, length);
            Array.Resize(ref _isTold, length);
        }

        (_agents[id], _isTold[id]) = (agent, true);
        _ids[name] = _ids.ContainsKey(name) ? 0 : id;
    }

    public RunType TypeOf(in JournalRecord record)
    {
        int id = record.TypeId;
        if ((uint)id < (uint)_types.Length && _types[id] is { } known)
        {
            return known;
        }

        JournalType? schema = record.Type;
        var type = new RunType(schema, codecs);
        if (schema is not null && id > 0)
        {
            if (id >= _types.Length)
            {
                Array.Resize(ref _types, Math.Max(_types.Length * 2, id + 1));
            }

            _types[id] = type;
        }

        return type;
    }
}

/// <summary>A message type as one run had it.</summary>
internal sealed class RunType
{
    private object? _same;      // the program's type that it is known to be: compared by reference from then on

    public RunType(JournalType? schema, MessageCodecs codecs)
    {
        Schema = schema;
        Known = schema is null ? null : codecs.TypeOf(schema.Schema);
        IsRaw = schema is not null && (Known?.IsRaw(schema) ?? false);
    }

    /// <summary>Null: no record tells.</summary>
    public JournalType? Schema { get; }

    /// <summary>How this program makes such a message; null: it did not say that it has the type.</summary>
    public MessageType? Known { get; }

    /// <summary>The bytes in the journal are the message itself.</summary>
    public bool IsRaw { get; }

    public PayloadEncoding Encoding => Schema?.Schema.Encoding ?? PayloadEncoding.Opaque;

    public bool Is<T>()
    {
        if (ReferenceEquals(_same, MessageType<T>.Instance))
        {
            return true;
        }

        bool isSame = Schema is not null && Schema.Schema.Name == MessageLayout.NameOf<T>();
        _same = isSame ? MessageType<T>.Instance : _same;
        return isSame;
    }
}
