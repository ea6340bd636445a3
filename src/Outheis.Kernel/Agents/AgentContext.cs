using System.Runtime.CompilerServices;

namespace Outheis;

/// <summary>
/// What an agent may do during its asynchronous turns. Belongs to one incarnation, of a reentrant agent to one turn;
/// use it on the agent's core only, that is: in the handler and after its awaits, not inside Task.Run or after
/// ConfigureAwait(false). Such misuse throws.
/// </summary>
public sealed partial class AgentContext
{
    private readonly AgentSynchronizationContext _synchronization;
    private readonly Queue<Resumption> _resumes;
    private readonly Action _turnEnded;
    private Message _message;                        // header of the message whose asynchronous turn this is
    private CancellationTokenSource? _cancellation;
    private ValueTaskAwaiter _awaiter;
    private PendingAnswer? _answer;                  // the turn is a request's, and this will send its reply
    private bool _isUnderWay;                        // a turn has begun and is not over
    private bool _isPending;                         // a turn awaits, or has awaited
    private bool _isOver;                            // that turn's task is done
    private bool _isFenced;                          // the incarnation ended: whatever still runs may do nothing

    internal AgentContext(AgentCell cell)
        : this(cell, new Queue<Resumption>())
    {
        _turns = cell.Turns;
    }

    private AgentContext(AgentCell cell, Queue<Resumption> resumes)
    {
        Cell = cell;
        Incarnation = cell.Incarnation;
        _resumes = resumes;
        _synchronization = new AgentSynchronizationContext(this);
        _turnEnded = OnTurnEnded;
    }

    /// <summary>This agent.</summary>
    public AgentId Self => Cell.Id;

    /// <summary>Which incarnation this is; the first is 1.</summary>
    public uint Incarnation { get; }

    /// <summary>Who sent the message being handled, set by the kernel from the capability used.</summary>
    public AgentId Sender => new(_message.Sender);

    /// <summary>The badge of the capability that the message came through; 0 if it has none
    /// (SE-07).</summary>
    public ulong Badge => _message.Badge;

    /// <summary>Where the message being handled is in the journal; 0 without a journal.</summary>
    public long Position => _message.Position;

    /// <summary>Whether the message is delivered again; as <see cref="Context.IsRedelivered"/>.</summary>
    public bool IsRedelivered => _message.Has(MessageFlags.Redelivered);

    /// <summary>Wall time, read once per stretch between two awaits.</summary>
    public DateTimeOffset UtcNow
    {
        get
        {
            using KernelCall call = OnCore(out Core core);
            return core.TurnTime();
        }
    }

    /// <summary>Monotonic time since the kernel started, on the kernel's clock, read now.</summary>
    public TimeSpan Uptime
    {
        get
        {
            using KernelCall call = OnCore(out Core core);
            return core.Uptime();
        }
    }

    internal Core Core => Cell.Core;

    internal AgentCell Cell { get; }

    /// <summary>Whether a token is the turn's own, which fires on this core and needs no
    /// registration.</summary>
    internal WaitingSends Waiting;

    internal bool IsTurnToken(CancellationToken token) => _cancellation is { } own && own.Token == token;

    internal CancellationToken TurnToken => (_cancellation ??= new CancellationTokenSource()).Token;

    internal bool HasResumes => _resumes.Count > 0;

    /// <summary>A number from this core's seeded generator.</summary>
    public ulong NextRandom()
    {
        using KernelCall call = OnCore(out Core core);
        return core.NextRandom();
    }

    /// <summary>Derives a capability for another holder; as <see cref="Context.Derive{T}"/>.</summary>
    /// <typeparam name="T">The message type.</typeparam>
    /// <param name="from">A capability of this agent with <see cref="Rights.Grant"/>.</param>
    /// <param name="holder">Who may use it.</param>
    /// <param name="rights">Cut down to those of <paramref name="from"/>.</param>
    /// <param name="badge">Marks what comes through it; only where <paramref name="from"/> has none.</param>
    /// <param name="derived">The new capability, or an empty one.</param>
    public DeriveResult Derive<T>(
        Capability<T> from, AgentId holder, Rights rights, ulong badge, out Capability<T> derived)
    {
        Interference.At(Moment.EffectBegins);
        using KernelCall call = OnCore(out Core core);
        CapabilityNode? node = null;
        DeriveResult result = _isFenced
            ? DeriveResult.Denied
            : core.Derive(Cell, from.Node, holder, rights, badge, out node);
        Interference.At(Moment.EffectDone);
        derived = new Capability<T>(node);
        return result;
    }

