namespace Outheis;

/// <summary>An agent of the program that replays: joined by name with those of the recorded runs.</summary>
internal sealed class ReplayedAgent(AgentCell cell)
{
    private MessageType? _type;      // the route found last
    private bool _isRequest;
    private Route? _route;

    /// <summary>Where the program's factory is, and the capabilities that it granted. It never runs.</summary>
    public AgentCell Cell => cell;

    public string Name => cell.Name;

    /// <summary>What it has to do, in order; the newest may still grow.</summary>
    public Queue<ReplayTurn> Turns { get; } = new();

    public ReplayTurn? Newest { get; private set; }

    /// <summary>As far as the journal was read, an incarnation runs.</summary>
    public bool Lives { get; set; }

    /// <summary>The run whose agent it is, and that one's number.</summary>
    public RecordedRun? Run { get; set; }

    public uint Id { get; set; }

    /// <summary>Of the newest incarnation read.</summary>
    public uint Incarnation { get; set; } = 1;

    public bool IsDurable { get; set; }

    /// <summary>Why it is not followed any more; null: it is.</summary>
    public string? LostWhy { get; set; }

    /// <summary>What its handlers run as, of this incarnation; null before the first.</summary>
    public AgentCell? StandIn { get; set; }

    public DurableFace? Face { get; set; }

    /// <summary>The instance that the set-up made was used.</summary>
    public bool IsFirstUsed { get; set; }

    /// <summary>It was told a time or a number that the journal does not have, or that a send was accepted of which the
    /// journal says nothing.</summary>
    public bool HasGuessed { get; set; }

    /// <summary>The wall time that it was told last.</summary>
    public long? Clock { get; set; }

    public long Handled { get; set; }

    public void Add(ReplayTurn turn)
    {
        Turns.Enqueue(turn);
        Newest = turn;
    }

    /// <summary>The newest that is not over, of that cause.</summary>
    public ReplayTurn? TurnOf(long cause)
    {
        if (Newest is { IsSealed: false } newest && newest.Cause == cause)
        {
            return newest;
        }

        ReplayTurn? found = null;
        foreach (ReplayTurn turn in Turns)
        {
            found = !turn.IsSealed && turn.Cause == cause ? turn : found;
        }

        return found;
    }

    /// <summary>Something that may await is not over.</summary>
    public bool MayRunOn()
    {
        foreach (ReplayTurn turn in Turns)
        {
            if (!turn.IsSealed && turn.IsAsync)
            {
                return true;
            }
        }

        return false;
    }

    public void Seal()
    {
        foreach (ReplayTurn turn in Turns)
        {
            turn.IsSealed = true;
        }
    }

    public void Forget(ReplayTurn turn)
    {
        if (ReferenceEquals(Newest, turn))
        {
            Newest = null;
        }
    }

    /// <summary>The handler of such a message; null: it has none.</summary>
    public Route? RouteOf(ReplayMessage message)
    {
        bool isRequest = message.Correlation != 0;
        if (!ReferenceEquals(_type, message.Type.Known) || isRequest != _isRequest || _type is null)
        {
            (_type, _isRequest) = (message.Type.Known, isRequest);
            _route = _type?.RouteTo(cell.Instance!, isRequest);
        }

        return _route;
    }
}
