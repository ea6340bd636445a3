namespace Outheis;

/// <summary>Who is replayed: the agents of the program, joined by name with those of the recorded runs; and who is not,
/// and why.</summary>
internal sealed class ReplayCast
{
    private readonly Dictionary<string, List<ReplayedAgent>> _byName = new(StringComparer.Ordinal);
    private readonly Dictionary<string, string> _left = new(StringComparer.Ordinal);      // name: why
    private readonly ReplayOptions _options;

    public ReplayCast(Kernel kernel, ReplayOptions options)
    {
        _options = options;
        foreach (AgentCell cell in kernel.Agents.Snapshot())
        {
            var agent = new ReplayedAgent(cell) { IsDurable = cell.Instance!.MakeDurable() is not null };
            Agents.Add(agent);
            if (!_byName.TryGetValue(cell.Name, out List<ReplayedAgent>? same))
            {
                _byName[cell.Name] = same = [];
            }

            same.Add(agent);
        }

        string[] unknown = [.. (options.Only ?? []).Where(name => !_byName.ContainsKey(name))];
        if (unknown.Length > 0)
        {
            throw new ArgumentException(
                $"The program has no agent named {string.Join(" or ", unknown)}. It has "
                + $"{string.Join(", ", _byName.Keys)}.");
        }
    }

    public List<ReplayedAgent> Agents { get; } = [];

    /// <summary>By name, why they are not replayed, or not to their end.</summary>
    public IReadOnlyDictionary<string, string> NotReplayed
    {
        get
        {
            var all = new Dictionary<string, string>(_left, StringComparer.Ordinal);
            foreach (ReplayedAgent agent in Agents)
            {
                if (agent.LostWhy is { } why)
                {
                    all[agent.Name] = why;
                }
            }

            return all;
        }
    }

    public ReplayedAgent Find(string name)
    {
        ReplayedAgent[] found = _byName.TryGetValue(name, out List<ReplayedAgent>? same) ? [.. same] : [];
        ReplayedAgent[] used = [.. found.Where(static agent => agent.StandIn is not null)];
        return (used.Length == 1 ? used : found) is [var only] ? only : throw new ArgumentException(
            $"The program has {(found.Length == 0 ? "no agent" : "several agents")} named {name}.");
    }

    /// <summary>The program's agent for one of a run: of the same name, and where several have it, with the same
    /// number. Null: it is not replayed.</summary>
    public ReplayedAgent? Join(RecordedRun run, uint id, string name)
    {
        if (_options.Only is { } only && !only.Contains(name))
        {
            return null;
        }

        if (_options.Leave.TryGetValue(name, out string? reason))
        {
            return Leave(name, reason);
        }

        if (!_byName.TryGetValue(name, out List<ReplayedAgent>? same))
        {
            return Leave(name, "the program has no agent of that name");
        }

        ReplayedAgent? agent = same.Find(one => one.Cell.Id.Value == id) ?? (same.Count == 1 ? same[0] : null);
        if (agent is null || agent.Run == run)
        {
            return Leave(name, "several agents have that name, and the program spawns them in another order");
        }

        if (agent.Cell.Instance is IOutputAgent)
        {
            return Leave(name, "it is an output: what it took went to the host");
        }

        (agent.Run, agent.Id) = (run, id);
        return agent;
    }

    private ReplayedAgent? Leave(string name, string why)
    {
        _left.TryAdd(name, why);
        return null;
    }
}
