using System.Threading.Tasks.Sources;

namespace Outheis;

/// <summary>What an agent's <c>await foreach</c> asks for. Each enumeration is a stream of its own.</summary>
internal sealed class AgentStreamSource<TRequest, TItem>(
    AgentContext context, CapabilityNode? node, TRequest request, int window, TimeSpan timeout)
    : IAsyncEnumerable<TItem>
{
    public IAsyncEnumerator<TItem> GetAsyncEnumerator(CancellationToken cancellationToken = default) =>
        new AgentStream<TRequest, TItem>(context, node, request, window, timeout, cancellationToken);
}

/// <summary>A stream that an agent takes. Its core only; it begins with the first
/// <see cref="MoveNextAsync"/>.</summary>
internal sealed class AgentStream<TRequest, TItem>(
    AgentContext context, CapabilityNode? node, TRequest request, int window, TimeSpan timeout,
    CancellationToken token)
    : Inflow<TItem>, IAsyncEnumerator<TItem>, IValueTaskSource<bool>
{
    private StreamWindow<TItem> _window = new(window);
    private ReplySlot? _slot;                        // of the ask, as long as it is under way
    private Exception? _failure;                     // what it ended with; null: it was complete
    private bool _hasBegun;
    private bool _isAwaited;                         // a MoveNextAsync is not over
    private short _version;
    private Action<object?>? _continuation;
    private object? _state;

    public TItem Current { get; private set; } = default!;

    private bool IsReady => _window.Count > 0 || _slot is null;

    public ValueTask<bool> MoveNextAsync()
    {
        Interference.At(Moment.EffectBegins);
        using KernelCall call = context.OnCore(out Core core);
        if (_isAwaited)
        {
            throw new InvalidOperationException("Await one MoveNextAsync of a stream before the next.");
        }

        if (!_hasBegun)
        {
            if (context.MustRecord(core) is { } never)
            {
                return never;
            }

            Begin(core);
        }

        if (!IsReady)
        {
            core.Replies.SetDeadline(_slot!, ReplyTable.DeadlineAfter(core.Time, timeout));
            _isAwaited = true;
            return new ValueTask<bool>(this, _version);
        }

        return _window.Count > 0 || _failure is null ? new ValueTask<bool>(TryTake(core))
            : ValueTask.FromException<bool>(_failure);
    }

    /// <summary>Whoever stops early does not want what has come, and the producer hears of it.</summary>
    public ValueTask DisposeAsync()
    {
        if (_slot is not null)
        {
            using KernelCall call = context.OnCore(out Core core);
            core.Replies.Abandon(_slot, AskOutcome.Cancelled);
        }

        _hasBegun = true;
        return default;
    }

    public override void Add(ulong correlation, in TItem item)
    {
        _window.Add(in item);
        LetMore(context.Core, isTaking: false);
        Wake();
    }

    public override void End(AskOutcome outcome, Exception? cause)
    {
        _slot = null;
        context.OpenStreams--;
        _failure = outcome switch
        {
            AskOutcome.Replied => null,
            AskOutcome.Cancelled => new OperationCanceledException(token),
            _ => new AskException(outcome, node!.Target.Name, cause),
        };
        if (outcome == AskOutcome.Cancelled)
        {
            _window.Clear();
        }

        Wake();
    }

    public ValueTaskSourceStatus GetStatus(short token)
    {
        using KernelCall call = context.Core.CallIfHere();
        return !IsReady ? ValueTaskSourceStatus.Pending
            : _window.Count > 0 || _failure is null ? ValueTaskSourceStatus.Succeeded
            : _failure is OperationCanceledException ? ValueTaskSourceStatus.Canceled
            : ValueTaskSourceStatus.Faulted;
    }

    public void OnCompleted(
        Action<object?> continuation, object? state, short token, ValueTaskSourceOnCompletedFlags flags)
    {
        using KernelCall call = context.Core.CallIfHere();
        if (IsReady)
        {
            context.Resume(continuation, state);      // it came between the look and the await
        }
        else
        {
            (_continuation, _state) = (continuation, state);
        }
    }

    public bool GetResult(short token)
    {
        using KernelCall call = context.Core.CallIfHere();
        if (!_isAwaited || !IsReady || token != _version)
        {
            throw new InvalidOperationException("Await each MoveNextAsync of a stream exactly once.");
        }

        _isAwaited = false;
        _version++;
        return _window.Count > 0 || _failure is null ? TryTake(context.Core) : throw _failure;
    }

    private void Begin(Core core)
    {
        _hasBegun = true;
        _slot = core.BeginAsk<TRequest, StreamEnd>(
            context, context.IsFenced ? null : node, in request, Timeout.InfiniteTimeSpan, this, token, out _failure);
        if (_slot is not null)
        {
            context.OpenStreams++;
        }
    }

    private bool TryTake(Core core)
    {
        if (_window.Count == 0)
        {
            return false;
        }

        Current = _window.Take();
        LetMore(core, isTaking: true);
        return true;
    }

    // The right to ask is used each time: once it is revoked nothing more than what was let before comes. Where an item
    // comes nothing is ended: its producer may be in the first stretch of its turn, where no token reaches it.
    private void LetMore(Core core, bool isTaking)
    {
        if (_slot is null || !_window.WantsMore)
        {
            return;
        }

        if (node!.Allows(context.Cell, Rights.Ask))
        {
            core.TellLet(node.Target, _slot.Correlate(core.Index), _window.LetMore());
        }
        else if (isTaking)
        {
            core.Replies.Abandon(_slot, AskException.From(CapabilityNode.Refusal(node, context.Cell)));
        }
    }

    private void Wake()
    {
        if (_slot is { } slot)
        {
            context.Core.Replies.SetDeadline(slot, long.MaxValue);      // nobody waits
        }

        if (_continuation is { } continuation)
        {
            _continuation = null;
            context.Resume(continuation, _state);
        }
    }
}
