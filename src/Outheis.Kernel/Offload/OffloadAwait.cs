using System.Runtime.ExceptionServices;
using System.Threading.Tasks.Sources;

namespace Outheis;

/// <summary>Work that an asynchronous turn awaits. What it came to is read on the agent's core.</summary>
internal sealed class OffloadAwait<TState, TResult>(
    AgentContext context, TState state, Func<TState, CancellationToken, TResult> work)
    : OffloadJob, IValueTaskSource<TResult>
{
    private TResult _result = default!;
    private Action<object?>? _continuation;
    private object? _continuationState;
    private bool _isHome;      // its scope's core has counted it
    private bool _isDone;      // the agent's core

    protected override CancellationToken Token { get; } = context.TurnToken;

    public override void Run(Core core)
    {
        if (!_isHome)
        {
            _isHome = true;
            core.Offloads.ComeHome(Scope);
        }

        if (!core.IsHomeFor(context.Cell, this))
        {
            return;      // the incarnation ended, and the next one has moved
        }

        _isDone = true;
        if (_continuation is { } continuation)
        {
            context.Resume(continuation, _continuationState);
        }
    }

    /// <summary>Its await ends as cancelled, whatever it is still at.</summary>
    public override void Abandon() => Scope.Core.Post(this);

    public ValueTaskSourceStatus GetStatus(short token)
    {
        using KernelCall call = context.Core.CallIfHere();
        return !_isDone ? ValueTaskSourceStatus.Pending
            : IsAbandoned || Fault is OperationCanceledException ? ValueTaskSourceStatus.Canceled
            : Fault is not null ? ValueTaskSourceStatus.Faulted
            : ValueTaskSourceStatus.Succeeded;
    }

    public void OnCompleted(
        Action<object?> continuation, object? state, short token, ValueTaskSourceOnCompletedFlags flags)
    {
        using KernelCall call = context.Core.CallIfHere();
        if (_isDone)
        {
            context.Resume(continuation, state);
        }
        else
        {
            (_continuation, _continuationState) = (continuation, state);
        }
    }

    public TResult GetResult(short token)
    {
        if (!_isDone)
        {
            throw new InvalidOperationException("Read what an OffloadAsync came to only when it is done: await it.");
        }

        if (IsAbandoned)
        {
            throw new OperationCanceledException("The kernel stopped before the offloaded work was done.");
        }

        if (Fault is { } fault)
        {
            ExceptionDispatchInfo.Throw(fault);
        }

        return _result;
    }

    protected override void Execute() => _result = work(state, Token);
}
