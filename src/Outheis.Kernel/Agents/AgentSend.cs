using System.Threading.Tasks.Sources;
using Microsoft.Extensions.ObjectPool;

namespace Outheis;

/// <summary>A waiting send whose token is that of the turn under way: in its context's list until it ends.</summary>
internal abstract class AgentSend : Waiter
{
    internal AgentSend? NextOfTurn;

    /// <summary>The turn's token fired. The agent's core.</summary>
    public abstract void Withdraw();
}

/// <summary>
/// One agent's send that waits: for room, then for the disk if it is to be durable. Everything but <see
/// cref="Waiter.Wake"/> happens on the sender's core.
/// </summary>
internal sealed class AgentSend<T> : AgentSend, IValueTaskSource<SendResult>
{
    private static readonly ObjectPool<AgentSend<T>> Pool = new DefaultObjectPool<AgentSend<T>>(new Policy(), 1024);

    private AgentContext _context = null!;
    private CapabilityNode _node = null!;
    private T _message = default!;
    private CancellationToken _token;
    private CancellationTokenRegistration _registration;
    private Action<object?>? _continuation;
    private object? _state;
    private SendResult _result;
    private Exception? _fault;
    private bool _isDone;
    private bool _endsWithTurn;     // its token is that of the turn: needs no registration
    private bool _isDurable;
    private bool _isCancelled;      // left in a list until somebody wakes it, so never pooled again
    private short _version;

    /// <summary>Begins to wait. What the first try came to is Full, or Sent and to be durable.</summary>
    public static ValueTask<SendResult> Start(
        AgentContext context, CapabilityNode? node, in T message, SendResult sent, bool isDurable,
        CancellationToken token)
    {
        if (token.IsCancellationRequested && sent == SendResult.Full)
        {
            return ValueTask.FromCanceled<SendResult>(token);
        }

        AgentSend<T> send = Pool.Get();
        (send._context, send._node, send._message, send._token) = (context, node!, message, token);
        (send._isDone, send._isDurable, send._isCancelled) = (false, isDurable, false);
        context.Whole.WaitingSends++;
        send._endsWithTurn = context.IsTurnToken(token);
        if (send._endsWithTurn)
        {
            context.Waiting.Add(send);
        }
        else if (token.CanBeCanceled)
        {
            send._registration = token.UnsafeRegister(
                static state => ((Withdrawal)state!).Post(), new Withdrawal(send, context.Core, send._version));
        }

        send.GoOn(context.Core, sent);
        return new ValueTask<SendResult>(send, send._version);
    }

    public override void Wake() => _context.Core.Post(this);

    /// <summary>There may be room now.</summary>
    public override void Run(Core core)
    {
        if (_isCancelled || !core.IsHomeFor(_context.Cell, this))
        {
            return;
        }

        SendResult sent;
        try
        {
            sent = _context.TrySendFor(_node, in _message);
        }
        catch (Exception bug)      // the message's codec threw: its sender's bug, told where it awaits
        {
            _fault = bug;
            End(SendResult.Denied);
            return;
        }

        GoOn(core, sent);
    }

    /// <summary>It is durable, or nobody knows.</summary>
    private void Flushed(JournalException? failure)
    {
        _fault = failure;
        End(SendResult.Sent);
    }

    public override void Withdraw()
    {
        _isCancelled = true;
        End(SendResult.Full);
    }

    public ValueTaskSourceStatus GetStatus(short token)
    {
        using KernelCall call = _context is { } context ? context.Core.CallIfHere() : default;
        return !_isDone ? ValueTaskSourceStatus.Pending
            : _isCancelled ? ValueTaskSourceStatus.Canceled
            : _fault is not null ? ValueTaskSourceStatus.Faulted
            : ValueTaskSourceStatus.Succeeded;
    }

    public void OnCompleted(
        Action<object?> continuation, object? state, short token, ValueTaskSourceOnCompletedFlags flags)
    {
        using KernelCall call = _context.Core.CallIfHere();
        if (_isDone)
        {
            _context.Resume(continuation, state);
        }
        else
        {
            (_continuation, _state) = (continuation, state);
        }
    }

    public SendResult GetResult(short token)
    {
        if (token != _version || !_isDone)
        {
            throw new InvalidOperationException("Await a SendAsync exactly once.");
        }

        SendResult result = _result;
        _version++;
        if (_isCancelled)
        {
            throw new OperationCanceledException(_token);
        }

        if (_fault is JournalException)
        {
            throw _fault;
        }

        if (_fault is { } fault)
        {
            throw new InvalidOperationException("The message could not be written into the journal.", fault);
        }

        (_context, _node, _message, _token, _registration) = (null!, null!, default!, default, default);
        (_continuation, _state) = (null, null);
        Pool.Return(this);
        return result;
    }

    private void GoOn(Core core, SendResult sent)
    {
        if (sent == SendResult.Full)
        {
            WaitForRoom(core);
        }
        else if (sent == SendResult.Sent && _isDurable)
        {
            core.Tap!.Flush();      // that the cause was taken is to be durable too
            core.Kernel.Flusher!.Add(new Flush(this, core, _version));
        }
        else
        {
            End(sent);
        }
    }

    private void WaitForRoom(Core core)
    {
        if (core.LastObstacle != Obstacle.Channel)
        {
            core.AddRetry(this);      // nobody tells when a ring or the journal has room again: look each pass
            return;
        }

        AgentCell target = _node.Target;
        target.Waiters.Add(this);
        Interference.At(Moment.WaiterAdded);
        if (target.Credits.Free > 0 || target.IsDead)
        {
            target.Waiters.WakeAll();      // room came between the refusal and the wait
        }
    }

    private void End(SendResult result)
    {
        _result = result;
        _isDone = true;
        _context.Whole.WaitingSends--;
        if (_endsWithTurn)
        {
            _context.Waiting.Remove(this);
        }

        _registration.Dispose();
        if (_continuation is { } continuation)
        {
            _context.Resume(continuation, _state);
        }
    }

    private sealed class Withdrawal(AgentSend<T> send, Core core, short version) : KernelOp
    {
        public void Post() => core.Post(this);

        public override void Run(Core core)
        {
            if (send._version == version && !send._isDone && core.IsHomeFor(send._context.Cell, this))
            {
                send.Withdraw();
            }
        }
    }

    /// <summary>On its way to the disk; the send may end before, with its turn.</summary>
    private sealed class Flush(AgentSend<T> send, Core core, short version) : FlushWaiter
    {
        private JournalException? _failure;

        public override void Complete(JournalException? failure)
        {
            _failure = failure;
            core.Post(this);
        }

        public override void Run(Core core)
        {
            if (send._version == version && !send._isDone && core.IsHomeFor(send._context.Cell, this))
            {
                send.Flushed(_failure);
            }
        }
    }

    private sealed class Policy : PooledObjectPolicy<AgentSend<T>>
    {
        public override AgentSend<T> Create() => new();

        public override bool Return(AgentSend<T> obj) => true;
    }
}
