namespace Outheis;

/// <summary>
/// Moves one agent from its core to another by give-away and acquire (LW-08, LW-09): neither core runs it in between,
/// and no message of one sender overtakes another (INV-02), neither one to the agent nor one of the agent's own.
/// </summary>
/// <remarks>
/// <code>
///   wanted     the agent is where nothing of it is under way
///   leaving    its home is the new core, for whoever looks from now on; the old core keeps it and what comes by the
///              old way, the new core keeps what comes by the new one (Core.Move)
///   settled    what was sent by the old way has come, and what the agent sent has come where it was to go
///   sent       with all that was in its inbox, its timers and its ops, as an op to the new core
///   here       that core has it; what came by the old way stands before what came by the new one
/// </code>
/// What tells that it is settled: a mark that went to every core behind all that this one had sent there, and back
/// behind all that they had sent here, when they knew of the new home (R34); and the ingress, drained up to what was
/// claimed when the new home was visible (F28): who claims later looks once more and sees it (F29).
/// </remarks>
/// <param name="agent">Who.</param>
/// <param name="to">Where to; its present home: nothing is done.</param>
/// <param name="waits">Until nothing of the agent is under way; else it stays where it is.</param>
/// <param name="done">Hears what came of it; null: nobody has to.</param>
internal sealed unsafe class Migration(AgentCell agent, Core to, bool waits, MoveSignal? done = null) : KernelOp
{
    private readonly List<KernelOp> _ops = [];             // that came by the old way
    private readonly List<CarriedMessage> _messages = [];
    private readonly List<CarriedTimer> _timers = [];
    private Step _step;
    private int _marks;          // cores from which it is not back
    private long _claimed;       // of the old core's ingress
    private long _record;        // in the journal, of the old core: that it left
    private bool _isRecorded;    // likewise of the new one
    private bool _isRefusing;    // the new core is told to refuse the asks that wait there
    private long _nextRefusal;   // not before

    private enum Step : byte
    {
        Wanted,
        Leaving,
        LastOps,
        Sent,
        Over,
    }

    public AgentCell Agent => agent;

    /// <summary>Of the old core's ingress: what came by the old way stands before this position.</summary>
    public long Claimed => _claimed;

    /// <summary>Whether nothing of an agent is under way that knows its core: no turn, nothing that it awaits, nothing
    /// offloaded. What shares an exclusion, and a durable agent, stays where it is; and so do all while the journal has
    /// no room, for which a move would wait.</summary>
    public static bool MayLeave(Core core, AgentCell agent) =>
        agent.State is AgentState.Idle or AgentState.Ready or AgentState.Suspended
        && StaysFor(agent) is null && agent is { StopWanted: null, Past: null } && agent.Async is not { IsBusy: true }
        && agent.Offloads is not { UnderWay: > 0 } && !core.Offloads.HasHeld && core.Tap is not { HasRoom: false };

    /// <summary>Why an agent never moves; null: it may.</summary>
    public static string? StaysFor(AgentCell agent) =>
        agent.Exclusion is { } exclusion ? $"shares {exclusion}, whose agents are all on one core"
        : agent.Durable is not null ? "is a durable agent, whose past is told by the journal lane of its core"
        : agent.IsGhost ? "is none of this run"
        : null;

    public static InvalidOperationException Staying(AgentCell agent, string reason) =>
        new($"{agent.Name} stays on core {agent.Core.Index}: it {reason}.");

    public override void Run(Core core)
    {
        switch (_step)
        {
            case Step.Wanted:
                Want(core);
                break;
            case Step.Leaving when _marks > 0 || core.Ingress.Drained < _claimed:
                Await(core);
                break;
            case Step.Leaving:
                // Behind the ops that are there by now: whoever posts one later knows the new home.
                _step = Step.LastOps;
                core.Post(this);
                break;
            case Step.LastOps:
                Send(core);
                break;
            case Step.Sent:
                Acquire(core);
                break;
            default:
                break;      // the end of the kernel came before this op
        }
    }

    /// <summary>It is between two cores, with what was in its inbox.</summary>
    public bool IsSent => _step == Step.Sent;

    /// <summary>Shows those messages, the oldest first.</summary>
    public void Look(MessageLook look)
    {
        foreach (CarriedMessage carried in _messages)
        {
            Message copy = carried.Message;
            look(&copy);
        }
    }

