namespace Outheis;

/// <summary>
/// Runs the work of replayed agents, on the thread that calls: the handlers run in the name of a stand-in that holds no
/// capability, so that whatever they do comes to <see cref="ReplayActs"/>.
/// </summary>
internal sealed unsafe class ReplayRunner : IDisposable
{
    private readonly Kernel _kernel;
    private readonly JournalReader _journal;
    private readonly MessageCodecs _codecs;
    private readonly bool _checksSnapshots;
    private readonly Core _core;      // whose thread this is while something runs; it has no agents
    private readonly ReplayActs _acts;

    public ReplayRunner(Kernel kernel, JournalReader journal, bool checksSnapshots)
    {
        (_kernel, _journal, _codecs, _checksSnapshots) = (kernel, journal, kernel.Options.Codecs, checksSnapshots);
        _core = new Core(kernel, 0, 1, tap: null);
        _acts = new ReplayActs(journal, _codecs);
    }

    /// <summary>Handlers run.</summary>
    public long Turns { get; private set; }

    public void Dispose() => _core.Dispose();

    /// <summary>Runs one piece of work. Whatever keeps the agent from being followed further is said in <see
    /// cref="ReplayedAgent.LostWhy"/>.</summary>
    public ReplayDivergence? Run(ReplayTurn turn)
    {
        if (turn.Agent.LostWhy is not null)
        {
            return null;
        }

        _core.Enter();
        try
        {
            return turn.Work switch
            {
                ReplayWork.Start => RunStart(turn),
                ReplayWork.Message => RunMessage(turn),
                ReplayWork.Snapshot => RunSnapshot(turn),
                _ => null,
            };
        }
        finally
        {
            Core.Leave();
        }
    }

    private ReplayDivergence? RunStart(ReplayTurn turn)
    {
        if (!TryBegin(turn))
        {
            return null;
        }

        AgentCell standIn = turn.Agent.StandIn!;
        Message* root = _core.Current;
        Prepare(turn, root);
        try
        {
            standIn.Instance!.OnStart(new Context(_core, standIn));
            _acts.End();
        }
        catch (Exception bug)
        {
            _acts.Threw(bug);
        }
        finally
        {
            Release(root);
        }

        return _acts.Divergence;
    }

    private ReplayDivergence? RunMessage(ReplayTurn turn)
    {
        ReplayedAgent agent = turn.Agent;
        if (WhyNot(turn) is { } why)
        {
            agent.LostWhy = why;
            return null;
        }

        if (turn.IsAbandoned)
        {
            return null;
        }

        Turns++;
        agent.Handled++;
        agent.Face?.Keep(_codecs);
        Message* root = _core.Current;
        Message* cell = _core.Cells.Rent();
        try
        {
            if (Fill(turn, cell, out object? reference) is { } reason)
            {
                agent.LostWhy = $"the {TypeOf(turn)} at {Place(turn)} cannot be read: {reason}";
                return null;
            }

            Prepare(turn, cell);
            turn.Route!.Deliver(_core, agent.StandIn!, cell, reference);
            RunOn(agent);
            _acts.End();
        }
        catch (Exception bug)
        {
            agent.Face?.Undo(_codecs);
            _acts.Threw(bug);
        }
        finally
        {
            _core.Cells.Return(cell);
            Release(root);
        }

        return agent.LostWhy is null ? _acts.Divergence : null;
    }

    private ReplayDivergence? RunSnapshot(ReplayTurn turn)
    {
        ReplayedAgent agent = turn.Agent;
        JournalEntry snapshot = turn.Snapshot!;
        if (agent.StandIn is null)
        {
            if (TryBegin(turn))
            {
                string? reason = agent.Face is { } face
                    ? face.Restore(_codecs, snapshot) : "it is not durable any more";
                agent.LostWhy = reason is null ? agent.LostWhy
                    : $"its snapshot at {ReplayDivergence.Place(snapshot.Position)} cannot be read: {reason}";
            }

            return null;
        }

        if (!_checksSnapshots || agent.Face is null || agent.Face.Equals(_codecs, snapshot))
        {
            return null;
        }

        return new ReplayDivergence(
            snapshot.Position, snapshot.Position, agent.Name, ReplayWords.Of(turn, _journal),
            $"had the state {snapshot.PayloadText ?? Convert.ToHexString(snapshot.Payload.Span)}",
            $"has the state {agent.Face.Describe(_codecs)}");
    }

