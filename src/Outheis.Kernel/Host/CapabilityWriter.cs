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

    public override async ValueTask WriteAsync(T item, CancellationToken cancellationToken = default)
    {
        ThrowIfCompleted();
        SendResult sent = await capability.SendAsync(item, cancellationToken).ConfigureAwait(false);
        if (sent != SendResult.Sent)
        {
            throw Closed(sent);
        }
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
            : node.Target.Credits.Free == 0 ? WaitForCredit(node.Target, cancellationToken)
            : node.Target.Core.CanEnter ? new ValueTask<bool>(true)
            : WaitForIngress(node.Target, cancellationToken);
    }

    public override bool TryComplete(Exception? error = null) =>
        Interlocked.CompareExchange(ref _completed, error ?? new ChannelClosedException(), null) is null;

    private static async ValueTask<bool> WaitForCredit(AgentCell target, CancellationToken cancellationToken)
    {
        var room = new RoomWaiter();
        target.Waiters.Add(room);
        if (target.Credits.Free > 0 || target.IsDead)
        {
            target.Waiters.WakeAll();
        }

        await room.Task.WaitAsync(cancellationToken).ConfigureAwait(false);
        return !target.IsDead;
    }

    private static async ValueTask<bool> WaitForIngress(AgentCell target, CancellationToken cancellationToken)
    {
        var room = new RoomWaiter();
        target.Core.IngressWaiters.Add(room);
        if (target.Core.CanEnter || target.Kernel.IsStopping)
        {
            target.Core.IngressWaiters.WakeAll();
        }

        await room.Task.WaitAsync(cancellationToken).ConfigureAwait(false);
        return !target.IsDead && !target.Kernel.IsStopping;
    }

    private void ThrowIfCompleted()
    {
        if (Volatile.Read(ref _completed) is { } error)
        {
            throw error as ChannelClosedException ?? new ChannelClosedException(error);
        }
    }

    private ChannelClosedException Closed(SendResult sent) => new($"{capability} was refused: {sent}.");

    /// <summary>Waits for room without holding a message.</summary>
    private sealed class RoomWaiter : Waiter
    {
        private readonly TaskCompletionSource _done = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public Task Task => _done.Task;

        public override void Wake() => _done.TrySetResult();

        public override void Run(Core core) => Wake();
    }
}