    /// <summary>Ends this incarnation when the turn does.</summary>
    /// <param name="reason">Default: <see cref="ExitReason.Normal"/>.</param>
    public void Stop(ExitReason? reason = null)
    {
        using KernelCall call = OnCore(out _);
        if (!_isFenced)
        {
            Cell.StopWanted ??= reason ?? ExitReason.Normal;
        }
    }

    internal unsafe void BeginTurn(Message* message)
    {
        _message = *message;
        if (!message->Has(MessageFlags.Extended))
        {
            _message.Correlation = 0;
        }

        (_isReported, _isUnderWay) = (false, true);
        if (_cancellation is { IsCancellationRequested: true })
        {
            _cancellation = null;
        }

        SynchronizationContext.SetSynchronizationContext(_synchronization);
    }

    /// <summary>The handler returned: done already, or the agent waits.</summary>
    internal void Await(ValueTask turn)
    {
        if (turn.IsCompleted)
        {
            LeaveStretch();
            TurnIsOver();
            turn.GetAwaiter().GetResult();
            return;
        }

        _awaiter = turn.GetAwaiter();
        Wait();
        _awaiter.UnsafeOnCompleted(_turnEnded);      // with this agent's context current, so that a turn that ends
        LeaveStretch();                              // on its core says so there, and no other thread
    }

    /// <summary>As <see cref="Await"/>, for a request: its reply is sent when the handler is done.</summary>
    internal void AwaitReply<TReply>(ValueTask<TReply> turn)
    {
        if (turn.IsCompleted)
        {
            LeaveStretch();
            TurnIsOver();
            TReply reply = turn.GetAwaiter().GetResult();
            Core.Reply(Cell, _message.Correlation, in reply);
            return;
        }

        PendingAnswer<TReply> answer = _answer as PendingAnswer<TReply> ?? new PendingAnswer<TReply>();
        answer.Awaiter = turn.GetAwaiter();
        answer.IsArmed = true;
        _answer = answer;
        Wait();
        answer.Awaiter.UnsafeOnCompleted(_turnEnded);      // as in Await
        LeaveStretch();
    }

    /// <summary>The agent's core: something that a turn awaits is there; it runs on when the agent's turn
    /// comes.</summary>
    internal void Resume(Action<object?> continuation, object? state) =>
        Enqueue(new Resumption(this, continuation, null, state));

    /// <summary>The same, for what foreign code posts.</summary>
    internal void Resume(SendOrPostCallback callback, object? state) =>
        Enqueue(new Resumption(this, null, callback, state));

    /// <summary>The agent's turn has come: runs what is there, as much of it as a turn has messages, and ends the
    /// asynchronous turns of which that was all.</summary>
    internal void RunResumes()
    {
        if (!_isFenced)
        {
            Cell.State = AgentState.Running;
        }

        int count = _resumes.Count;
        for (int ran = 0; ran < count && (_isFenced || MayRunMore(ran)); ran++)
        {
            Resumption next = _resumes.Dequeue();
            Core.Counters.Resumed++;
            next.Turn.RunOne(in next);
        }

        if (!_isFenced)
        {
            bool mayBegin = _turns is null ? !_isPending : _turns.MayBegin(Cell);
            Cell.State = mayBegin ? AgentState.Ready : AgentState.Waiting;
        }
    }

    // As a turn of messages: so many, and fewer if somebody wants the core. Of one there is always time.
    private bool MayRunMore(int ran) =>
        Cell.Suspends == 0 && ran < Limits.TurnMessages && (ran == 0 || Core.Control.IsEmpty);

    internal void AddAsk(ReplySlot slot)
    {
        AgentContext whole = Whole;
        (slot.NextOfAsker, slot.PreviousOfAsker) = (whole.FirstAsk, null);
        whole.FirstAsk?.PreviousOfAsker = slot;
        whole.FirstAsk = slot;
    }

