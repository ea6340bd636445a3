using System.Threading.Tasks.Sources;

namespace Outheis;

/// <summary>What the host's <c>await foreach</c> asks for. Each enumeration is a stream of its own.</summary>
internal sealed class HostStreamSource<TRequest, TItem>(
    CapabilityNode? node, TRequest request, int window, TimeSpan timeout)
    : IAsyncEnumerable<TItem>
{
    public IAsyncEnumerator<TItem> GetAsyncEnumerator(CancellationToken cancellationToken = default) =>
        new HostStream<TRequest, TItem>(node, request, window, timeout, cancellationToken);
}

/// <summary>A stream that a thread outside the kernel takes, one at a time. Items come from the producer's core, ends
/// from wherever an ask of the host ends; all of it under the lock, but for calls of others.</summary>
internal sealed class HostStream<TRequest, TItem>(
    CapabilityNode? node, TRequest request, int window, TimeSpan timeout, CancellationToken token)
    : Inflow<TItem>, IAsyncEnumerator<TItem>, IValueTaskSource<bool>, IAwaitsFlush
{
    private readonly Lock _lock = new();
    private StreamWindow<TItem> _window = new(window);
    private ManualResetValueTaskSourceCore<bool> _wait = new() { RunContinuationsAsynchronously = true };
    private CancellationTokenRegistration _registration;
    private HostAsk? _ask;             // as long as it is under way
    private ulong _correlation;
    private Exception? _failure;       // what it ended with; null: it was complete
    private int _undurable;            // of the items that came, the newest, which the disk does not have yet
    private int _flushing;             // of those, what the flush under way covers; 0: there is none
    private bool _hasBegun;
    private bool _isOver;
    private bool _isAwaited;

    public TItem Current { get; private set; } = default!;

    private bool IsReady => _window.Count > _undurable || (_isOver && _undurable == 0);

    public ValueTask<bool> MoveNextAsync()
    {
        if (!_hasBegun)
        {
            Begin();
        }

        lock (_lock)
        {
            if (_isAwaited)
            {
                throw new InvalidOperationException("Await one MoveNextAsync of a stream before the next.");
            }

            if (!IsReady)
            {
                _wait.Reset();
                _isAwaited = true;
                SetDeadline(ReplyTable.DeadlineAfter(node!.Target.Kernel.Options.Time, timeout));
                return new ValueTask<bool>(this, _wait.Version);
            }

            if (_window.Count == 0 && _failure is { } failure)
            {
                return ValueTask.FromException<bool>(failure);
            }
        }

        return new ValueTask<bool>(TryTake());
    }

    public ValueTask DisposeAsync()
    {
        _hasBegun = true;
        Abandon(AskOutcome.Cancelled);
        return default;
    }

    public override void Begin(HostAsk ask, ulong correlation)
    {
        lock (_lock)
        {
            _correlation = correlation;
            _ask = _isOver ? null : ask;      // the kernel may have stopped in between
        }
    }

    public override void Add(ulong correlation, in TItem item)
    {
        bool flushes;
        int more;
        lock (_lock)
        {
            if (_isOver || correlation != _correlation)
            {
                return;      // of another use of its slot
            }

            _window.Add(in item);
            more = _window.WantsMore ? _window.LetMore() : 0;
            flushes = node!.Target.Kernel.MustFlush(null) && ++_undurable == 1;
            if (flushes)
            {
                _flushing = 1;
            }

            WakeIfReady();
        }

        if (flushes)
        {
            HostFlush.StartWritten(node.Target.Kernel, this);
        }

        Let(more);
    }

    public override void End(AskOutcome outcome, Exception? cause) => End(outcome switch
    {
        AskOutcome.Replied => null,
        AskOutcome.Cancelled => new OperationCanceledException(token),
        AskOutcome.NotDurable when cause is JournalException => cause,
        _ => new AskException(outcome, node!.Target.Name, cause),
    });

    void IAwaitsFlush.Flushed(JournalException? failure)
    {
        if (failure is not null)
        {
            HostAsk? ask = _ask;
            End(failure);
            Abandon(ask, AskOutcome.NotDurable);      // its producer is to hear of it
            return;
        }

        bool flushes;
        lock (_lock)
        {
            _undurable = Math.Max(0, _undurable - _flushing);
            _flushing = _undurable;
            flushes = _flushing > 0;
            WakeIfReady();
        }

        if (flushes)
        {
            HostFlush.StartWritten(node!.Target.Kernel, this);
        }
    }

    public ValueTaskSourceStatus GetStatus(short token) => _wait.GetStatus(token);

    public void OnCompleted(
        Action<object?> continuation, object? state, short token, ValueTaskSourceOnCompletedFlags flags) =>
        _wait.OnCompleted(continuation, state, token, flags);

    public bool GetResult(short token)
    {
        _wait.GetResult(token);
        return TryTake();
    }

    private void Begin()
    {
        _hasBegun = true;
        HostPort.BeginAsk<TRequest, StreamEnd>(
            node, in request, Timeout.InfiniteTimeSpan, this, token, out _, out Exception? refusal);
        if (refusal is not null)
        {
            End(refusal);
            return;
        }

        CancellationTokenRegistration registration = token.UnsafeRegister(
            static state => ((HostStream<TRequest, TItem>)state!).Abandon(AskOutcome.Cancelled), this);
        lock (_lock)
        {
            if (!_isOver)
            {
                (_registration, registration) = (registration, default);
            }
        }

        registration.Unregister();
    }

    private bool TryTake()
    {
        int more;
        lock (_lock)
        {
            if (_window.Count == 0)
            {
                return _failure is null ? false : throw _failure;
            }

            Current = _window.Take();
            more = _window.WantsMore ? _window.LetMore() : 0;
        }

        Let(more);
        return true;
    }

    // The right to ask is used each time, as by an agent.
    private void Let(int more)
    {
        if (more == 0)
        {
            return;
        }

        AgentCell producer = node!.Target;
        if (!node.Allows(node.Holder, Rights.Ask))
        {
            Abandon(AskOutcome.Revoked);
        }
        else if (_ask is not null)
        {
            producer.Core.Post(new LetOp(producer, _correlation, more));
        }
    }

    private void Abandon(AskOutcome outcome) => Abandon(_ask, outcome);

    // A place that is another ask's by now has another correlation.
    private void Abandon(HostAsk? ask, AskOutcome outcome)
    {
        if (ask is not null)
        {
            node!.Target.Kernel.HostAsks.Abandon(ask, _correlation, outcome);
        }
    }

    private void End(Exception? failure)
    {
        CancellationTokenRegistration registration;
        lock (_lock)
        {
            if (_isOver)
            {
                return;
            }

            (_isOver, _failure, _ask) = (true, failure, null);
            if (failure is OperationCanceledException or JournalException)
            {
                _window.Clear();
                _undurable = 0;
            }

            (registration, _registration) = (_registration, default);
            WakeIfReady();
        }

        registration.Unregister();
    }

    private void WakeIfReady()
    {
        if (_isAwaited && IsReady)
        {
            _isAwaited = false;
            SetDeadline(long.MaxValue);      // nobody waits
            _wait.SetResult(true);
        }
    }

    private void SetDeadline(long deadline)
    {
        if (_ask is { } ask)
        {
            Volatile.Write(ref ask.Deadline, deadline);
        }
    }

    // Follows nobody: as long as the stream is under way its producer does not move, and afterwards it means nothing.
    private sealed class LetOp(AgentCell producer, ulong correlation, int more) : KernelOp
    {
        public override void Run(Core core) => core.NoteLet(producer, correlation, more);
    }
}