    private bool TryBegin(ReplayTurn turn)
    {
        ReplayedAgent agent = turn.Agent;
        AgentCell cell = agent.Cell;
        try
        {
            if (agent.IsFirstUsed)
            {
                _kernel.Capabilities.ReleaseHeld(cell);
                cell.Instance = cell.Construct();
            }
        }
        catch (Exception failure)
        {
            agent.LostWhy = $"its factory failed with {failure.GetType().Name}: {ExitReason.MessageOf(failure)}";
            return false;
        }

        agent.IsFirstUsed = true;
        agent.StandIn = new AgentCell(_kernel, _core, new AgentId(turn.Id), cell.Name, null, null, cell.Qos, 1)
        {
            Instance = cell.Instance, Incarnation = Math.Max(1, turn.Incarnation), State = AgentState.Running,
        };
        DurableFace? earlier = agent.Face;
        agent.Face = cell.Instance!.MakeDurable();
        if (earlier is not null)
        {
            agent.Face?.TakeFrom(earlier);
        }

        return true;
    }

    private static string? WhyNot(ReplayTurn turn)
    {
        return turn.Message is not { } message
                ? $"it took a message, at {Place(turn)}, that the journal does not have"
            : turn.Agent.Cell.Turns is not null
                ? "it is reentrant: in what order its turns went on is not in the journal"
            : turn.Route is { IsStream: true }
                ? $"it produces the stream that the {TypeOf(turn)} at {Place(turn)} asks for: how far its consumer let "
                    + "that run is not in the journal"
            : turn.Agent.StandIn is null ? "the journal no longer has its beginning"
            : message.Type.Encoding == PayloadEncoding.Opaque
                ? $"the {TypeOf(turn)} at {Place(turn)} is in the journal by its name alone: its type has no codec"
            : turn.Route is null
                ? $"the {TypeOf(turn)} at {Place(turn)} has no handler in "
                    + $"{turn.Agent.Cell.Instance!.GetType().Name}, or its type was not told with MessageCodecs.Add"
            : null;
    }

    private static string Place(ReplayTurn turn) => ReplayDivergence.Place(turn.Position);

    private static string TypeOf(ReplayTurn turn) => turn.Message?.Type.Schema?.SimpleName ?? "message";

    private string? Fill(ReplayTurn turn, Message* cell, out object? reference)
    {
        ReplayMessage message = turn.Message!;
        cell->Route = turn.Route!.Index;
        cell->Target = turn.Id;
        cell->Sender = SenderOf(turn, message);
        cell->Capability = 0;
        cell->Badge = message.Badge;
        cell->Flags = MessageFlags.Uncredited | (turn.IsRedelivered ? MessageFlags.Redelivered : MessageFlags.None);
        cell->Qos = message.Qos;
        cell->Chain = message.Chain;
        cell->Position = message.Position;
        if (message.Correlation != 0 || message.Labels != 0)
        {
            cell->Flags |= MessageFlags.Extended;
            (cell->Correlation, cell->Call, cell->Deadline, cell->Labels) =
                (message.Correlation, 0, 0, message.Labels);
        }

        if (message.Entry is { } entry)
        {
            return message.Type.Known!.Fill(_codecs, entry, cell, out reference);
        }

        message.Type.Known!.FillRaw(message.Payload, cell, out reference);
        return null;
    }

    // Ids mean something in one run only: whoever has the sender's name when it is handled is the sender.
    private uint SenderOf(ReplayTurn turn, ReplayMessage message)
    {
        if (message.Sender == 0 || message.Run == turn.Run)
        {
            return message.Sender;
        }

        string? name = _journal.Names.Agent(message.Run.Number, message.Sender);
        return (name is null ? null : turn.Run.IdOf(name)) ?? AgentId.OfEarlierRun.Value;
    }

    private void Prepare(ReplayTurn turn, Message* current)
    {
        _acts.Begin(turn);
        _core.Current = current;
        _core.Running = turn.Agent.StandIn;
        _core.Replay = _acts;
    }

    private void Release(Message* root)
    {
        _core.Current = root;
        _core.Running = null;
        _core.Replay = null;
        SynchronizationContext.SetSynchronizationContext(null);
    }

    // What the kernel gives to be awaited is there at once. What yields goes on, and whatever else is awaited is not in
    // the journal.
    private static void RunOn(ReplayedAgent agent)
    {
        AgentCell standIn = agent.StandIn!;
        standIn.StopWanted = null;
        while (standIn.Async is { IsInTurn: true, HasResumes: true } context)
        {
            standIn.State = AgentState.Running;      // so that no ready queue gets it
            context.RunResumes();
        }

        if (standIn.Async is { IsInTurn: true })
        {
            agent.LostWhy = "it awaits something that is not in the journal: what is no ask and no send goes through "
                + nameof(AgentContext.EffectAsync);
        }
    }
}
