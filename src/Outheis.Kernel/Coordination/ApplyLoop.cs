namespace Outheis;

/// <summary>Comes to an agent when a loop that it had run is done.</summary>
/// <param name="Key">As it was given to <see cref="Context.Apply{TState}"/>.</param>
/// <param name="Count">How often the body ran.</param>
public readonly record struct Applied(ulong Key, int Count);

/// <summary>
/// A loop that several threads run (GC-15). Whoever takes part takes the next few numbers until there are none; so one
/// that runs it alone comes to the end as well, and a loop within a loop waits for no thread that it does not have.
/// </summary>
internal sealed class ApplyLoop(int count, int chunk, Action<int> body, CancellationToken token)
{
    private readonly TaskCompletionSource _isOver = new();
    private readonly Lock _lock = new();
    private List<Exception>? _failures;      // the lock's
    private int _failed;                     // likewise
    private long _next;
    private int _done;

    /// <summary>Takes part, until every number is taken. Any thread that is no core.</summary>
    public void Run()
    {
        long first;
        while ((first = Interlocked.Add(ref _next, chunk) - chunk) < count)
        {
            int end = (int)Math.Min(first + chunk, count);
            for (int i = (int)first; i < end && !token.IsCancellationRequested; i++)
            {
                try
                {
                    body(i);
                }
                catch (Exception failure)      // whatever it is: who began the loop is told
                {
                    Note(failure);
                }
            }

            if (Interlocked.Add(ref _done, end - (int)first) == count)
            {
                _isOver.TrySetResult();
            }
        }
    }

    /// <summary>Waits for the others that took part.</summary>
    /// <exception cref="OperationCanceledException">The token fired before all was done.</exception>
    /// <exception cref="AggregateException">What bodies threw.</exception>
    public void Finish()
    {
        _isOver.Task.Wait(CancellationToken.None);
        token.ThrowIfCancellationRequested();
        lock (_lock)
        {
            if (_failures is not null)
            {
                throw new AggregateException(
                    $"{_failed} of {count} bodies of a loop threw, and the others ran.", _failures);
            }
        }
    }

    private void Note(Exception failure)
    {
        lock (_lock)
        {
            _failed++;
            _failures ??= [];
            if (_failures.Count < Limits.ApplyFailuresKept)
            {
                _failures.Add(failure);
            }
        }
    }
}

/// <summary>A thread of the pool that takes part in a loop, if it comes before the end.</summary>
internal sealed class ApplyHelper(ApplyLoop loop) : OffloadJob
{
    protected override CancellationToken Token => CancellationToken.None;

    protected override bool IsWanted => true;

    public override void GoHome()
    {
    }

    public override void Run(Core core)
    {
    }

    public override void Abandon()
    {
    }

    protected override void Execute() => loop.Run();
}

/// <summary>The thread of the pool that begins a loop of the host's, and waits for its end.</summary>
internal sealed class ApplyRoot(Kernel kernel, int count, Action<int> body, CancellationToken token) : OffloadJob
{
    private readonly TaskCompletionSource _done = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public Task Task => _done.Task;

    protected override CancellationToken Token => token;

    protected override bool IsWanted => true;

    public override void Run(Core core)
    {
    }

    public override void GoHome()
    {
        if (Fault is null)
        {
            _done.TrySetResult();
        }
        else if (Fault is OperationCanceledException)
        {
            _done.TrySetCanceled(token);
        }
        else
        {
            _done.TrySetException(Fault);
        }
    }

    public override void Abandon() => _done.TrySetCanceled(CancellationToken.None);

    protected override void Execute() => kernel.Apply(count, body, Qos, token);
}

/// <summary>A loop of an agent's: begun by the piece of work that it offloads.</summary>
internal sealed record AgentLoop<TState>(
    Kernel Kernel, int Count, TState State, Action<TState, int> Body, Qos Qos, ulong Key)
{
    public static AgentLoop<TState> Of(AgentCell self, int count, TState state, Action<TState, int> body, ulong key)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(count);
        ArgumentNullException.ThrowIfNull(body);
        return new AgentLoop<TState>(self.Kernel, count, state, body, self.EffectiveQos, key);
    }

    public Applied Run(CancellationToken token)
    {
        Kernel.Apply(Count, i => Body(State, i), Qos, token);
        return new Applied(Key, Count);
    }
}
