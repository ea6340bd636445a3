namespace Outheis;

/// <summary>
/// Agents made by those of this core for this core, not yet started. Those of one turn start in the order in which
/// they were made, and before all that were made earlier: a family that makes families is worked off one after the
/// other, so few of a large tree live at a time. One start of so many, sixteen times
/// <see cref="KernelOptions.FairShare"/>, is that of one who has been set aside, so that a family without end starves
/// nobody; of more, more families would live beside each other. The core only; no memory of its own,
/// an agent is its own link.
/// </summary>
internal struct Births(int share)
{
    private readonly int _share = share * Limits.StartsPerShare;
    private AgentCell? _first;
    private AgentCell? _newest;      // of the turn under way
    private AgentCell? _aside;       // were all that waited when nobody was aside any more
    private int _startsInRow;
    private int _starts;             // since somebody set aside had his

    /// <summary>Nobody waits to start.</summary>
    public readonly bool IsEmpty => _first is null && _aside is null;

    public void Put(AgentCell agent)
    {
        if (_newest is null)
        {
            agent.NextOp = _first;
            _first = agent;
        }
        else
        {
            agent.NextOp = _newest.NextOp;
            _newest.NextOp = agent;
        }

        _newest = agent;
    }

    /// <summary>A turn begins: what it makes comes before what others made.</summary>
    public void BeginTurn() => (_newest, _startsInRow) = (null, 0);

    /// <summary>Who starts next; null: nobody, or those who wait for a turn come first now.</summary>
    public AgentCell? Take(bool somebodyIsReady)
    {
        if (IsEmpty || (somebodyIsReady && _startsInRow >= Limits.StartsInRow))
        {
            return null;
        }

        bool isTheirs = ++_starts == _share;
        if (isTheirs)
        {
            _starts = 0;
            (_aside, _first) = _aside is null ? (_first, null) : (_aside, _first);
        }

        ref AgentCell? from = ref _first;
        if (isTheirs || _first is null)
        {
            from = ref _aside;
        }

        AgentCell agent = from!;
        from = (AgentCell?)agent.NextOp;
        agent.NextOp = null;
        _newest = null;
        _startsInRow++;
        return agent;
    }
}
