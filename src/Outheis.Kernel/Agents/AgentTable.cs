namespace Outheis;

/// <summary>All agents of a kernel by id. Ids are never reused, and pages stay where they are. Any thread reads and
/// removes; who takes a new id holds the lock, but not while the agent is made.</summary>
internal sealed class AgentTable
{
    private const int PageBits = 12;
    private const int PageMask = (1 << PageBits) - 1;

    private readonly Lock _lock = new();
    private AgentCell?[]?[] _pages = new AgentCell?[]?[16];
    private uint _lastId;

    /// <summary>For looking only: counts.</summary>
    public int Count => Snapshot().Length;

    /// <summary>Makes room for the next agent and puts there what <paramref name="create"/> makes of its
    /// id.</summary>
    public AgentCell Add<TState>(in TState state, Func<TState, AgentId, AgentCell> create)
    {
        AgentCell?[] room = RoomForNext(out uint id);
        AgentCell cell = create(state, new AgentId(id));
        room[id & PageMask] = cell;
        return cell;
    }

    public AgentCell? Find(uint id)
    {
        AgentCell?[]?[] pages = Volatile.Read(ref _pages);      // A30
        uint page = id >> PageBits;
        return page < (uint)pages.Length && pages[page] is { } cells ? cells[id & PageMask] : null;
    }

    /// <summary>The only living agent of that name; null: there is none, or more than one. Rare: looks at
    /// all.</summary>
    public AgentCell? FindByName(string name)
    {
        AgentCell[] found = [.. Snapshot().Where(agent => agent.GivenName == name)];
        return found.Length == 1 ? found[0] : null;
    }

    public void Remove(uint id)
    {
        if (Volatile.Read(ref _pages)[id >> PageBits] is { } page)      // A30
        {
            page[id & PageMask] = null;
        }
    }

    public AgentCell[] Snapshot()
    {
        lock (_lock)
        {
            return [.. _pages.Where(page => page is not null).SelectMany(page => page!).OfType<AgentCell>()];
        }
    }

    private AgentCell?[] RoomForNext(out uint id)
    {
        lock (_lock)
        {
            id = ++_lastId;
            int page = (int)(id >> PageBits);
            if (page >= _pages.Length)
            {
                AgentCell?[]?[] longer = new AgentCell?[]?[_pages.Length * 2];
                _pages.CopyTo(longer, 0);
                Volatile.Write(ref _pages, longer);      // R30: filled before it is found. Read by A30.
            }

            return _pages[page] ??= new AgentCell?[PageMask + 1];
        }
    }
}
