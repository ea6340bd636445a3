namespace Outheis;

/// <summary>All agents of a kernel by id.</summary>
internal sealed class AgentTable(int cores) : IdTable<AgentCell>(cores)
{
    /// <summary>The only living agent of that name; null: there is none, or more than one. Rare: looks at
    /// all.</summary>
    public AgentCell? FindByName(string name)
    {
        AgentCell[] found = [.. Snapshot().Where(agent => agent.GivenName == name)];
        return found.Length == 1 ? found[0] : null;
    }
}