    /// <summary>The old core: an op for the agent came by the old way.</summary>
    public void Take(KernelOp op) => _ops.Add(op);

    /// <summary>The old core: the mark is back from another one.</summary>
    public void NoteMark() => _marks--;

    private void Want(Core core)
    {
        if (!core.IsHomeFor(agent, this))
        {
            return;
        }

        if (agent.State == AgentState.Dead || core.Kernel.IsStopping)
        {
            done?.Set(false);
        }
        else if (StaysFor(agent) is { } reason)      // found out when it started
        {
            done?.Fail(Staying(agent, reason));
        }
        else if (ReferenceEquals(core, to))
        {
            done?.Set(true);
        }
        else if (MayLeave(core, agent))
        {
            Leave(core);
        }
        else if (waits)
        {
            core.Defer(this);
        }
        else
        {
            done?.Set(false);
        }
    }

    private void Leave(Core core)
    {
        _step = Step.Leaving;
        _marks = core.Kernel.Cores.Length - 1;
        agent.State = AgentState.Moving;
        core.AddLeaving(agent, this);
        agent.Credits.GiveUpHome();      // senders of the old core are others' now
        if (agent.Waiters.Any)
        {
            agent.Waiters.WakeAll();
        }

        core.Kernel.NoteMoves(1);
        agent.TellCore(to);
        Interlocked.MemoryBarrier();      // F28: the new home BEFORE the look at what was claimed. Pairs with F29.
        _claimed = core.Ingress.Claimed;
        core.SendMarks(agent);
        Interference.At(Moment.AgentLeft);
        core.Defer(this);
    }

    private void Await(Core core)
    {
        if (core.IsJournalFull && core.Now >= _nextRefusal && !Volatile.Read(ref _isRefusing))
        {
            // What is to come there first may wait long. Now and then: two cores whose agents go to each other would
            // keep each other awake for as long as there is no room.
            _nextRefusal = core.Now + (long)(Limits.SweepPeriod.TotalSeconds * core.Time.TimestampFrequency);
            Volatile.Write(ref _isRefusing, true);
            to.Post(new RefuseAsks(this));
        }

        core.Defer(this);
    }

    private void Send(Core core)
    {
        if (core.Kernel.KeepsAgents)
        {
            return;      // the kernel ends, and this core will hear of it
        }

        Message* message;
        while ((message = agent.Inbox.Take()) != null)
        {
            Pack(core, message);
        }

        core.Timers.Leave(agent, _timers);
        agent.Spending?.Leave();
        agent.Offloads?.Core = to;
        core.RemoveLeaving(agent);
        // Behind all that entered by the old way: what the new core journals of it is nothing without this.
        _record = core.Tap?.RecordMoved(agent, to.Index, cause: 0) ?? 0;
        core.Counters.GivenAway++;
        _step = Step.Sent;
        to.Post(this);
    }

    private void Pack(Core core, Message* message)
    {
        if (message->Has(MessageFlags.Timer) && !core.Timers.IsPending(agent, message))
        {
            core.Timers.Drop(message);      // of one that was cancelled
            return;
        }

        if (message->Has(MessageFlags.Timer))
        {
            message->Timer = core.Timers.KnownAs(message);
        }

        _messages.Add(CarriedMessage.Take(core.Cells, message));
    }

    /// <summary>The new core.</summary>
    /// <param name="core">That.</param>
    /// <param name="evenUnjournaled">The kernel ends, and waits for no room in the journal any more.</param>
    public void Acquire(Core core, bool evenUnjournaled = false)
    {
        if (!_isRecorded)
        {
            _isRecorded = true;
            core.Tap?.RecordMoved(agent, core.Index, _record);
        }

        if (!core.TryEnterBefore(agent) && !evenUnjournaled)
        {
            core.Defer(this);
            return;
        }

        _step = Step.Over;
        core.Counters.Acquired++;
        core.NoteBirth(agent);
        core.Kernel.NoteMoves(-1);
        core.Timers.Acquire(agent, _timers);
        _messages.ForEach(carried => Unpack(core, in carried));

        agent.State = agent.Suspends > 0 ? AgentState.Suspended : AgentState.Idle;
        if (agent.State == AgentState.Idle && !agent.Inbox.IsEmpty)
        {
            core.MakeReady(agent);
        }

        List<KernelOp>? before = core.PutBefore(agent);
        _ops.ForEach(op => op.Run(core));
        before?.ForEach(op => op.Run(core));
        done?.Set(true);
    }