    internal void RemoveAsk(ReplySlot slot)
    {
        if (slot.PreviousOfAsker is { } previous)
        {
            previous.NextOfAsker = slot.NextOfAsker;
        }
        else
        {
            Whole.FirstAsk = slot.NextOfAsker;
        }

        slot.NextOfAsker?.PreviousOfAsker = slot.PreviousOfAsker;
        (slot.NextOfAsker, slot.PreviousOfAsker) = (null, null);
    }

    /// <summary>A waiting send tries again, in the name of the message whose turn waits.</summary>
    internal SendResult TrySendFor<T>(CapabilityNode node, in T message)
    {
        if (_isFenced)
        {
            return SendResult.Denied;
        }

        Core.EnterResumed(Cell, in _message);
        try
        {
            return Core.Send(Cell, node, in message);
        }
        finally
        {
            Core.LeaveResumed();
            Core.EndAside();
        }
    }

    private void Wait()
    {
        _isPending = true;
        _isOver = false;
        Core.WaitingAgents++;
        if (_turns is null)
        {
            Cell.State = AgentState.Waiting;      // else EndTurn sees what else the agent may begin
        }
    }

    private void Enqueue(in Resumption resumption)
    {
        _resumes.Enqueue(resumption);
        if (_isFenced)
        {
            Core.Post(new OrphanResume(this));      // between turns: somebody else's may be running now
        }
        else if (Cell.State is AgentState.Waiting or AgentState.Idle)
        {
            Core.MakeReady(Cell);
        }
        else
        {
            Core.EndThrottle(Cell);      // what goes on takes no message
        }
    }

    private void RunOne(in Resumption resumption)
    {
        Core.EnterResumed(Cell, in _message);
        SynchronizationContext.SetSynchronizationContext(_synchronization);
        _turns?.Running = this;
        try
        {
            if (!_isFenced)
            {
                Core.EnterAgent();      // what an ended incarnation still awaits may not leave the core to the next one
            }

            resumption.Run();
            Core.LeaveAgent();
            LeaveStretch();
            if (_isPending && _isOver)
            {
                EndTurn();
            }
        }
        catch (Exception bug)
        {
            Core.LeaveAgent();
            if (Core.Replay is { IsMute: true })
            {
                throw;      // the replay's own
            }

            LeaveStretch();
            if (!_isFenced)
            {
                TurnThrew(bug);
            }
        }

        Core.LeaveResumed();
    }

    private void EndTurn()
    {
        _isPending = false;
        Core.WaitingAgents--;
        TurnIsOver();
        if (_answer is { IsArmed: true } answer)
        {
            answer.IsArmed = false;
            answer.Send(Core, Cell, _message.Correlation);
            return;
        }

        ValueTaskAwaiter awaiter = _awaiter;
        _awaiter = default;
        awaiter.GetResult();
    }

    /// <summary>The handler's task is done: within this agent's own turn, or on a foreign thread.</summary>
    private void OnTurnEnded()
    {
        if (ReferenceEquals(Core.OfThisThread, Core))
        {
            using KernelCall call = Core.Call();
            if (IsRunning)
            {
                _isOver = true;
                return;
            }
        }

        _synchronization.Post(static state => ((AgentContext)state!)._isOver = true, this);
    }

    private bool IsRunning =>
        ReferenceEquals(Core.Running, Cell) && (_turns is null || ReferenceEquals(_turns.Running, this));

    // This agent's turn, on its core: which this thread has until the call is over.
    internal KernelCall OnCore(out Core core)
    {
        core = Core;
        if (ReferenceEquals(Core.OfThisThread, core))
        {
            KernelCall call = core.Call();
            if (IsRunning)
            {
                return call;
            }

            call.Dispose();
        }

        throw new InvalidOperationException(
            $"The context of agent {Cell.Name} was used outside its turn: after ConfigureAwait(false), in Task.Run, "
            + "after the handler returned, or in another turn of a reentrant agent. Await without "
            + "ConfigureAwait(false) inside handlers, use the context that the handler was given, and pass results "
            + "out.");
    }
}
