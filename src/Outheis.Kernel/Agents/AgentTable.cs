namespace Outheis;

/// <summary>All agents of a kernel by id. Ids are never reused. Any thread reads; who adds or removes holds
/// the lock.</summary>
internal sealed class AgentTable
{
    private const int PageBits = 12;
    private const int PageMask = (1 << PageBits) - 1;

    private readonly Lock _lock = new();
    private AgentCell?[]?[] _pages = new AgentCell?[]?[16];
    private uint _lastId;

    public int Count { get; private set; }

    /// <summary>Makes room for the next agent and puts there what <paramref name="create"/> makes of its
    /// id.</summary>
    public AgentCell Add<TState>(in TState state, Func<TState, AgentId, AgentCell> create)
    {
        lock (_lock)
        {
            uint id = ++_lastId;
            int page = (int)(id >> PageBits);
            if (page >= _pages.Length)
            {
                AgentCell?[]?[] longer = new AgentCell?[]?[_pages.Length * 2];
                _pages.CopyTo(longer, 0);
                Volatile.Write(ref _pages, longer);      // R30: filled before it is found. Read by A30.
            }

            AgentCell cell = create(state, new AgentId(id));
            (_pages[page] ??= new AgentCell?[PageMask + 1])[id & PageMask] = cell;
            Count++;
            return cell;
        }
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
        lock (_lock)
        {
            if (_pages[id >> PageBits] is { } page && page[id & PageMask] is not null)
            {
                page[id & PageMask] = null;
                Count--;
            }
        }
    }

    public AgentCell[] Snapshot()
    {
        lock (_lock)
        {
            return [.. _pages.Where(page => page is not null).SelectMany(page => page!).OfType<AgentCell>()];
        }
    }
}