    private void Unpack(Core core, in CarriedMessage carried)
    {
        Message* cell = carried.Put(core.Cells);
        if (cell->Has(MessageFlags.Timer))
        {
            core.Timers.SetPending(agent, cell);
        }

        agent.Inbox.Put(cell);
    }

    /// <summary>The kernel ends, and nothing moves any more. If all that came by the old way is told of, the new core
    /// tells of what came by the new one, else of nothing more; then the old core, which has the agent still, ends it:
    /// so nobody can come in between.</summary>
    /// <param name="core">The old one.</param>
    /// <param name="ended">Hears on this core when the agent has ended.</param>
    public void BreakOff(Core core, Action ended)
    {
        bool isAllTold = core.Ingress.Drained >= _claimed;
        long record = isAllTold ? core.Tap?.RecordMoved(agent, to.Index, cause: 0) ?? 0 : 0;
        to.Post(new EnterHeld(this, core, isAllTold && (core.Tap is null || record != 0), record, ended));
    }

    /// <summary>The old core ends the agent.</summary>
    public void Break(Core core)
    {
        _step = Step.Over;
        core.RemoveLeaving(agent);
        Lifecycle.End(core, agent, ExitReason.Shutdown);
        core.Kernel.Capabilities.ReleaseHeld(agent);      // granted meanwhile, to one that moved
        core.Kernel.NoteMoves(-1);      // not before it is dead: the new core keeps what comes for one that moves
        foreach (KernelOp op in _ops)
        {
            core.Post(op);      // sees that it is dead
        }

        done?.Set(false);
    }

    // First on the new core, then back on the old one.
    private sealed class EnterHeld(Migration migration, Core old, bool isAllTold, long record, Action ended) : KernelOp
    {
        public override void Run(Core core)
        {
            if (!ReferenceEquals(core, old))
            {
                if (isAllTold)
                {
                    core.Tap?.RecordMoved(migration.Agent, core.Index, record);
                    core.EnterAtOnce(migration.Agent);
                }
                else
                {
                    core.GiveUpEntering();
                }

                old.Post(this);
            }
            else if (migration._step != Step.Over)      // else the end of all agents came first
            {
                migration.Break(core);
                ended();
            }
        }
    }

    private sealed class RefuseAsks(Migration migration) : KernelOp
    {
        public override void Run(Core core)
        {
            Volatile.Write(ref migration._isRefusing, false);
            core.RefuseHeldAsks(migration.Agent);
        }
    }
}

/// <summary>Tells the host whether an agent is where it was to go.</summary>
internal sealed class MoveSignal(HostThreads threads) : IThreadPoolWorkItem
{
    private readonly TaskCompletionSource<bool> _done = new();
    private bool _isThere;
    private Exception? _failure;

    public Task<bool> Task => _done.Task;

    /// <summary>Any thread, once.</summary>
    public void Set(bool isThere)
    {
        _isThere = isThere;
        threads.Queue(this);      // off the cores: what awaits it goes on there
    }

    /// <summary>Likewise: it cannot move.</summary>
    public void Fail(Exception failure)
    {
        _failure = failure;
        threads.Queue(this);
    }

    void IThreadPoolWorkItem.Execute()
    {
        if (_failure is not null)
        {
            _done.TrySetException(_failure);
        }
        else
        {
            _done.TrySetResult(_isThere);
        }
    }
}

/// <summary>Goes from the core that an agent leaves to each other one and back, behind all that was sent
/// before.</summary>
internal readonly record struct MoveMark(uint Agent, int From);

internal sealed unsafe class MoveMarkRoute() : Route(typeof(MoveMark))
{
    public static readonly MoveMarkRoute Instance = new();

    public override int InlineBytes => Carriage<MoveMark>.InlineBytes;

    public override bool IsUnderstoodBy(Agent agent) => false;

    public override void Deliver(Core core, AgentCell self, Message* message, object? reference)
    {
        MoveMark mark = *(MoveMark*)&message->Payload;
        if (core.Index == mark.From)
        {
            core.NoteMark(mark.Agent);
        }
        else
        {
            core.SendUncredited(core.Kernel.Cores[mark.From], 0, 0, this, correlation: 0, in mark);
        }
    }
}
