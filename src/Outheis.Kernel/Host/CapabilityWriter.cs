using System.Threading.Channels;

namespace Outheis;

/// <summary>
/// A host's capability in the vocabulary of System.Threading.Channels. A refusal that no waiting can cure
/// closes the channel for this writer, with the reason.
/// </summary>
internal sealed class CapabilityWriter<T>(Capability<T> capability) : ChannelWriter<T>
{
    private Exception? _completed;

    public override bool TryWrite(T item) =>
        Volatile.Read(ref _completed) is null && capability.Send(in item) == SendResult.Sent;

    public override ValueTask WriteAsync(T item, CancellationToken cancellationToken = default)
    {
        if (Volatile.Read(ref _completed) is { } error)
        {
            return ValueTask.FromException(error as ChannelClosedException ?? new ChannelClosedException(error));
        }

        if (cancellationToken.IsCancellationRequested)
        {
            return ValueTask.FromCanceled(cancellationToken);
        }

        SendResult sent = capability.Send(in item);
        return sent == SendResult.Sent ? ValueTask.CompletedTask
            : sent != SendResult.Full ? ValueTask.FromException(Closed(sent))
            : WriteSlowly(item, cancellationToken);
    }

    /// <summary>Room is a matter of the moment: true unless this writer was completed. Then try, or use
    /// WriteAsync.</summary>
    public override ValueTask<bool> WaitToWriteAsync(CancellationToken cancellationToken = default)
    {
        if (cancellationToken.IsCancellationRequested)
        {
            return ValueTask.FromCanceled<bool>(cancellationToken);
        }

        if (Volatile.Read(ref _completed) is not null || capability.Node is not { } node)
        {
            return new ValueTask<bool>(false);
        }

        bool usable = node.Holder.IsHost && node.Allows(node.Holder, Rights.Send) && Core.OfThisThread is null
            && !node.Target.IsDead && !node.Target.Kernel.IsStopping;
        return !usable ? new ValueTask<bool>(false)
            : node.Target.Credits.Free == 0 ? WaitForRoom(node.Target, WaitForCredit, cancellationToken)
            : node.Target.Core.CanEnter ? new ValueTask<bool>(true)
            : WaitForRoom(node.Target, WaitForIngress, cancellationToken);
    }

    public override bool TryComplete(Exception? error = null) =>
        Interlocked.CompareExchange(ref _completed, error ?? new ChannelClosedException(), null) is null;

    // Waits go on on the platform's threads, whatever the caller's context.
    private static Task<TResult> OnHost<TResult>(AgentCell target, Func<Task<TResult>> wait) =>
        target.Kernel.Platform.Host.Run(wait);

    // On its own: what the lambda captures is allocated where its method begins.
    private ValueTask WriteSlowly(T item, CancellationToken cancellationToken) =>
        new(OnHost(capability.Node!.Target, () => WriteWhenThereIsRoom(item, cancellationToken)));

    private async Task<bool> WriteWhenThereIsRoom(T item, CancellationToken cancellationToken)
    {
        SendResult sent = await capability.SendAsync(item, cancellationToken).ConfigureAwait(true);
        return sent == SendResult.Sent ? true : throw Closed(sent);
    }

    private static ValueTask<bool> WaitForRoom(
        AgentCell target, Action<AgentCell, RoomWaiter> begin, CancellationToken cancellationToken)
    {
        var room = new RoomWaiter(target.Kernel.Platform.Host);
        begin(target, room);
        Task wait = room.Task.WaitAsync(cancellationToken);      // here: a cancellation that comes first wins
        return new ValueTask<bool>(OnHost(target, async () =>
        {
            await wait.ConfigureAwait(true);
            return !target.IsDead && !target.Kernel.IsStopping;
        }));
    }

    private static void WaitForCredit(AgentCell target, RoomWaiter room)
    {
        target.Waiters.Add(room);
        Interference.At(Moment.WaiterAdded);
        if (target.Credits.Free > 0 || target.IsDead || target.Kernel.IsStopping)
        {
            target.Waiters.WakeAll();
        }
    }

    private static void WaitForIngress(AgentCell target, RoomWaiter room)
    {
        Core core = target.Core;
        core.IngressWaiters.Add(room);
        Interference.At(Moment.WaiterAdded);
        if (core.CanEnter || target.Kernel.IsStopping)
        {
            core.IngressWaiters.WakeAll();
        }
    }

    private ChannelClosedException Closed(SendResult sent) => new($"{capability} was refused: {sent}.");

    /// <summary>Waits for room without holding a message.</summary>
    private sealed class RoomWaiter(HostThreads threads) : Waiter
    {
        private readonly HostSignal _done = new(threads);

        public Task Task => _done.Task;

        public override void Wake() => _done.Set();

        public override void Run(Core core) => Wake();
    }
}
