namespace Outheis;

/// <summary>All agents of a kernel by id.</summary>
internal sealed class AgentTable(int cores) : IdTable<AgentCell>(cores)
{
    private long _bornOutside;

    /// <summary>A number for an agent that is made now: of two on one core the younger has the greater one, or the same
    /// and the greater id. Ids alone do not tell, since each core has pages of its own.</summary>
    /// <param name="here">The core whose thread this is; null: another thread.</param>
    public long NextBirth(int? here) =>
        here is null ? 2 * Interlocked.Increment(ref _bornOutside) : (2 * Volatile.Read(ref _bornOutside)) + 1;

    /// <summary>The only living agent of that name; null: there is none, or more than one. Rare: looks at
    /// all.</summary>
    public AgentCell? FindByName(string name)
    {
        AgentCell[] found = [.. Snapshot().Where(agent => agent.GivenName == name)];
        return found.Length == 1 ? found[0] : null;
    }
}
