using System.Threading.Tasks.Sources;
using Microsoft.Extensions.ObjectPool;

namespace Outheis;

/// <summary>One send of an outside thread that waits: for room, then for the disk if it is to be durable. Tries again
/// on the host's threads, never on a core.</summary>
internal sealed class HostSend<T> : Waiter, IValueTaskSource<SendResult>, IThreadPoolWorkItem, IAwaitsFlush
{
    private const int Waiting = 0;
    private const int Ended = 1;

    private static readonly ObjectPool<HostSend<T>> Pool = new DefaultObjectPool<HostSend<T>>(new Policy(), 1024);

    private ManualResetValueTaskSourceCore<SendResult> _core = new() { RunContinuationsAsynchronously = true };
    private CapabilityNode _node = null!;
    private T _message = default!;
    private CancellationToken _token;
    private CancellationTokenRegistration _registration;
    private int _phase;
    private bool _isDurable;
    private bool _isCancelled;      // may still be in a wait list or on its way to the disk, so never pooled again

    /// <summary>Waits for room, and then for the disk.</summary>
    public static ValueTask<SendResult> Start(
        CapabilityNode node, in T message, Obstacle obstacle, bool isDurable, CancellationToken token)
    {
        if (token.IsCancellationRequested)
        {
            return ValueTask.FromCanceled<SendResult>(token);
        }

        HostSend<T> send = Rent(node, isDurable, out ValueTask<SendResult> task, token);
        send._message = message;
        send.WaitForRoom(obstacle);
        return task;
    }

    /// <summary>Sent already: waits for the disk.</summary>
    public static ValueTask<SendResult> Flush(CapabilityNode node, Core entered, CancellationToken token)
    {
        HostSend<T> send = Rent(node, isDurable: true, out ValueTask<SendResult> task, token);
        HostFlush.Start(entered, send);
        return task;
    }

    private static HostSend<T> Rent(
        CapabilityNode node, bool isDurable, out ValueTask<SendResult> task, CancellationToken token)
    {
        HostSend<T> send = Pool.Get();
        (send._node, send._token, send._phase, send._isDurable) = (node, token, Waiting, isDurable);
        task = new ValueTask<SendResult>(send, send._core.Version);
        if (token.CanBeCanceled)
        {
            send._registration = token.UnsafeRegister(static state => ((HostSend<T>)state!).Cancel(), send);
        }

        return send;
    }

    public override void Wake() => _node.Target.Kernel.Platform.Host.Queue(this);

    public override void Run(Core core) => Wake();

    /// <summary>There may be room now.</summary>
    public void Execute()
    {
        if (Volatile.Read(ref _phase) != Waiting)
        {
            return;
        }

        SendResult sent = HostPort.Send(_node, in _message, out Obstacle obstacle, out Core? entered);
        if (sent == SendResult.Full)
        {
            WaitForRoom(obstacle);
        }
        else if (sent == SendResult.Sent && _isDurable)
        {
            HostFlush.Start(entered!, this);
        }
        else if (Interlocked.Exchange(ref _phase, Ended) == Waiting)
        {
            _core.SetResult(sent);
        }
    }

    void IAwaitsFlush.Flushed(JournalException? failure)
    {
        if (Interlocked.Exchange(ref _phase, Ended) != Waiting)
        {
            return;      // cancelled meanwhile
        }

        if (failure is null)
        {
            _core.SetResult(SendResult.Sent);
        }
        else
        {
            _core.SetException(failure);
        }
    }

    public ValueTaskSourceStatus GetStatus(short token) => _core.GetStatus(token);

    public void OnCompleted(
        Action<object?> continuation, object? state, short token, ValueTaskSourceOnCompletedFlags flags) =>
        _core.OnCompleted(continuation, state, token, flags);

    public SendResult GetResult(short token)
    {
        SendResult result = _core.GetResult(token);
        _registration.Dispose();      // waits for a Cancel that is running
        bool reusable = !_isCancelled;
        _core.Reset();
        (_message, _token, _registration) = (default!, default, default);
        if (reusable)
        {
            Pool.Return(this);
        }

        return result;
    }

    private void WaitForRoom(Obstacle obstacle)
    {
        AgentCell target = _node.Target;
        if (obstacle != Obstacle.Channel)
        {
            Core core = target.Core;
            core.IngressWaiters.Add(this);
            Interference.At(Moment.WaiterAdded);
            if (core.CanEnter || target.Kernel.IsStopping)
            {
                core.IngressWaiters.WakeAll();      // room came between the refusal and the wait
            }

            return;
        }

        target.Waiters.Add(this);
        Interference.At(Moment.WaiterAdded);
        if (target.Credits.Free > 0 || target.IsDead || target.Kernel.IsStopping)
        {
            target.Waiters.WakeAll();      // room came between the refusal and the wait
        }
    }

    private void Cancel()
    {
        _isCancelled = true;
        if (Interlocked.Exchange(ref _phase, Ended) == Waiting)
        {
            _core.SetException(new OperationCanceledException(_token));
        }
    }

    private sealed class Policy : PooledObjectPolicy<HostSend<T>>
    {
        public override HostSend<T> Create() => new();

        public override bool Return(HostSend<T> obj) => true;
    }
}
